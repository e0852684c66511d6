//! A result as it came, and what a model can read of it: all of it; whoever asks the model fits it to what that takes.

use chat::{Content, Output, Tool};
use serde_json::{Map, Value};

use crate::shallow::{self, MOST_LEVELS};

/// A result stands within its message.
const LEVEL: usize = 2;

/// Reads any result, however odd. The flag says whether the tool reported a failure.
pub(crate) fn read(raw: &Value) -> (Output, bool) {
    let content = blocks(raw);
    let structured = raw.get("structuredContent").filter(|value| !value.is_null()).cloned();
    let too_deep = shallow::is_cut(raw, LEVEL);
    let mut model_text = model_text(raw, &content, structured.as_ref());
    if too_deep {
        // Whoever is not told takes what is left for the whole.
        model_text.push_str(&format!("\n[What was nested deeper than {MOST_LEVELS} levels is left out.]"));
    }
    let bytes = serde_json::to_string(raw).map_or(0, |text| text.len() as u64);
    let failed = raw.get("isError").and_then(Value::as_bool).unwrap_or(false);
    (Output { content, structured, model_text, whole: None, bytes, withheld: 0, too_deep }, failed)
}

/// Notes where a result is not of the shape that its tool announced. It is used all the same: the server decides.
pub(crate) fn warn_of_shape(tool: &Tool, output: &Output) {
    let (Some(schema), Some(structured)) = (&tool.output_schema, &output.structured) else { return };
    let problem = match jsonschema::validator_for(schema) {
        Ok(validator) => validator.validate(structured).err().map(|error| error.to_string()),
        Err(error) => Some(format!("its schema cannot be used: {error}")),
    };
    if let Some(problem) = problem {
        let problem = cut(&problem, 300);
        tracing::warn!(server = tool.server, tool = tool.name, problem, "a result is not as its tool announced");
    }
}

fn blocks(raw: &Value) -> Vec<Content> {
    match raw.get("content") {
        Some(Value::Array(list)) => list.iter().map(block).collect(),
        Some(Value::String(text)) => vec![Content::Text { text: text.clone() }],
        Some(object @ Value::Object(_)) => vec![block(object)],
        // What the very first revision called it.
        Some(_) | None => match raw.get("toolResult") {
            Some(Value::String(text)) => vec![Content::Text { text: text.clone() }],
            Some(value) if !value.is_null() => vec![Content::Other { value: value.clone() }],
            _ => vec![],
        },
    }
}

pub(crate) fn block(raw: &Value) -> Content {
    let other = || Content::Other { value: raw.clone() };
    let Value::Object(map) = raw else {
        return match raw {
            Value::String(text) => Content::Text { text: text.clone() },
            _ => other(),
        };
    };
    let field = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    match map.get("type").and_then(Value::as_str) {
        Some("text") => field("text").map_or_else(other, |text| Content::Text { text }),
        Some("image") => field("data").map_or_else(other, |data| Content::Image {
            data,
            mime_type: field("mimeType").unwrap_or_else(|| "image/png".to_owned()),
        }),
        Some("audio") => field("data").map_or_else(other, |data| Content::Audio {
            data,
            mime_type: field("mimeType").unwrap_or_else(|| "audio/wav".to_owned()),
        }),
        Some("resource_link") => field("uri").map_or_else(other, |uri| Content::Link {
            name: field("title").or_else(|| field("name")).unwrap_or_else(|| uri.clone()),
            uri,
        }),
        Some("resource") => map.get("resource").and_then(Value::as_object).map_or_else(other, |resource| {
            let field = |key: &str| resource.get(key).and_then(Value::as_str).map(str::to_owned);
            Content::Resource {
                uri: field("uri").unwrap_or_default(),
                text: field("text"),
                mime_type: field("mimeType"),
                blob: field("blob"),
            }
        }),
        _ => other(),
    }
}

/// What a model is told where all of a result is meant for the user: told of nothing, it would call again.
const FOR_THE_USER: &str = "(The result was shown to the user, for whom alone it is meant.)";

fn model_text(raw: &Value, content: &[Content], structured: Option<&Value>) -> String {
    let for_model = raw_blocks(raw).map(|blocks| blocks.iter().map(is_for_model).collect::<Vec<bool>>());
    let shown = |at: usize| for_model.as_ref().and_then(|flags| flags.get(at).copied()).unwrap_or(true);
    let mut parts: Vec<String> =
        content.iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, block)| words(block)).collect();
    parts.retain(|part| !part.is_empty());
    if let Some(structured) = structured
        && !content.iter().any(|block| mirrors(block, structured))
    {
        parts.push(without_binary(structured).to_string());
    }
    if !parts.is_empty() {
        return parts.join("\n");
    }
    let is_private = (0..content.len()).any(|at| !shown(at));
    if is_private { FOR_THE_USER.to_owned() } else { "(no output)".to_owned() }
}

fn raw_blocks(raw: &Value) -> Option<&Vec<Value>> {
    raw.get("content")?.as_array()
}

/// Not where a block is meant for the user alone.
fn is_for_model(block: &Value) -> bool {
    let audience = block.get("annotations").and_then(|annotations| annotations.get("audience")?.as_array());
    audience.is_none_or(|audience| audience.is_empty() || audience.iter().any(|role| role == "assistant"))
}

