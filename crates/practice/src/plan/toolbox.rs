//! The tools of a request as the planner sees them: which words name them, and what their parameters take.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::words::{capital, changes, is_facet, only_asks, pattern, readable, stem, stems_of_name, words};
use crate::wire::Tool;

#[derive(Debug)]
pub(crate) struct Toolbox {
    pub(crate) tools: Vec<Known>,
    /// In how many tool names a stem stands.
    named: HashMap<String, usize>,
}

#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    /// Words for people: "Search tickets".
    pub(crate) title: String,
    /// The stems that say what the tool is about, without verbs that only ask.
    pub(crate) names: Vec<String>,
    /// Stems of everything else that describes it.
    pub(crate) about: HashSet<String>,
    /// The verb, where the tool changes something.
    pub(crate) change: Option<String>,
    pub(crate) params: Vec<Param>,
    /// Alternatives of which one must be complete.
    pub(crate) any_of: Vec<Vec<String>>,
}

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
}

/// The pattern of a parameter. One that takes any id tells whose it is not, never whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pattern: Regex,
    takes_any: bool,
}

/// Shapes by their text: the same few stand in many tools, and compiling one takes longer than all the rest.
type Shapes = HashMap<String, Option<Shape>>;

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
    /// Lists and objects are never filled.
    Other,
}

impl Toolbox {
    pub(crate) fn new(tools: &[Tool]) -> Self {
        let mut shapes = Shapes::new();
        let tools: Vec<Known> = tools.iter().map(|tool| Known::new(tool, &mut shapes)).collect();
        let mut named = HashMap::new();
        for stem in tools.iter().flat_map(|tool| tool.names.iter().collect::<HashSet<_>>()) {
            *named.entry(stem.clone()).or_insert(0) += 1;
        }
        Self { tools, named }
    }

    /// Whether some tool's name holds the stem.
    pub(crate) fn names(&self, stem: &str) -> bool {
        self.named.contains_key(stem)
    }

    /// How much the stem tells one tool from the others; aspects tell half as much as things.
    pub(crate) fn weight(&self, stem: &str) -> f64 {
        let count = self.named.get(stem).copied().unwrap_or(0).max(1) as f64;
        let weight = (1.0 + self.tools.len() as f64 / count).ln();
        if is_facet(stem) { weight / 2.0 } else { weight }
    }

    /// Whether a choice of some parameter is this word.
    pub(crate) fn offers(&self, stem_of_word: &str) -> bool {
        self.tools
            .iter()
            .flat_map(|tool| &tool.params)
            .flat_map(|param| &param.choices)
            .any(|choice| stem(choice) == stem_of_word)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Known> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

impl Known {
    fn new(tool: &Tool, shapes: &mut Shapes) -> Self {
        let function = &tool.function;
        let (server, bare) = function.name.rsplit_once("__").unwrap_or(("", &function.name));
        let schema = &function.parameters;
        let description = function.description.clone().unwrap_or_default();
        let all = stems_of_name(bare);
        let change = all.first().filter(|verb| changes(verb) && !only_asks(verb)).cloned();
        let mut names: Vec<String> =
            all.iter().filter(|stem| !only_asks(stem) && Some(*stem) != change.as_ref()).cloned().collect();
        if names.is_empty() {
            names = all;
        }
        let mut params: Vec<Param> = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
            params.push(Param::new(name, resolved(property, schema), required, (&names, shapes)));
        }
        let said = words(&description).into_iter().filter(|word| !word.is_stop());
        let mut about: HashSet<String> = said.flat_map(|word| stems_of_name(&word.text)).collect();
        about.extend(stems_of_name(server));
        for param in &params {
            about.extend(param.stems.iter().cloned());
            about.extend(param.choices.iter().map(|choice| stem(choice)));
        }
        let title = schema["title"]
            .as_str()
            .filter(|title| title.contains(' '))
            .map_or_else(|| capital(&readable(bare)), str::to_owned);
        let mut any_of = alternatives(schema);
        if any_of.is_empty() && !params.iter().any(|param| param.required) {
            any_of = demanded(&description, &params);
        }
        Self { name: function.name.clone(), title, names, about, change, params, any_of }
    }

    /// Whether every parameter only says which one is meant, so that a call without any would ask for nothing.
    pub(crate) fn only_identifies(&self) -> bool {
        let identifies = |param: &Param| match param.kind {
            Kind::Id(_) | Kind::Email | Kind::Name => true,
            Kind::Text => param.choices.is_empty(),
            Kind::Integer
            | Kind::From
            | Kind::To
            | Kind::Flag
            | Kind::Choice
            | Kind::Number
            | Kind::Date
            | Kind::Query
            | Kind::Other => false,
        };
        !self.params.is_empty()
            && self.params.iter().any(identifies)
            && self.params.iter().all(|param| identifies(param) || is_window(param))
    }

    /// Whether a call without this parameter may ask for nothing.
    pub(crate) fn demands(&self, param: &Param) -> bool {
        param.required || self.any_of.iter().flatten().any(|name| *name == param.name)
    }

    /// The thing the tool is about, as the last stem of its name.
    pub(crate) fn noun(&self) -> &str {
        self.names.iter().rev().find(|stem| !is_facet(stem)).or(self.names.last()).map_or("", String::as_str)
    }
}

/// Parameters that only narrow what was found: date ranges and limits.
fn is_window(param: &Param) -> bool {
    matches!(param.kind, Kind::From | Kind::To | Kind::Integer | Kind::Flag)
}

/// `anyOf`/`oneOf` of the whole schema that only say which parameters are required.
fn alternatives(schema: &Value) -> Vec<Vec<String>> {
    let groups = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    let names = |group: &Value| -> Vec<String> {
        group["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    groups.into_iter().flatten().map(names).filter(|names| !names.is_empty()).collect()
}

static DEMAND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:give|provide|specify|pass|needs?|requires?)\b[^.]*\b(?:or|one|either|both)\b[^.]*")
});

