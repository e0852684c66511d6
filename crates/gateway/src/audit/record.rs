//! One record: who wanted what, what was decided by which rule, and what came of it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Borrowed from the call; written as one line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record<'a> {
    /// `call`, `begun`, `approval`, `denied`, `started`.
    pub(crate) kind: &'static str,
    pub(crate) correlation: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) credential: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) actor: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) tenant: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) roles: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) tool: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) arguments: &'a Value,
    #[serde(flatten)]
    pub(crate) outcome: Outcome<'a>,
}

/// What was decided, and what came of it.
#[derive(Serialize, Default, Clone)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome<'a> {
    /// `ok`, or the code of the refusal.
    pub(crate) result: &'a str,
    /// Who said yes or no, where a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<&'a str>,
}

/// The names and kinds of arguments, without their values.
pub(crate) fn shape(arguments: &Map<String, Value>) -> Value {
    let kinds = arguments.iter().map(|(name, value)| {
        let kind = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "boolean".to_owned(),
            Value::Number(_) => "number".to_owned(),
            Value::String(text) => format!("text of {}", text.chars().count()),
            Value::Array(list) => format!("list of {}", list.len()),
            Value::Object(map) => format!("object of {}", map.len()),
        };
        (name.clone(), Value::String(kind))
    });
    Value::Object(kinds.collect())
}

const LONGEST: usize = 200;

/// The arguments with what looks secret taken out, and what is long cut.
pub(crate) fn masked(arguments: &Map<String, Value>) -> Value {
    Value::Object(arguments.iter().map(|(name, value)| (name.clone(), mask(name, value, 0))).collect())
}

fn mask(name: &str, value: &Value, depth: usize) -> Value {
    if is_secret_name(name) {
        return json!("***");
    }
    match value {
        Value::String(text) if looks_secret(text) => json!("***"),
        Value::String(text) if text.chars().count() > LONGEST => {
            let cut: String = text.chars().take(LONGEST).collect();
            json!(format!("{cut}… ({} characters)", text.chars().count()))
        }
        Value::Array(_) | Value::Object(_) if depth > 8 => json!("…"),
        Value::Array(list) => list.iter().take(50).map(|value| mask("", value, depth + 1)).collect(),
        Value::Object(map) => Value::Object(
            map.iter().take(50).map(|(name, value)| (name.clone(), mask(name, value, depth + 1))).collect(),
        ),
        other => other.clone(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["password", "secret", "token", "authorization", "cookie", "api_key", "apikey", "credential", "private_key"]
        .iter()
        .any(|word| name.contains(word))
}

fn looks_secret(text: &str) -> bool {
    let starts = ["sk-", "ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-", "AKIA", "loq_", "Bearer ", "-----BEGIN"];
    starts.iter().any(|start| text.starts_with(start)) || (text.starts_with("eyJ") && text.matches('.').count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_in_a_shape_and_no_secret_in_a_mask() {
        let arguments = json!({
            "query": "hunter2", "n": 7, "list": [1, 2],
            "password": "hunter2",
            "deep": { "api_key": "hunter2", "text": "sk-hunter2", "plain": "seen" },
            "long": "x".repeat(500),
        });
        let arguments = arguments.as_object().unwrap();
        let shape = shape(arguments);
        assert!(!shape.to_string().contains("hunter2"));
        assert_eq!(shape["query"], "text of 7");
        let masked = masked(arguments);
        assert_eq!(
            (&masked["password"], &masked["deep"]["api_key"], &masked["deep"]["text"]),
            (&json!("***"), &json!("***"), &json!("***"))
        );
        assert_eq!((&masked["deep"]["plain"], &masked["query"]), (&json!("seen"), &json!("hunter2")));
        assert!(masked["long"].as_str().unwrap().chars().count() < 250);
    }
}
