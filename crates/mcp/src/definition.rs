//! What approvals hold for: the text of a tool's definition, its fingerprint, and which server it is of.

use std::fmt::Write;

use chat::Tool;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{ServerConfig, Transport};

/// All that a server says of a tool, as a text for people: what two versions are compared by.
pub fn text(tool: &Tool) -> String {
    let mut text = tool.name.clone();
    if let Some(title) = &tool.title {
        let _ = write!(text, " ({title})");
    }
    let hints = tool.hints;
    let says = match hints.stated {
        true => [
            (hints.read_only, "only reads"),
            (hints.destructive, "may change or delete"),
            (hints.idempotent, "does no more when repeated"),
            (hints.open_world, "reaches the outside"),
        ]
        .iter()
        .map(|(yes, what)| format!("{what}: {}", if *yes { "yes" } else { "no" }))
        .collect::<Vec<String>>()
        .join(", "),
        false => "nothing".to_owned(),
    };
    let _ =
        write!(text, "\nSays of itself: {says}\n\n{}\n\nArguments: {}", tool.description, pretty(&tool.input_schema));
    if let Some(schema) = &tool.output_schema {
        let _ = write!(text, "\n\nResult: {}", pretty(schema));
    }
    text
}

/// The same for the same definition, whatever the order of its keys; another one for any other.
pub(crate) fn fingerprint(tool: &Tool) -> String {
    let name = tool.raw_name.as_ref().unwrap_or(&tool.name);
    short(&format!("{name}\u{0}{}", text(tool)))
}

/// Which server a name stands for: its program with what it is given, or its address. Secrets are no part of it.
pub fn identity(config: &ServerConfig) -> String {
    short(&match &config.transport {
        // Where it lies changes from version to version.
        Transport::Stdio { args, .. } if config.bundled => format!("bundled\u{0}{}", args.join("\u{0}")),
        Transport::Stdio { command, args, cwd, .. } => format!("{command}\u{0}{}\u{0}{cwd:?}", args.join("\u{0}")),
        Transport::Http { url, .. } | Transport::Sse { url, .. } => {
            url.split(['?', '#']).next().unwrap_or_default().to_owned()
        }
    })
}

fn short(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

fn pretty(schema: &Value) -> String {
    serde_json::to_string_pretty(&sorted(schema)).unwrap_or_default()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(raw: Value) -> String {
        crate::tools::read("s", &[raw]).remove(0).definition
    }

    #[test]
    fn a_definition_is_the_same_until_anything_of_it_changes() {
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": {} } });
        let tool = json!({ "name": "t", "description": "d", "inputSchema": schema });
        let known = definition(tool.clone());
        let turned = json!({ "properties": { "b": {}, "a": { "type": "string" } }, "type": "object" });
        assert_eq!(definition(json!({ "inputSchema": turned, "description": "d", "name": "t" })), known);
        let changes = [
            ("description", json!("d.")),
            ("name", json!("t2")),
            ("name", json!("t\u{200b}")),
            ("title", json!("T")),
            ("inputSchema", json!({ "type": "object" })),
            ("outputSchema", json!({ "type": "object" })),
            ("annotations", json!({ "readOnlyHint": false })),
            ("annotations", json!({ "readOnlyHint": true })),
        ];
        let mut seen = vec![known];
        for (key, value) in changes {
            let mut changed = tool.clone();
            changed[key] = value;
            let definition = definition(changed);
            assert!(!seen.contains(&definition), "{key}");
            seen.push(definition);
        }
    }

    #[test]
    fn another_program_or_address_under_the_same_name_is_another_server() {
        let stdio = |args: &[&str]| {
            let args = args.iter().map(|arg| (*arg).to_owned()).collect();
            ServerConfig::new("s", Transport::Stdio { command: "x".into(), args, env: Default::default(), cwd: None })
        };
        assert_eq!(identity(&stdio(&["a"])), identity(&stdio(&["a"])));
        assert_ne!(identity(&stdio(&["a"])), identity(&stdio(&["b"])));
        assert_ne!(identity(&stdio(&["a", "b"])), identity(&stdio(&["ab"])));
    }
}