/// Some schemas call every parameter optional while the description demands one: "Give invoice_id or customer_id".
fn demanded(description: &str, params: &[Param]) -> Vec<Vec<String>> {
    let Some(demand) = DEMAND.find(description) else { return Vec::new() };
    let said: Vec<&str> = demand.as_str().split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).collect();
    let mut named: Vec<&Param> = params.iter().filter(|param| said.contains(&param.name.as_str())).collect();
    if named.is_empty() {
        named = params
            .iter()
            .filter(|param| matches!(param.kind, Kind::Id(_) | Kind::Email | Kind::Name | Kind::Query | Kind::Text))
            .collect();
    }
    named.into_iter().map(|param| vec![param.name.clone()]).collect()
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
    fn new(name: &str, property: Value, required: bool, (tool, shapes): (&[String], &mut Shapes)) -> Self {
        let description = property["description"].as_str().unwrap_or_default();
        let stems = stems_of_name(name);
        let pattern = property["pattern"]
            .as_str()
            .and_then(|text| shapes.entry(text.to_owned()).or_insert_with(|| Shape::new(text)).clone());
        let mut prefix = EXAMPLE.captures(description).map(|found| found[1].to_owned());
        if let Some(example) = property["examples"][0].as_str() {
            prefix = EXAMPLE.captures(example).map(|found| found[1].to_owned()).or(prefix);
        }
        let mut choices = constants(&property);
        let mut kind = kind(&stems, &property, tool);
        if let Some(listed) = LISTED.captures(description).filter(|_| kind == Kind::Text && choices.is_empty()) {
            choices = words(&listed[1]).into_iter().map(|word| word.text).filter(|word| word != "or").collect();
        }
        if !choices.is_empty() && matches!(kind, Kind::Text | Kind::Name | Kind::Query) {
            kind = Kind::Choice;
        }
        let takes_time = property["format"] == "date-time";
        let takes_numbers = ["integer", "number"].iter().any(|kind| property["type"].to_string().contains(kind));
        Self { name: name.to_owned(), stems, required, kind, choices, pattern, prefix, takes_time, takes_numbers }
    }

    pub(crate) fn entity(&self) -> Option<&str> {
        match &self.kind {
            Kind::Id(entity) => Some(entity),
            Kind::Choice | Kind::Integer | Kind::Number | Kind::Flag | Kind::From | Kind::To | Kind::Date => None,
            Kind::Email | Kind::Query | Kind::Name | Kind::Text | Kind::Other => None,
        }
    }

    /// Whether a value has the shape this parameter declares; `None` when it declares none.
    pub(crate) fn fits(&self, id: &str) -> Option<bool> {
        if let Some(pattern) = &self.pattern {
            let fits = pattern.pattern.is_match(id);
            return if pattern.takes_any && fits { None } else { Some(fits) };
        }
        let prefix = self.prefix.as_ref()?;
        Some(id.len() > prefix.len() && id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
    }
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
