//! What a server offers, read leniently: one malformed tool costs that one tool at most.

use std::collections::HashSet;

use chat::{Tool, ToolHints, visible};
use serde_json::{Map, Value, json};

use crate::{
    definition,
    lists::{self, Kind},
    naming,
    session::{RequestError, Session},
    shallow,
};

/// All tools of a server, in its order.
pub(crate) async fn list(session: &Session, server: &str) -> Result<Vec<Tool>, RequestError> {
    lists::fresh(session, Kind::Tools).await.map(|raws| read(server, &raws))
}

/// What of a raw listing can be used, with what is odd about it written beside it.
pub fn read(server: &str, raws: &[Value]) -> Vec<Tool> {
    let mut names = HashSet::new();
    let usable: Vec<(&str, &Map<String, Value>)> = raws
        .iter()
        .filter_map(|raw| Some((raw.get("name")?.as_str()?, raw.as_object()?)))
        .filter(|(_, raw)| !is_for_apps_only(raw) && !is_task_only(raw))
        .filter(|(name, _)| !name.trim().is_empty() && names.insert(name.to_owned()))
        .collect();
    let plain: Vec<&str> = usable.iter().map(|(name, _)| *name).collect();
    let called = naming::called(server, &plain);
    let times = |name: &str| raws.iter().filter(|raw| raw.get("name").and_then(Value::as_str) == Some(name)).count();
    usable
        .iter()
        .zip(called)
        .map(|((name, raw), called)| {
            let mut tool = tool(server, name, called, raw);
            if times(name) > 1 {
                tool.warnings.push("The server lists it more than once; the first is used.".to_owned());
            }
            tool
        })
        .collect()
}

fn tool(server: &str, name: &str, called: String, raw: &Map<String, Value>) -> Tool {
    let mut warnings = vec![];
    let annotations = raw.get("annotations").filter(|value| !value.is_null());
    let title = raw.get("title").or_else(|| annotations?.get("title"));
    let title = text(title, "title", &mut warnings).filter(|title| !title.is_empty());
    let description = text(raw.get("description"), "description", &mut warnings).unwrap_or_default();
    let input_schema = input_schema(raw.get("inputSchema"), &mut warnings);
    let output_schema = match raw.get("outputSchema") {
        None | Some(Value::Null) => None,
        Some(schema @ Value::Object(_)) => Some(schema.clone()),
        Some(_) => {
            warnings.push("Its output schema is not an object and is left out.".to_owned());
            None
        }
    };
    let size = name.len() + description.chars().count() + input_schema.to_string().chars().count();
    let shown = visible(name);
    if shown != name {
        warnings.push("There are invisible characters in its name; they are written out.".to_owned());
    }
    // It stood in a list in a result in a message.
    if raw.values().any(|value| shallow::is_cut(value, 5)) {
        warnings.push("It is nested too deeply; what lies deepest is left out.".to_owned());
    }
    let mut tool = Tool {
        server: server.to_owned(),
        raw_name: (shown != name).then(|| name.to_owned()),
        name: shown,
        called,
        title,
        description,
        input_schema,
        output_schema,
        hints: hints(annotations, &mut warnings),
        definition: String::new(),
        tokens: u32::try_from(size.div_ceil(4)).unwrap_or(u32::MAX),
        warnings,
    };
    tool.definition = definition::fingerprint(&tool);
    tool
}

/// Verbatim where it is an object; what takes no arguments otherwise.
fn input_schema(raw: Option<&Value>, warnings: &mut Vec<String>) -> Value {
    match raw {
        Some(schema @ Value::Object(_)) => schema.clone(),
        other => {
            let what = if other.is_none_or(Value::is_null) { "is missing" } else { "is not an object" };
            warnings.push(format!("Its input schema {what}; it is called with whatever arguments the model gives."));
            json!({ "type": "object", "properties": {} })
        }
    }
}

/// What a server can say of what a tool does.
const HINTS: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

