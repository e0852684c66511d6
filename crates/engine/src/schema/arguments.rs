//! Arguments as models write them, read as they were meant.

use serde_json::{Map, Number, Value};

use crate::depth::is_shallow;

/// Why arguments cannot be used; the model is told, so that it can do better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{why}")]
    NoJson { why: String },
    #[error("They are no JSON object.")]
    NoObject,
    #[error("They are nested too deeply.")]
    TooDeep,
}

/// The object a model wrote. Nothing at all means no arguments; an object written as a string is that object.
pub(crate) fn read(text: &str) -> Result<Value, Unreadable> {
    let no_json = |error: serde_json::Error| Unreadable::NoJson { why: error.to_string() };
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut value: Value = serde_json::from_str(text).map_err(no_json)?;
    if let Value::String(inner) = &value {
        value = match inner.trim() {
            "" => Value::Null,
            inner => serde_json::from_str(inner).map_err(|_| Unreadable::NoObject)?,
        };
    }
    match value {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) if is_shallow(&value) => Ok(value),
        Value::Object(_) => Err(Unreadable::TooDeep),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(Unreadable::NoObject),
    }
}

/// Turns texts into what the schema says and nothing else would do: "5" where only a number is taken.
pub(crate) fn coerce(value: &mut Value, schema: &Value) {
    if let Value::String(text) = value
        && let Some(meant) = meant(text, schema)
    {
        *value = meant;
    }
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, value) in map {
                if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                    coerce(value, property);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = schema.get("items") {
                list.iter_mut().for_each(|value| coerce(value, items));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Only where exactly one type is said: with a choice of types the text may be meant.
fn meant(text: &str, schema: &Value) -> Option<Value> {
    let text = text.trim();
    match schema.get("type")?.as_str()? {
        "integer" => whole(text),
        "number" => whole(text).or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number)),
        "boolean" => match text.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        "array" => serde_json::from_str(text).ok().filter(Value::is_array),
        "object" => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    }
}

fn whole(text: &str) -> Option<Value> {
    let number = text.parse::<i64>().map(Value::from);
    number.or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_read_as_they_were_meant() {
        let rows = [
            ("", Ok(json!({}))),
            ("  \n", Ok(json!({}))),
            ("null", Ok(json!({}))),
            ("\"\"", Ok(json!({}))),
            ("{\"a\": 1}", Ok(json!({ "a": 1 }))),
            ("\"{\\\"a\\\": 1}\"", Ok(json!({ "a": 1 }))),
            ("[1]", Err(Unreadable::NoObject)),
            ("\"word\"", Err(Unreadable::NoObject)),
            ("7", Err(Unreadable::NoObject)),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
        assert!(matches!(read("{\"a\": "), Err(Unreadable::NoJson { .. })));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(110), "]".repeat(110));
        assert_eq!(read(&deep), Err(Unreadable::TooDeep));
    }

    #[test]
    fn texts_become_numbers_only_where_the_schema_says_so() {
        let schema = json!({ "properties": {
            "n": { "type": "integer" }, "f": { "type": "number" }, "b": { "type": "boolean" }, "s": { "type": "string" },
            "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] }, "any": {},
            "list": { "type": "array", "items": { "type": "integer" } }, "o": { "type": "object", "properties": { "n": { "type": "integer" } } },
        } });
        let rows = [
            (json!({ "n": "5" }), json!({ "n": 5 })),
            (json!({ "n": "5.5" }), json!({ "n": "5.5" })),
            (json!({ "n": "five" }), json!({ "n": "five" })),
            (json!({ "f": "5.5" }), json!({ "f": 5.5 })),
            (json!({ "f": "5" }), json!({ "f": 5 })),
            (json!({ "f": "NaN" }), json!({ "f": "NaN" })),
            (json!({ "b": "True" }), json!({ "b": true })),
            (json!({ "b": "yes" }), json!({ "b": "yes" })),
            (
                json!({ "s": "5", "either": "5", "any": "5", "else": "5" }),
                json!({ "s": "5", "either": "5", "any": "5", "else": "5" }),
            ),
            (json!({ "list": "[1, \"2\"]" }), json!({ "list": [1, 2] })),
            (json!({ "o": "{\"n\": \"1\"}" }), json!({ "o": { "n": 1 } })),
            (json!({ "o": { "n": "1" } }), json!({ "o": { "n": 1 } })),
            (json!({ "list": "1, 2" }), json!({ "list": "1, 2" })),
        ];
        for (mut given, expected) in rows {
            coerce(&mut given, &schema);
            assert_eq!(given, expected);
        }
    }
}
