//! Claude's `conversations.json`: messages (`chat_messages`) whose content is a list of blocks.

use serde_json::{Map, Value};

use super::found::{Found, Left, iso, text};
use super::tree::{Called, Origin, Said, Who, planted};

/// What the first message names as the one before it.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

pub(super) fn found(entry: &Map<String, Value>) -> Option<Found> {
    let messages = entry.get("chat_messages")?.as_array()?;
    let mut left = Left::default();
    let mut said: Vec<Said> = vec![];
    for (at, message) in messages.iter().enumerate() {
        // Older exports do not say which message follows which: there they stand in their order.
        let before = said.last().map(|said| said.id.clone());
        let parent = message["parent_message_uuid"].as_str().map(str::to_owned).or(before);
        let parent = parent.filter(|parent| parent != NOBODY);
        said.push(Said { parent, ..message_said(message, at, &mut left) });
    }
    let created_at = iso(entry.get("created_at")).unwrap_or_default();
    let updated_at = iso(entry.get("updated_at")).unwrap_or(created_at);
    let model = text(entry.get("model")).unwrap_or("claude").to_owned();
    let origin = Origin { provider: "claude", model, at: created_at };
    let name = text(entry.get("name")).or(text(entry.get("title"))).unwrap_or_default();
    let found = Found::new("claude", text(entry.get("uuid")).unwrap_or_default(), name);
    let current = text(entry.get("current_leaf_message_uuid"));
    let planted = planted(said, current, found.id.as_str(), &origin);
    Some(found.of(planted, left).at(created_at, updated_at))
}

fn message_said(message: &Value, at: usize, left: &mut Left) -> Said {
    let who = if message["sender"] == "human" { Who::Person } else { Who::Model };
    let id = message["uuid"].as_str().map_or_else(|| format!("#{at}"), str::to_owned);
    let mut said = Said { at: iso(message.get("created_at")), ..Said::new(id, who) };
    for block in message["content"].as_array().into_iter().flatten() {
        take_block(block, &mut said, left);
    }
    if said.text.trim().is_empty() {
        said.text = message["text"].as_str().unwrap_or_default().to_owned();
    }
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        match attachment["extracted_content"].as_str().filter(|content| !content.is_empty()) {
            Some(content) => attach(attachment["file_name"].as_str().unwrap_or("attachment"), content, &mut said.text),
            None => left.files += 1,
        }
    }
    for file in message["files"].as_array().into_iter().flatten() {
        match file["file_kind"].as_str() {
            Some("image") => left.images += 1,
            Some(_) | None => left.files += 1,
        }
    }
    said
}

fn take_block(block: &Value, said: &mut Said, left: &mut Left) {
    match block["type"].as_str().unwrap_or_default() {
        "text" => join(&mut said.text, block["text"].as_str().unwrap_or_default()),
        "thinking" => join(&mut said.reasoning, block["thinking"].as_str().unwrap_or_default()),
        "tool_use" => said.calls.push(Called {
            id: block["id"].as_str().unwrap_or_default().to_owned(),
            name: block["name"].as_str().unwrap_or("tool").to_owned(),
            arguments: block["input"].clone(),
            result: None,
        }),
        "tool_result" => {
            let words = result_words(&block["content"], left);
            let result = if block["is_error"] == true { Err(words) } else { Ok(words) };
            let id = block["tool_use_id"].as_str().unwrap_or_default();
            let mut open = said.calls.iter_mut().filter(|call| call.result.is_none());
            if let Some(call) = open.find(|call| id.is_empty() || call.id.is_empty() || call.id == id) {
                call.result = Some(result);
            }
        }
        "image" => left.images += 1,
        // Budgets, flags and the like say nothing to anybody.
        _ => (),
    }
}

fn result_words(content: &Value, left: &mut Left) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            left.images += parts.iter().filter(|part| part["type"] == "image").count();
            let words: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            words.join("\n\n")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The text of a file, as a person would paste it.
fn attach(name: &str, content: &str, text: &mut String) {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    join(text, &format!("{name}:\n\n{fence}\n{content}\n{fence}"));
}

pub(super) fn join(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}
