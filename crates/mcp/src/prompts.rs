//! Prompts as servers describe and fill them, read leniently: one malformed entry costs that entry.

use chat::{Content, FilledPrompt, Prompt, PromptArgument, PromptMessage, Role, visible};
use serde_json::Value;

use crate::output;

pub(crate) fn read(server: &str, raws: &[Value]) -> Vec<Prompt> {
    raws.iter().filter_map(|raw| prompt(server, raw)).collect()
}

fn prompt(server: &str, raw: &Value) -> Option<Prompt> {
    let name = raw.get("name")?.as_str().filter(|name| !name.trim().is_empty())?;
    let arguments = raw.get("arguments").and_then(Value::as_array).into_iter().flatten();
    Some(Prompt {
        server: server.to_owned(),
        name: name.to_owned(),
        title: text(raw, "title"),
        description: text(raw, "description").unwrap_or_default(),
        arguments: arguments.filter_map(argument).collect(),
    })
}

fn argument(raw: &Value) -> Option<PromptArgument> {
    Some(PromptArgument {
        name: raw.get("name")?.as_str()?.to_owned(),
        title: text(raw, "title"),
        description: text(raw, "description").unwrap_or_default(),
        required: raw.get("required").and_then(Value::as_bool).unwrap_or(false),
    })
}

pub(crate) fn filled(raw: &Value) -> FilledPrompt {
    let messages: Vec<PromptMessage> =
        raw.get("messages").and_then(Value::as_array).into_iter().flatten().map(message).collect();
    let said = |message: &PromptMessage| {
        let text = message.content.iter().map(output::words).collect::<Vec<String>>().join("\n");
        // One voice needs no name.
        match message.role {
            Role::Assistant => format!("Assistant: {text}"),
            Role::User => text,
        }
    };
    let text = messages.iter().map(said).collect::<Vec<String>>().join("\n\n");
    FilledPrompt { description: self::text(raw, "description").unwrap_or_default(), messages, text }
}

fn message(raw: &Value) -> PromptMessage {
    let role = if raw.get("role").and_then(Value::as_str) == Some("assistant") { Role::Assistant } else { Role::User };
    let content: Vec<Content> = match raw.get("content") {
        Some(Value::Array(blocks)) => blocks.iter().map(output::block).collect(),
        Some(block) => vec![output::block(block)],
        None => vec![],
    };
    PromptMessage { role, content }
}

/// Words of a server, with nothing in them that a person cannot see.
pub(crate) fn text(raw: &Value, key: &str) -> Option<String> {
    raw.get(key).and_then(Value::as_str).map(visible).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_malformed_prompt_costs_itself() {
        let raws = [
            json!({ "name": "greet", "title": "Greet\u{200b}", "arguments": [{ "name": "who", "required": true }, 5] }),
            json!({ "title": "nameless" }),
            json!("prompt"),
            json!({ "name": "odd", "description": 7, "arguments": "none" }),
        ];
        let prompts = read("s", &raws);
        let told: Vec<_> = prompts.iter().map(|it| (it.name.as_str(), it.arguments.len())).collect();
        assert_eq!(told, [("greet", 1), ("odd", 0)]);
        assert!(prompts[0].arguments[0].required);
    }

    #[test]
    fn a_filled_prompt_is_one_text() {
        let filled = filled(&json!({ "description": "d", "messages": [
            { "role": "user", "content": { "type": "text", "text": "Read this" } },
            { "role": "user", "content": [{ "type": "resource", "resource": { "uri": "u", "text": "t" } }] },
            { "role": "assistant", "content": { "type": "text", "text": "I will" } },
            { "role": "user" }
        ] }));
        assert_eq!(filled.messages.len(), 4);
        assert_eq!(filled.text, "Read this\n\nu\n```\nt\n```\n\nAssistant: I will\n\n");
    }
}
