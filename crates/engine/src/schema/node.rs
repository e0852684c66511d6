//! One schema and those within it, made plain.

use serde_json::{Map, Value, json};

use super::combine;
use super::refs::resolve;

/// Deeper schemas end in anything: no model fills them in by their description.
const DEEPEST: usize = 16;
/// More schemas than this are not looked at; the rest takes anything.
const MOST: usize = 1_500;
/// A longer pattern is not sent.
const LONGEST_PATTERN: usize = 500;

const FORMATS: [&str; 10] =
    ["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"];
const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

pub(super) struct Shaping<'a> {
    root: &'a Value,
    /// References that are being followed: one of them again is a cycle.
    following: Vec<String>,
    depth: usize,
    seen: usize,
}

impl<'a> Shaping<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, following: vec![], depth: 0, seen: 0 }
    }

    /// The whole schema. At its root only an object is taken, so alternatives become one object with all properties.
    pub(super) fn root(&mut self, raw: &Value) -> Value {
        let raw = self.followed(raw);
        let flat = combine::flat(&raw, &|part| self.followed(part));
        self.node(&flat, true)
    }

    /// The target of a schema that is nothing but a reference, for looking at the root.
    fn followed(&self, raw: &Value) -> Value {
        let target = raw.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(self.root, reference));
        target.map_or_else(|| raw.clone(), |target| combine::over(target, raw))
    }

    /// A schema; `needed` where a value must be given, so that null is worth saying.
    pub(super) fn node(&mut self, raw: &Value, needed: bool) -> Value {
        self.seen += 1;
        let Value::Object(map) = raw else {
            // `true` takes anything; so does what cannot be read.
            return json!({});
        };
        if self.depth >= DEEPEST || self.seen > MOST {
            return anything(map);
        }
        self.depth += 1;
        let shaped = match map.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.reference(reference, raw, needed),
            None => self.plain(map, needed),
        };
        self.depth -= 1;
        shaped
    }

    fn reference(&mut self, reference: &str, raw: &Value, needed: bool) -> Value {
        let words = raw.get("description").cloned();
        let described = |mut shaped: Value| {
            if let (Some(words), Value::Object(map)) = (words, &mut shaped) {
                map.insert("description".into(), words);
            }
            shaped
        };
        let Some(target) = resolve(self.root, reference) else { return described(json!({})) };
        if self.following.iter().any(|followed| followed == reference) {
            return described(json!({ "type": "object" }));
        }
        self.following.push(reference.to_owned());
        let shaped = self.node(&combine::over(target, raw), needed);
        self.following.pop();
        shaped
    }

    fn plain(&mut self, raw: &Map<String, Value>, needed: bool) -> Value {
        let mut map = combine::simpler(raw, needed, |part| self.followed(part));
        if let Some(places) = map.remove("prefixItems") {
            map.entry("items").or_insert(places);
        }
        if map.contains_key("$ref") {
            return self.node(&Value::Object(map), needed);
        }
        if let Some(variants) = combine::by_type(&map, needed) {
            return self.node(&variants, needed);
        }
        let mut out = Map::new();
        for (key, value) in &map {
            if let Some(value) = self.keyword(key, value, &map) {
                out.insert(key.clone(), value);
            }
        }
        infer_type(&mut out);
        match out.get("type").and_then(Value::as_str) {
            Some("array") if !out.contains_key("items") => {
                out.insert("items".into(), json!({}));
            }
            Some("object") => keep_required(&mut out),
            Some(_) | None => (),
        }
        Value::Object(out)
    }

    /// What a provider is told of one keyword; nothing where it would not take it.
    fn keyword(&mut self, key: &str, value: &Value, map: &Map<String, Value>) -> Option<Value> {
        match key {
            "type" => value.as_str().filter(|name| TYPES.contains(name)).map(Value::from),
            "description" => value.as_str().filter(|text| !text.is_empty()).map(Value::from),
            "title" => value.as_str().filter(|_| self.depth == 1).map(Value::from),
            "enum" => value.as_array().filter(|list| !list.is_empty()).map(|list| Value::Array(distinct(list))),
            "properties" => Some(self.properties(value.as_object()?, map)),
            "required" => value.is_array().then(|| value.clone()),
            "items" => Some(match value {
                Value::Array(list) => self.one_of_each(list),
                other => self.node(other, true),
            }),
            "anyOf" => {
                let list = value.as_array().filter(|list| !list.is_empty())?;
                Some(list.iter().map(|part| self.node(part, true)).collect())
            }
            "additionalProperties" => Some(match value {
                Value::Bool(_) => value.clone(),
                other => self.node(other, false),
            }),
            "format" => value.as_str().filter(|name| FORMATS.contains(name)).map(Value::from),
            "pattern" => value.as_str().filter(|pattern| is_plain(pattern)).map(Value::from),
            "default" => (!value.is_null()).then(|| value.clone()),
            "examples" => value.is_array().then(|| value.clone()),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => value.is_number().then(|| value.clone()),
            "multipleOf" => value.as_f64().filter(|number| *number > 0.0).map(|_| value.clone()),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                value.as_u64().map(Value::from)
            }
            "uniqueItems" => value.as_bool().map(Value::from),
            _ => None,
        }
    }

    fn properties(&mut self, raw: &Map<String, Value>, map: &Map<String, Value>) -> Value {
        let required = map.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        // A property that nothing satisfies cannot be given.
        let possible = raw.iter().filter(|(_, property)| **property != Value::Bool(false));
        let shaped = possible.map(|(name, property)| (name.clone(), self.node(property, is_required(name))));
        Value::Object(shaped.collect())
    }

    /// A tuple's places as one kind of item.
    fn one_of_each(&mut self, list: &[Value]) -> Value {
        let mut kinds: Vec<Value> = list.iter().map(|part| self.node(part, true)).collect();
        kinds.dedup();
        match kinds.len() {
            0 => json!({}),
            1 => kinds.remove(0),
            _ => json!({ "anyOf": kinds }),
        }
    }
}

