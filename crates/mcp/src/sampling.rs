//! What a server would ask a model, and what the model said, as the protocol writes them.

use chat::{Priorities, Role, SamplingMessage, SamplingPart, SamplingRequest, SamplingTool, visible};
use serde_json::{Map, Value, json};

use crate::questions::{Sampled, Unanswerable, content};

/// More words than this are not asked of a model for a server.
const MOST_TOKENS: u64 = 32_000;

pub(crate) fn read(params: &Value) -> Result<SamplingRequest, Unanswerable> {
    let Some(messages) = params.get("messages").and_then(Value::as_array) else {
        return Err(Unanswerable { code: -32602, why: "there are no messages" });
    };
    let wishes = params.get("modelPreferences");
    let wish =
        |key: &str| wishes.and_then(|wishes| wishes.get(key)?.as_f64()).map(|weight| weight.clamp(0.0, 1.0) as f32);
    let hints = wishes.and_then(|wishes| wishes.get("hints")?.as_array()).into_iter().flatten();
    let tokens = params.get("maxTokens").and_then(Value::as_u64).map(|tokens| tokens.clamp(1, MOST_TOKENS));
    Ok(SamplingRequest {
        messages: messages.iter().map(message).collect(),
        system_prompt: params.get("systemPrompt").and_then(Value::as_str).map(visible).filter(|text| !text.is_empty()),
        tools: list(params, "tools").filter_map(tool).collect(),
        tool_choice: params.get("toolChoice").and_then(|choice| Some(choice.get("mode")?.as_str()?.to_owned())),
        max_tokens: tokens.and_then(|tokens| u32::try_from(tokens).ok()),
        temperature: params.get("temperature").and_then(Value::as_f64).map(|value| value.clamp(0.0, 2.0) as f32),
        stop: list(params, "stopSequences").filter_map(Value::as_str).map(str::to_owned).collect(),
        model_hints: hints.filter_map(|hint| Some(visible(hint.get("name")?.as_str()?))).collect(),
        priorities: Priorities {
            cost: wish("costPriority"),
            speed: wish("speedPriority"),
            intelligence: wish("intelligencePriority"),
        },
    })
}

fn list<'a>(params: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    params.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// One block or several: the protocol has had both.
fn message(raw: &Value) -> SamplingMessage {
    let role = if raw.get("role").and_then(Value::as_str) == Some("assistant") { Role::Assistant } else { Role::User };
    let parts = match raw.get("content") {
        Some(Value::Array(blocks)) => blocks.iter().map(part).collect(),
        Some(block) => vec![part(block)],
        None => vec![],
    };
    SamplingMessage { role, parts }
}

fn part(raw: &Value) -> SamplingPart {
    let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match raw.get("type").and_then(Value::as_str) {
        Some("tool_use") => SamplingPart::ToolUse {
            id: text("id"),
            name: text("name"),
            input: raw.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new())),
        },
        Some("tool_result") => SamplingPart::ToolResult {
            id: text("toolUseId"),
            content: list(raw, "content").map(content).collect(),
            failed: raw.get("isError").and_then(Value::as_bool).unwrap_or(false),
        },
        _ => SamplingPart::Content { content: content(raw) },
    }
}

fn tool(raw: &Value) -> Option<SamplingTool> {
    let name = raw.get("name")?.as_str().filter(|name| !name.trim().is_empty())?;
    let schema = raw.get("inputSchema").filter(|schema| schema.is_object()).cloned();
    Some(SamplingTool {
        name: name.to_owned(),
        description: visible(raw.get("description").and_then(Value::as_str).unwrap_or_default()),
        input_schema: schema.unwrap_or_else(|| json!({ "type": "object" })),
    })
}

pub(crate) fn result(sampled: Sampled) -> Value {
    let text = json!({ "type": "text", "text": sampled.text });
    let reason = match () {
        () if !sampled.calls.is_empty() => "toolUse",
        () if sampled.cut => "maxTokens",
        () => "endTurn",
    };
    let content = if sampled.calls.is_empty() {
        text
    } else {
        let calls = sampled
            .calls
            .into_iter()
            .map(|call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.input }));
        let said = (!sampled.text.is_empty()).then_some(text);
        Value::Array(said.into_iter().chain(calls).collect())
    };
    json!({ "role": "assistant", "model": sampled.model, "content": content, "stopReason": reason })
}

#[cfg(test)]
mod tests {
    use chat::Content;

    use super::*;
    use crate::questions::SampledCall;

    #[test]
    fn everything_that_would_be_sent_is_seen() {
        let request = read(&json!({
            "messages": [
                { "role": "user", "content": { "type": "text", "text": "hi" } },
                { "role": "assistant", "content": [{ "type": "tool_use", "id": "1", "name": "t", "input": { "a": 1 } }] },
                { "role": "user", "content": [{ "type": "tool_result", "toolUseId": "1", "content": [{ "type": "text", "text": "x" }] }] }
            ],
            "systemPrompt": "be brief", "maxTokens": 9_000_000, "temperature": 0.5, "stopSequences": ["END"],
            "tools": [{ "name": "t", "inputSchema": { "type": "object" } }, { "nameless": true }],
            "toolChoice": { "mode": "required" },
            "modelPreferences": { "hints": [{ "name": "claude" }], "speedPriority": 0.25 }
        }))
        .unwrap();
        assert_eq!(request.messages.len(), 3);
        assert!(
            matches!(&request.messages[0].parts[..], [SamplingPart::Content { content: Content::Text { text } }] if text == "hi")
        );
        assert!(matches!(&request.messages[1].parts[..], [SamplingPart::ToolUse { name, .. }] if name == "t"));
        assert!(
            matches!(&request.messages[2].parts[..], [SamplingPart::ToolResult { id, failed: false, .. }] if id == "1")
        );
        assert_eq!((request.max_tokens, request.tools.len()), (Some(32_000), 1));
        assert_eq!((request.tool_choice.as_deref(), request.priorities.speed), (Some("required"), Some(0.25)));
        assert_eq!((request.model_hints, request.stop), (vec!["claude".to_owned()], vec!["END".to_owned()]));
        assert!(read(&json!({})).is_err());
    }

    #[test]
    fn answers_say_why_they_end() {
        let sampled = Sampled { model: "m".into(), text: "t".into(), calls: vec![], cut: false };
        assert_eq!(result(sampled.clone())["stopReason"], "endTurn");
        assert_eq!(result(Sampled { cut: true, ..sampled.clone() })["stopReason"], "maxTokens");
        let call = SampledCall { id: "1".into(), name: "t".into(), input: json!({}) };
        let called = result(Sampled { calls: vec![call], ..sampled });
        assert_eq!(
            (called["stopReason"].as_str(), called["content"][1]["type"].as_str()),
            (Some("toolUse"), Some("tool_use"))
        );
    }
}