fn hints(annotations: Option<&Value>, warnings: &mut Vec<String>) -> ToolHints {
    let worst = ToolHints::default();
    let Some(annotations) = annotations else { return worst };
    let mut odd = !annotations.is_object();
    let mut hint = |key: &str, absent: bool| match annotations.get(key) {
        Some(Value::Bool(hint)) => *hint,
        None | Some(Value::Null) => absent,
        Some(_) => {
            odd = true;
            absent
        }
    };
    let hints = ToolHints {
        read_only: hint("readOnlyHint", worst.read_only),
        destructive: hint("destructiveHint", worst.destructive),
        idempotent: hint("idempotentHint", worst.idempotent),
        open_world: hint("openWorldHint", worst.open_world),
        stated: HINTS.iter().any(|key| annotations.get(key).is_some_and(Value::is_boolean)),
    };
    if odd {
        warnings.push("Its annotations are malformed; the worst is assumed.".to_owned());
    }
    // What only reads destroys nothing, whatever the default says.
    ToolHints { destructive: hints.destructive && !hints.read_only, ..hints }
}

fn text(raw: Option<&Value>, what: &str, warnings: &mut Vec<String>) -> Option<String> {
    match raw? {
        Value::String(text) => {
            let shown = visible(text);
            if shown != text.replace("\r\n", "\n") {
                warnings.push(format!("There are invisible characters in its {what}; they are written out."));
            }
            Some(shown)
        }
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            warnings.push(format!("Its {what} is not a text and is left out."));
            None
        }
    }
}

/// Tools that only an app's own page may call are never shown to the model.
fn is_for_apps_only(raw: &Map<String, Value>) -> bool {
    let visibility = raw.get("_meta").and_then(|meta| meta.get("ui")?.get("visibility"));
    matches!(visibility, Some(Value::Array(list)) if list.len() == 1 && list[0] == "app")
}

/// Tools that run only as tasks of the older kind, which Loquat does not speak: a call of theirs could only fail.
fn is_task_only(raw: &Map<String, Value>) -> bool {
    let support = raw.get("execution").and_then(|execution| execution.get("taskSupport")?.as_str());
    support == Some("required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_tool_costs_itself_at_most() {
        let raws = [
            json!({ "name": "good", "inputSchema": { "type": "object", "x": [1] }, "description": "d" }),
            json!({ "name": "no-schema" }),
            json!({ "name": "bool-schema", "inputSchema": true, "outputSchema": true, "annotations": { "readOnlyHint": "yes" } }),
            json!({ "name": 7 }),
            json!("tool"),
            json!({ "name": "good" }),
            json!({ "name": "hidden", "_meta": { "ui": { "visibility": ["app"] } } }),
            json!({ "name": "tasks", "inputSchema": {}, "execution": { "taskSupport": "required" } }),
            json!({ "name": "sly", "inputSchema": {}, "description": "a\u{200b}b\u{e0041}", "title": 5 }),
        ];
        let tools = read("s", &raws);
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["good", "no-schema", "bool-schema", "sly"]);
        assert_eq!(tools[0].input_schema, raws[0]["inputSchema"]);
        assert_eq!(tools.iter().map(|tool| tool.warnings.len()).collect::<Vec<_>>(), [1, 1, 3, 2]);
        assert_eq!((tools[3].description.as_str(), tools[3].title.as_deref()), ("a⟨U+200B⟩b⟨U+E0041⟩", None));
        assert!(tools[0].hints.destructive && !tools[2].hints.read_only);
    }

    #[test]
    fn silence_is_told_from_a_hint_and_names_are_seen_whole() {
        let raws = [
            json!({ "name": "silent", "inputSchema": {} }),
            json!({ "name": "titled", "inputSchema": {}, "annotations": { "title": "T" } }),
            json!({ "name": "reads", "inputSchema": {}, "annotations": { "readOnlyHint": true } }),
            json!({ "name": "re\u{200b}ads", "inputSchema": {} }),
        ];
        let tools = read("s", &raws);
        assert_eq!(tools.iter().map(|tool| tool.hints.stated).collect::<Vec<_>>(), [false, false, true, false]);
        assert_eq!((tools[3].name.as_str(), tools[3].raw_name.as_deref()), ("re⟨U+200B⟩ads", Some("re\u{200b}ads")));
        assert_ne!(tools[2].called, tools[3].called);
    }
}