fn anything(map: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    let kind = map.get("type").and_then(Value::as_str).filter(|name| TYPES.contains(name));
    if let Some(kind) = kind {
        out.insert("type".into(), kind.into());
        if kind == "array" {
            out.insert("items".into(), json!({}));
        }
    }
    if let Some(text) = map.get("description").and_then(Value::as_str) {
        out.insert("description".into(), text.into());
    }
    Value::Object(out)
}

fn infer_type(map: &mut Map<String, Value>) {
    if map.contains_key("type") || map.contains_key("anyOf") {
        return;
    }
    let strings = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let kind = if map.contains_key("properties") {
        "object"
    } else if map.contains_key("items") {
        "array"
    } else if map.get("enum").is_some_and(strings) {
        "string"
    } else {
        return;
    };
    map.insert("type".into(), kind.into());
}

/// Only properties that are there can be required, each once.
fn keep_required(map: &mut Map<String, Value>) {
    let Some(Value::Array(required)) = map.get("required") else { return };
    let empty = Map::new();
    let properties = map.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let known = required.iter().filter(|name| name.as_str().is_some_and(|name| properties.contains_key(name)));
    let kept = distinct(&known.cloned().collect::<Vec<Value>>());
    if kept.is_empty() {
        map.remove("required");
    } else {
        map.insert("required".into(), Value::Array(kept));
    }
}

pub(super) fn distinct(list: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = vec![];
    for value in list {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    kept
}

/// Whether providers' grammars know all of a pattern: no looking around, no back references.
fn is_plain(pattern: &str) -> bool {
    let looks = ["(?=", "(?!", "(?<", "(?>", "(?P", "\\k", "\\p", "\\P"].iter().any(|part| pattern.contains(part));
    let refers = pattern.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9'));
    !looks && !refers && pattern.len() <= LONGEST_PATTERN
}
