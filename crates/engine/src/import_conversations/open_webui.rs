//! Open WebUI's export: chats, each with a tree of messages (`chat.history.messages`).

use serde_json::{Map, Value};

use super::claude::join;
use super::found::{Found, Left, seconds, text};
use super::tree::{Called, Origin, Said, Who, planted};

pub(super) fn found(entry: &Map<String, Value>) -> Option<Found> {
    let chat = entry.get("chat")?;
    let mut left = Left::default();
    let (said, current) = match chat["history"]["messages"].as_object() {
        Some(tree) => {
            let said = tree.iter().map(|(id, message)| message_said(id, message, &mut left)).collect();
            (said, chat["history"]["currentId"].as_str())
        }
        // The oldest exports hold the one branch alone.
        None => (in_order(chat["messages"].as_array()?, &mut left), None),
    };
    let created_at = entry.get("created_at").or(chat.get("timestamp")).and_then(seconds).unwrap_or_default();
    let updated_at = entry.get("updated_at").and_then(seconds).unwrap_or(created_at);
    let model = chat["models"][0].as_str().unwrap_or("unknown").to_owned();
    let origin = Origin { provider: "open-webui", model, at: created_at };
    let title = text(entry.get("title")).or(text(chat.get("title"))).unwrap_or_default();
    let found = Found::new("openwebui", text(entry.get("id")).unwrap_or_default(), title);
    let planted = planted(said, current, found.id.as_str(), &origin);
    Some(found.of(planted, left).at(created_at, updated_at))
}

fn in_order(messages: &[Value], left: &mut Left) -> Vec<Said> {
    let mut said: Vec<Said> = vec![];
    for (at, message) in messages.iter().enumerate() {
        let parent = said.last().map(|said| said.id.clone());
        said.push(Said { parent, ..message_said(&format!("#{at}"), message, left) });
    }
    said
}

fn message_said(id: &str, message: &Value, left: &mut Left) -> Said {
    let who = if message["role"] == "user" { Who::Person } else { Who::Model };
    let parent = message["parentId"].as_str().map(str::to_owned);
    let mut said = Said { parent, at: seconds(&message["timestamp"]), ..Said::new(id, who) };
    said.model = message["model"].as_str().map(str::to_owned);
    for file in message["files"].as_array().into_iter().flatten() {
        if file["type"] == "image" { left.images += 1 } else { left.files += 1 }
    }
    if message["role"] == "system" {
        return Said { who: Who::Model, ..said };
    }
    match message["output"].as_array().filter(|output| !output.is_empty()) {
        Some(output) => output.iter().for_each(|part| take_output(part, &mut said)),
        None => match &message["content"] {
            Value::String(content) => unfolded(content, &mut said),
            Value::Array(parts) => {
                for part in parts {
                    match part["text"].as_str() {
                        Some(text) => join(&mut said.text, text),
                        None => left.images += 1,
                    }
                }
            }
            _ => (),
        },
    }
    said
}

/// One part of what the model put out, in the Responses API's words.
fn take_output(part: &Value, said: &mut Said) {
    let words = |content: &Value| {
        let texts = content.as_array().into_iter().flatten().filter_map(|it| it["text"].as_str());
        texts.collect::<Vec<&str>>().join("\n\n")
    };
    match part["type"].as_str().unwrap_or_default() {
        "reasoning" => join(&mut said.reasoning, &words(&part["content"])),
        "message" => join(&mut said.text, &words(&part["content"])),
        "function_call" => {
            let written = part["arguments"].as_str().unwrap_or("{}");
            said.calls.push(Called {
                id: part["call_id"].as_str().unwrap_or_default().to_owned(),
                name: part["name"].as_str().unwrap_or("tool").to_owned(),
                arguments: serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned())),
                result: None,
            });
        }
        "function_call_output" => {
            let output = &part["output"];
            let result = output.as_str().map_or_else(|| words(output), str::to_owned);
            if let Some(call) = said.calls.iter_mut().find(|call| part["call_id"] == *call.id) {
                call.result = Some(Ok(result));
            }
        }
        _ => (),
    }
}

/// Older messages fold thoughts and calls into their text, as HTML.
fn unfolded(content: &str, said: &mut Said) {
    let mut rest = content;
    while let Some((before, folded)) = rest.split_once("<details ") {
        let Some((head, body)) = folded.split_once('>') else { break };
        let Some((inner, after)) = body.split_once("</details>") else { break };
        join(&mut said.text, before.trim());
        let inner = inner.split_once("</summary>").map_or(inner, |(_, inner)| inner);
        match attribute(head, "type").as_deref() {
            Some("reasoning") => {
                let lines = plain(inner);
                let lines = lines.trim().lines().map(|line| line.trim_start_matches("> ").trim_start_matches('>'));
                join(&mut said.reasoning, &lines.collect::<Vec<&str>>().join("\n"));
            }
            Some("tool_calls") => {
                let written = attribute(head, "arguments").unwrap_or_default();
                let result = attribute(head, "result").unwrap_or_else(|| plain(inner).trim().to_owned());
                said.calls.push(Called {
                    id: attribute(head, "id").unwrap_or_default(),
                    name: attribute(head, "name").unwrap_or_else(|| "tool".into()),
                    arguments: unquoted(&written).unwrap_or_default(),
                    result: Some(Ok(unquoted(&result).and_then(|it| it.as_str().map(str::to_owned)).unwrap_or(result))),
                });
            }
            _ => join(&mut said.text, &format!("<details {head}>{inner}</details>")),
        }
        rest = after;
    }
    join(&mut said.text, rest.trim());
}

/// JSON, which may be wrapped in a string of JSON once more.
fn unquoted(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    match &value {
        Value::String(inner) => Some(serde_json::from_str(inner).unwrap_or(value)),
        _ => Some(value),
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| plain(value))
}

fn plain(escaped: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(escaped.to_owned(), |text, (from, to)| text.replace(from, to))
}
