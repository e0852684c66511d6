//! One parameter of a tool: what it takes, as its schema and its name say.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::words::{is_facet, pattern, stem, stems_of_name, words};

/// Lists in objects in lists are read this deep, and no deeper.
const DEEPEST: usize = 4;

#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) stems: Vec<String>,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
    pub(crate) choices: Vec<String>,
    pub(crate) pattern: Option<Shape>,
    /// The letters that example ids in the description begin with.
    pub(crate) prefix: Option<String>,
    pub(crate) takes_time: bool,
    pub(crate) takes_numbers: bool,
    /// What to give where the question says nothing and the parameter must be given.
    pub(crate) default: Option<Value>,
    /// The largest number it takes.
    pub(crate) maximum: Option<u64>,
    /// Of a list the one parameter its elements are like; of an object its fields.
    pub(crate) inner: Vec<Param>,
}

/// What a parameter needs to know of its tool: the stems of its name, and the schema `$ref` points into.
pub(crate) struct Around<'a> {
    pub(crate) tool: &'a [String],
    pub(crate) root: &'a Value,
    pub(crate) shapes: &'a mut Shapes,
}

/// The pattern of a parameter. One that takes any id tells whose it is not, never whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pattern: Regex,
    takes_any: bool,
}

/// Shapes by their text: the same few stand in many tools, and compiling one takes longer than all the rest.
pub(crate) type Shapes = HashMap<String, Option<Shape>>;

impl Shape {
    fn new(text: &str) -> Option<Self> {
        // Schemas write patterns as ECMAScript does, where `\d` is a plain digit.
        let plain = RegexBuilder::new(text).unicode(false).build();
        let pattern = plain.or_else(|_| Regex::new(text)).ok()?;
        let takes_any = ["ZZZZ-001", "ZZ-ZZ-001", "ZZ001"].iter().any(|any| pattern.is_match(any));
        Some(Self { pattern, takes_any })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// An id of the thing with this stem.
    Id(String),
    Choice,
    Integer,
    Number,
    Flag,
    From,
    To,
    Date,
    Email,
    Query,
    Name,
    Text,
    List,
    Object,
    /// Of no type that is known.
    Other,
}

/// A property without `$ref` and without its null alternative; the description of the outside stays.
fn resolved(property: &Value, root: &Value) -> Value {
    let mut found = property.clone();
    for _ in 0..4 {
        let inner = if let Some(reference) = found["$ref"].as_str() {
            root.pointer(reference.trim_start_matches('#')).cloned()
        } else if let Some(list) = found["anyOf"].as_array().or(found["allOf"].as_array()) {
            list.iter().find(|one| one["type"] != "null").cloned()
        } else {
            None
        };
        let Some(mut inner) = inner else { break };
        if let Some(description) = found.get("description") {
            inner["description"] = description.clone();
        }
        found = inner;
    }
    found
}

static EXAMPLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([A-Z]{2,})(?:-[A-Z0-9]+)*-?\d{2,}\b"));
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:[:(]|one of|such as|e\.g\.,?)\s*((?:['"`]?[\w-]+['"`]?\s*(?:,\s*or\s|,|\||/|\bor\b)\s*)+['"`]?[\w-]+['"`]?)"#,
    )
});

impl Param {
    pub(crate) fn new(name: &str, property: &Value, required: bool, around: &mut Around<'_>) -> Self {
        Self::nested(name, property, required, around, DEEPEST)
    }