/// What the model reads of a block. Base64 is nothing to read.
pub(crate) fn words(block: &Content) -> String {
    match block {
        Content::Text { text } => text.clone(),
        Content::Image { data, mime_type } => format!("[image: {mime_type}, {}]", size(data)),
        Content::Audio { data, mime_type } => format!("[audio: {mime_type}, {}]", size(data)),
        Content::Link { uri, name } => format!("[resource: {name} ({uri})]"),
        Content::Resource { uri, text: Some(text), .. } => format!("{uri}\n```\n{text}\n```"),
        Content::Resource { uri, text: None, mime_type, blob } => {
            let kind = mime_type.iter().map(|kind| format!(", {kind}"));
            let size = blob.iter().map(|blob| format!(", {}", size(blob)));
            format!("[file: {uri}{}]", kind.chain(size).collect::<String>())
        }
        Content::Other { value } => without_binary(value).to_string(),
    }
}

/// How much a base64 text holds.
fn size(data: &str) -> String {
    let bytes = data.trim_end_matches('=').len() * 3 / 4;
    if bytes < 1024 { format!("{bytes} bytes") } else { format!("{} kB", bytes / 1024) }
}

fn mirrors(block: &Content, structured: &Value) -> bool {
    let Content::Text { text } = block else { return false };
    serde_json::from_str::<Value>(text).is_ok_and(|value| {
        value == *structured
            || structured.as_object().is_some_and(|map| map.len() == 1 && map.values().any(|v| *v == value))
    }) || structured.get("result").and_then(Value::as_str) == Some(text)
}

fn without_binary(value: &Value) -> Value {
    match value {
        Value::String(text) if is_binary(text) => Value::String(format!("[binary: {}]", size(text))),
        Value::Array(list) => Value::Array(list.iter().map(without_binary).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), without_binary(v))).collect::<Map<String, Value>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A long text of nothing but base64, also as a data URL. Words have blanks, hashes are shorter.
fn is_binary(text: &str) -> bool {
    let data = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).map_or(text, |(_, data)| data);
    let base64 =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\n' | b'\r');
    data.len() > 512 && data.bytes().all(base64)
}

/// More than this of one reading is not put into a message.
pub(crate) const MODEL_BUDGET: usize = 50_000;

/// Head and tail of what is too long, and between them how much is missing.
pub(crate) fn cut(text: &str, budget: usize) -> String {
    let count = text.chars().count();
    if count <= budget {
        return text.to_owned();
    }
    let (head, tail) = (budget * 3 / 4, budget / 4);
    let at = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let gone = count - head - tail;
    format!(
        "{}\n\n[… {gone} of {count} characters left out here …]\n\n{}",
        &text[..at(head)],
        &text[at(count - tail)..]
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(raw: Value, expected: &str) {
        assert_eq!(read(&raw).0.model_text, expected);
    }

    #[test]
    fn the_model_reads_what_can_be_read() {
        check(json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }), "a\nb");
        check(json!({ "content": [] }), "(no output)");
        check(json!({}), "(no output)");
        check(
            json!({ "content": [{ "type": "image", "data": "AAAA", "mimeType": "image/png" }] }),
            "[image: image/png, 3 bytes]",
        );
        check(
            json!({ "content": [{ "type": "resource_link", "uri": "file:///x", "name": "x" }] }),
            "[resource: x (file:///x)]",
        );
        check(
            json!({ "content": [{ "type": "resource", "resource": { "uri": "u", "text": "t" } }] }),
            "u\n```\nt\n```",
        );
        check(
            json!({ "content": [{ "type": "resource", "resource": { "uri": "u", "blob": "AAAA" } }] }),
            "[file: u, 3 bytes]",
        );
        let private = json!({ "type": "text", "text": "secret", "annotations": { "audience": ["user"] } });
        check(json!({ "content": [private.clone(), { "type": "text", "text": "b" }] }), "b");
        check(json!({ "content": [private] }), FOR_THE_USER);
    }

    #[test]
    fn structure_is_said_once() {
        let text = |text: &str| json!([{ "type": "text", "text": text }]);
        check(json!({ "structuredContent": { "a": 1 } }), r#"{"a":1}"#);
        check(json!({ "content": text(r#"{ "a": 1 }"#), "structuredContent": { "a": 1 } }), r#"{ "a": 1 }"#);
        check(json!({ "content": text("12"), "structuredContent": { "result": 12 } }), "12");
        check(json!({ "content": text("hi"), "structuredContent": { "result": "hi" } }), "hi");
        check(json!({ "content": text("see below"), "structuredContent": { "a": 1 } }), "see below\n{\"a\":1}");
        let base64 = "QUJD".repeat(300);
        check(json!({ "structuredContent": { "png": base64 } }), r#"{"png":"[binary: 900 bytes]"}"#);
    }

    #[test]
    fn what_lay_too_deep_is_said_to_be_missing() {
        let nested = |levels| (0..levels).fold(json!({}), |inner, _| json!([inner]));
        for (levels, cut) in [(90, false), (99, true)] {
            let (output, _) = read(&json!({ "structuredContent": nested(levels) }));
            assert_eq!(output.too_deep, cut, "{levels}");
            assert_eq!(output.model_text.ends_with("deeper than 100 levels is left out.]"), cut);
        }
    }

    #[test]
    fn odd_results_are_read_too() {
        check(json!({ "content": "plain" }), "plain");
        check(json!({ "content": ["plain"] }), "plain");
        check(json!({ "content": { "type": "text", "text": "one" } }), "one");
        check(json!({ "toolResult": "old" }), "old");
        check(json!({ "content": [{ "type": "hologram", "x": 1 }] }), r#"{"type":"hologram","x":1}"#);
        check(json!({ "content": [{ "type": "image", "data": "AAAA" }] }), "[image: image/png, 3 bytes]");
    }
}
