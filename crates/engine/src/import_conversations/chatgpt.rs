//! ChatGPT's `conversations.json`: a tree of messages (`mapping`) and the one that was looked at (`current_node`).
//!
//! OpenAI publishes no description of it; what is read here is what exports of 2023 to 2026 hold.

use serde_json::{Map, Value};

use super::found::{Found, Left, seconds, text};
use super::tree::{Called, Origin, Said, Who, planted};

pub(super) fn found(entry: &Map<String, Value>) -> Option<Found> {
    let mapping = entry.get("mapping")?.as_object()?;
    let mut left = Left::default();
    // Nodes without a message, and hidden ones, stay as links in the chain.
    let said: Vec<Said> = mapping.iter().map(|(id, node)| node_said(id, node, &mut left)).collect();
    let created_at = entry.get("create_time").and_then(seconds).unwrap_or_default();
    let id = text(entry.get("conversation_id")).or(text(entry.get("id"))).unwrap_or_default();
    let model = text(entry.get("default_model_slug")).unwrap_or("unknown").to_owned();
    let origin = Origin { provider: "chatgpt", model, at: created_at };
    let found = Found::new("chatgpt", id, text(entry.get("title")).unwrap_or_default());
    let planted = planted(said, text(entry.get("current_node")), found.id.as_str(), &origin);
    let updated_at = entry.get("update_time").and_then(seconds).unwrap_or(created_at);
    Some(found.of(planted, left).at(created_at, updated_at))
}

fn node_said(id: &str, node: &Value, left: &mut Left) -> Said {
    let message = &node["message"];
    let role = message["author"]["role"].as_str().unwrap_or("system");
    let recipient = message["recipient"].as_str().unwrap_or("all");
    let name = message["author"]["name"].as_str().unwrap_or("tool").to_owned();
    let who = match role {
        "user" => Who::Person,
        "tool" => Who::Tool { name },
        _ => Who::Model,
    };
    let mut said = Said { parent: node["parent"].as_str().map(str::to_owned), ..Said::new(id, who) };
    said.at = seconds(&message["create_time"]);
    said.model = message["metadata"]["model_slug"].as_str().map(str::to_owned);
    if role == "system" || message["metadata"]["is_visually_hidden_from_conversation"] == true {
        return hidden(said);
    }
    let files = message["metadata"]["attachments"].as_array().map_or(0, Vec::len);
    let content = &message["content"];
    let kind = content["content_type"].as_str().unwrap_or_default();
    match kind {
        // A person's standing instructions and the model's memories: no part of what was said.
        "user_editable_context" | "model_editable_context" | "reasoning_recap" | "system_error" => return hidden(said),
        "thoughts" => said.reasoning = thoughts(&content["thoughts"]),
        _ => said.text = words(content, left),
    }
    left.files += files.saturating_sub(count_images(content));
    if said.who == Who::Model && recipient != "all" && kind != "thoughts" {
        let arguments = serde_json::from_str::<Value>(&said.text).ok().filter(Value::is_object);
        let arguments = arguments.unwrap_or_else(|| serde_json::json!({ "input": said.text }));
        said.calls.push(Called { id: String::new(), name: recipient.to_owned(), arguments, result: None });
        said.text.clear();
    } else if kind == "code" && said.who == Who::Model {
        let language = content["language"].as_str().filter(|it| *it != "unknown").unwrap_or_default();
        said.text = format!("```{language}\n{}\n```", said.text);
    }
    said
}

/// Keeps its place in the chain, and says nothing.
fn hidden(said: Said) -> Said {
    Said { who: Who::Model, text: String::new(), ..said }
}

/// All text of a message; what is none is counted.
fn words(content: &Value, left: &mut Left) -> String {
    let mut words: Vec<&str> = vec![];
    for part in content["parts"].as_array().into_iter().flatten() {
        match part {
            Value::String(text) => words.push(text),
            other if is_image(other) => left.images += 1,
            other => match other["text"].as_str() {
                Some(text) => words.push(text),
                None => left.files += 1,
            },
        }
    }
    words.extend(["text", "result"].iter().filter_map(|key| content[key].as_str()));
    words.retain(|text| !text.trim().is_empty());
    words.join("\n\n")
}

fn is_image(part: &Value) -> bool {
    part["content_type"] == "image_asset_pointer"
}

fn count_images(content: &Value) -> usize {
    content["parts"].as_array().into_iter().flatten().filter(|part| is_image(part)).count()
}

fn thoughts(list: &Value) -> String {
    let thought = |thought: &Value| {
        let parts = [thought["summary"].as_str(), thought["content"].as_str()];
        parts.into_iter().flatten().collect::<Vec<&str>>().join("\n")
    };
    list.as_array().into_iter().flatten().map(thought).collect::<Vec<String>>().join("\n\n")
}
