//! `allOf`, `anyOf`, `oneOf`, `const` and lists of types, said as simply as they can be.

use serde_json::{Map, Value, json};

use super::node::distinct;

/// A reference's target with what stands beside the reference over it.
pub(super) fn over(target: &Value, beside: &Value) -> Value {
    let (Value::Object(target), Value::Object(beside)) = (target, beside) else { return target.clone() };
    let mut both = target.clone();
    both.extend(beside.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(both)
}

/// An object without alternatives at its root: the properties of all of them, required only where all require them.
pub(super) fn flat(raw: &Value, followed: &dyn Fn(&Value) -> Value) -> Value {
    flat_to(raw, followed, ROOT_LAYERS)
}

fn flat_to(raw: &Value, followed: &dyn Fn(&Value) -> Value, layers: usize) -> Value {
    let Value::Object(map) = raw else { return raw.clone() };
    let mut out = map.clone();
    for key in ["allOf", "anyOf", "oneOf"] {
        let Some(Value::Array(parts)) = out.remove(key) else { continue };
        let parts: Vec<Value> = match layers.checked_sub(1) {
            Some(layers) => parts.iter().map(|part| flat_to(&followed(part), followed, layers)).collect(),
            None => vec![],
        };
        merge_properties(&mut out, &parts);
        let common = match key {
            "allOf" => parts.iter().flat_map(required).collect(),
            _ => in_all(&parts),
        };
        let mut names: Vec<Value> = required(&Value::Object(out.clone()));
        names.extend(common);
        out.insert("required".into(), Value::Array(distinct(&names)));
    }
    for key in ["not", "if", "then", "else", "enum", "const"] {
        out.remove(key);
    }
    out.insert("type".into(), "object".into());
    Value::Object(out)
}

/// What the alternatives at the root demand, which providers do not take: said in the description instead.
pub(super) fn demands(raw: &Value) -> Option<String> {
    let parts = raw.get("anyOf").or_else(|| raw.get("oneOf")).and_then(Value::as_array)?;
    let groups: Vec<String> = parts
        .iter()
        .map(|part| required(part).iter().filter_map(Value::as_str).collect::<Vec<&str>>().join(" and "))
        .collect();
    if groups.len() < 2 || groups.iter().any(String::is_empty) {
        return None;
    }
    Some(format!("Give {}.", groups.join(", or ")))
}

/// How often alternatives at the root are looked into: each may hold all of them again.
const ROOT_LAYERS: usize = 2;
/// How often alternatives within alternatives are taken in.
const LAYERS: usize = 8;

/// The same schema with single alternatives taken in, `const` as `enum`, and null left out where nothing need be
/// given. A single alternative that is a reference stays one, so that whoever follows it can tell a cycle.
pub(super) fn simpler(
    raw: &Map<String, Value>,
    needed: bool,
    followed: impl Fn(&Value) -> Value,
) -> Map<String, Value> {
    let mut map = raw.clone();
    for _ in 0..LAYERS {
        if let Some(value) = map.remove("const") {
            map.entry("type").or_insert_with(|| type_of(&value).into());
            map.insert("enum".into(), json!([value]));
        }
        match map.remove("allOf") {
            Some(Value::Array(parts)) if parts.len() == 1 => take_in(&mut map, &parts[0]),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| take_in(&mut map, &followed(part))),
            _ => (),
        }
        if let Some(variants) = map.remove("oneOf") {
            map.entry("anyOf").or_insert(variants);
        }
        alternatives(&mut map, needed);
        let is_plain = !["const", "allOf", "oneOf"].iter().any(|key| map.contains_key(*key));
        let several = map.get("anyOf").is_none_or(|list| list.as_array().is_some_and(|list| list.len() > 1));
        if map.contains_key("$ref") || (is_plain && several) {
            break;
        }
    }
    map
}

/// `anyOf` without what says nothing; taken in where one alternative or a list of values is left.
fn alternatives(map: &mut Map<String, Value>, needed: bool) {
    let Some(Value::Array(parts)) = map.remove("anyOf") else { return };
    let mut parts: Vec<Value> = parts.into_iter().filter(|part| *part != Value::Bool(false)).collect();
    let is_null = |part: &Value| part.get("type").is_some_and(|kind| kind == "null");
    if !needed && parts.iter().any(|part| !is_null(part)) {
        parts.retain(|part| !is_null(part));
    }
    if let Some(choices) = choices(&parts) {
        return take_in(map, &choices);
    }
    match parts.as_slice() {
        [] => (),
        [only] => take_in(map, only),
        _ => {
            map.insert("anyOf".into(), Value::Array(parts));
        }
    }
}