    fn nested(name: &str, property: &Value, required: bool, around: &mut Around<'_>, depth: usize) -> Self {
        let property = resolved(property, around.root);
        let description = property["description"].as_str().unwrap_or_default();
        let stems = stems_of_name(name);
        let pattern = property["pattern"]
            .as_str()
            .and_then(|text| around.shapes.entry(text.to_owned()).or_insert_with(|| Shape::new(text)).clone());
        let mut prefix = EXAMPLE.captures(description).map(|found| found[1].to_owned());
        if let Some(example) = property["examples"][0].as_str() {
            prefix = EXAMPLE.captures(example).map(|found| found[1].to_owned()).or(prefix);
        }
        let mut choices = constants(&property);
        let mut kind = kind(&stems, &property, around.tool);
        if let Some(listed) = LISTED.captures(description).filter(|_| kind == Kind::Text && choices.is_empty()) {
            choices = words(&listed[1]).into_iter().map(|word| word.text).filter(|word| word != "or").collect();
        }
        if !choices.is_empty() && matches!(kind, Kind::Text | Kind::Name | Kind::Query) {
            kind = Kind::Choice;
        }
        let inner = match kind {
            Kind::List if depth > 0 => vec![Self::nested(name, &property["items"], required, around, depth - 1)],
            Kind::Object if depth > 0 => fields(&property, around, depth - 1),
            _ => Vec::new(),
        };
        let takes_numbers = ["integer", "number"].iter().any(|kind| property["type"].to_string().contains(kind));
        let takes_time = property["format"] == "date-time";
        let default = property.get("default").or(property.get("const")).filter(|value| !value.is_null()).cloned();
        let maximum = property["maximum"].as_u64();
        let name = name.to_owned();
        Self {
            name,
            stems,
            required,
            kind,
            choices,
            pattern,
            prefix,
            takes_time,
            takes_numbers,
            default,
            maximum,
            inner,
        }
    }

    /// Of a list, what its elements are like; else the parameter itself.
    pub(crate) fn item(&self) -> &Self {
        match (&self.kind, self.inner.first()) {
            (Kind::List, Some(item)) => item,
            (_, _) => self,
        }
    }

    pub(crate) fn entity(&self) -> Option<&str> {
        match &self.item().kind {
            Kind::Id(entity) => Some(entity),
            Kind::Choice | Kind::Integer | Kind::Number | Kind::Flag | Kind::From | Kind::To | Kind::Date => None,
            Kind::Email | Kind::Query | Kind::Name | Kind::Text | Kind::List | Kind::Object | Kind::Other => None,
        }
    }

    /// Whether a value has the shape this parameter declares; `None` when it declares none.
    pub(crate) fn fits(&self, id: &str) -> Option<bool> {
        let Self { pattern, prefix, .. } = self.item();
        if let Some(pattern) = pattern {
            let fits = pattern.pattern.is_match(id);
            return if pattern.takes_any && fits { None } else { Some(fits) };
        }
        let prefix = prefix.as_ref()?;
        Some(id.len() > prefix.len() && id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
    }
}

fn fields(property: &Value, around: &mut Around<'_>, depth: usize) -> Vec<Param> {
    let required = |name: &str| property["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
    let fields = property["properties"].as_object().into_iter().flatten();
    fields.map(|(name, inner)| Param::nested(name, inner, required(name), around, depth)).collect()
}

fn constants(property: &Value) -> Vec<String> {
    let listed = property["enum"].as_array().into_iter().flatten();
    let consts = property["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    listed.chain(consts).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn kind(stems: &[String], property: &Value, tool: &[String]) -> Kind {
    let declared = match &property["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or("string"),
        Value::String(one) => one,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "string",
    };
    let has = |list: &str| list.split(' ').map(stem).any(|word| stems.contains(&word));
    let entity = match stems {
        [only] if only == "id" => tool.iter().rev().find(|stem| !is_facet(stem)).cloned(),
        [.., thing, last] if last == "id" => Some(thing.clone()),
        _ => None,
    };
    match (declared, entity) {
        ("string" | "integer" | "number", Some(entity)) => Kind::Id(entity),
        ("integer", None) => Kind::Integer,
        ("number", None) => Kind::Number,
        ("boolean", _) => Kind::Flag,
        ("array", _) => Kind::List,
        ("object", _) => Kind::Object,
        ("string", None) => {
            let is_date = property["format"].as_str().is_some_and(|format| format.starts_with("date"));
            let timely = is_date || has("date day created updated since until after before");
            if timely && has("after since from start begin") {
                Kind::From
            } else if timely && has("before until to end") {
                Kind::To
            } else if timely {
                Kind::Date
            } else if has("email mail") || property["format"] == "email" {
                Kind::Email
            } else if has("query keyword search text q phrase topic question term issue problem symptom") {
                Kind::Query
            } else if has(
                "name company city location place product title assigned assignee owner author user person country",
            ) {
                Kind::Name
            } else {
                Kind::Text
            }
        }
        _ => Kind::Other,
    }
}