/// `type: [..]` as one type, or as one alternative for each.
pub(super) fn by_type(map: &Map<String, Value>, needed: bool) -> Option<Value> {
    let Some(Value::Array(types)) = map.get("type") else { return None };
    let mut types = distinct(types);
    if !needed && types.iter().any(|kind| kind != "null") {
        types.retain(|kind| kind != "null");
    }
    let mut shared = map.clone();
    shared.remove("type");
    if let [only] = types.as_slice() {
        shared.insert("type".into(), only.clone());
        return Some(Value::Object(shared));
    }
    let own = |kind: &Value| {
        let keys: &[&str] = match kind.as_str().unwrap_or_default() {
            "string" => &["pattern", "format", "minLength", "maxLength"],
            "number" | "integer" => &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
            "array" => &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
            "object" => &["properties", "required", "additionalProperties"],
            _ => &[],
        };
        let mut part: Map<String, Value> =
            keys.iter().filter_map(|key| Some(((*key).to_owned(), map.get(*key)?.clone()))).collect();
        part.insert("type".into(), kind.clone());
        Value::Object(part)
    };
    let mut out = Map::new();
    for key in ["description", "default", "examples", "enum"] {
        out.extend(map.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    if !types.is_empty() && !out.contains_key("enum") {
        out.insert("anyOf".into(), types.iter().map(own).collect());
    }
    Some(Value::Object(out))
}

/// Alternatives that are nothing but values, as one list of values.
fn choices(parts: &[Value]) -> Option<Value> {
    if parts.len() < 2 {
        return None;
    }
    let (mut values, mut words) = (vec![], vec![]);
    for part in parts {
        let map = part.as_object()?;
        if map.keys().any(|key| !["const", "enum", "type", "title", "description"].contains(&key.as_str())) {
            return None;
        }
        let own: Vec<Value> = match (map.get("const"), map.get("enum")) {
            (Some(value), _) => vec![value.clone()],
            (None, Some(Value::Array(list))) => list.clone(),
            _ => return None,
        };
        let said = map.get("description").or_else(|| map.get("title")).and_then(Value::as_str);
        if let (Some(said), [Value::String(only)]) = (said, own.as_slice())
            && !said.eq_ignore_ascii_case(only)
        {
            words.push(format!("{only}: {said}"));
        }
        values.extend(own);
    }
    let mut out = json!({ "enum": distinct(&values) });
    if values.iter().all(Value::is_string) {
        out["type"] = "string".into();
    }
    if !words.is_empty() {
        out["description"] = words.join("; ").into();
    }
    Some(out)
}

/// Adds what another schema says of the same value. What is said already stays, properties and demands come together.
fn take_in(map: &mut Map<String, Value>, part: &Value) {
    merge_properties(map, std::slice::from_ref(part));
    let mut names = required(&Value::Object(map.clone()));
    names.extend(required(part));
    if !names.is_empty() {
        map.insert("required".into(), Value::Array(distinct(&names)));
    }
    for (key, value) in part.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "properties" | "required") && !map.contains_key(key) {
            map.insert(key.clone(), value.clone());
        }
    }
}

fn merge_properties(map: &mut Map<String, Value>, parts: &[Value]) {
    let found = parts.iter().filter_map(|part| part.get("properties")?.as_object());
    let found: Vec<(String, Value)> =
        found.flatten().map(|(name, property)| (name.clone(), property.clone())).collect();
    if found.is_empty() {
        return;
    }
    let properties = map.entry("properties").or_insert_with(|| json!({}));
    let Value::Object(properties) = properties else { return };
    for (name, property) in found {
        properties.entry(name).or_insert(property);
    }
}

fn required(part: &Value) -> Vec<Value> {
    part.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn in_all(parts: &[Value]) -> Vec<Value> {
    let Some((first, rest)) = parts.split_first() else { return vec![] };
    required(first).into_iter().filter(|name| rest.iter().all(|part| required(part).contains(name))).collect()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
