//! Items as chat messages: the one place where Loquat's words become OpenAI's.

use std::collections::HashSet;

use chat::{CallStatus, Item, Message, Role, ToolCall};
use serde_json::{Value, json};

use super::ModelRequest;
use crate::attachments::{Given, GivenFile};

/// All messages of a request, in order: each call is followed by exactly one result.
pub(super) fn messages(request: &ModelRequest) -> Vec<Value> {
    let mut messages = vec![];
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    let mut ids = HashSet::new();
    for turn in request.earlier.iter() {
        turn_messages(&turn.items, request, &mut ids, &mut messages);
    }
    turn_messages(&request.items, request, &mut ids, &mut messages);
    messages
}

fn turn_messages(items: &[Item], request: &ModelRequest, ids: &mut HashSet<String>, messages: &mut Vec<Value>) {
    for round in items.chunk_by(|a, b| a.round() == b.round()) {
        let calls: Vec<&ToolCall> = round.iter().filter_map(call_of).collect();
        let mut said = round
            .iter()
            .filter_map(message_of)
            .filter(|message| !message.text.is_empty() || !message.attachments.is_empty());
        if calls.is_empty() {
            messages.extend(said.map(|message| plain(message, &request.given)));
            continue;
        }
        let text: Vec<&str> = said.by_ref().map(|message| message.text.as_str()).collect();
        let wire_ids: Vec<String> = calls.iter().map(|call| unique(&call.wire_id, ids)).collect();
        let proposed: Vec<Value> = calls.iter().zip(&wire_ids).map(|(call, id)| proposed(call, id)).collect();
        let content = if text.is_empty() { Value::Null } else { text.join("\n\n").into() };
        messages.push(json!({ "role": "assistant", "content": content, "tool_calls": proposed }));
        messages.extend(
            calls
                .iter()
                .zip(&wire_ids)
                .map(|(call, id)| json!({ "role": "tool", "tool_call_id": id, "content": result(call) })),
        );
        messages.extend(pictures(&calls, &wire_ids, request));
    }
}

/// Results are text alone in this API; the images of a round follow its results, as shown by the user.
fn pictures(calls: &[&ToolCall], wire_ids: &[String], request: &ModelRequest) -> Option<Value> {
    let mut parts = vec![];
    for (call, id) in calls.iter().zip(wire_ids) {
        for (nth, url) in request.pictures.get(&call.id).into_iter().flatten().enumerate() {
            let text = format!("Image {} in the result of {} ({id}):", nth + 1, call.called);
            parts.push(json!({ "type": "text", "text": text }));
            parts.push(json!({ "type": "image_url", "image_url": { "url": &**url } }));
        }
    }
    (!parts.is_empty()).then(|| json!({ "role": "user", "content": parts }))
}

fn call_of(item: &Item) -> Option<&ToolCall> {
    match item {
        Item::ToolCall(call) => Some(call),
        Item::Message(_) | Item::Question(_) => None,
    }
}

fn message_of(item: &Item) -> Option<&Message> {
    match item {
        Item::Message(message) => Some(message),
        Item::ToolCall(_) | Item::Question(_) => None,
    }
}

/// Thinking aloud is not sent back: it confuses many models.
fn plain(message: &Message, given: &Given) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    if message.attachments.is_empty() {
        return json!({ "role": role, "content": message.text });
    }
    let mut texts = vec![];
    let mut pictures = vec![];
    for file in &message.attachments {
        match given.get(&file.id) {
            Some(GivenFile::Text(text)) => texts.push(format!("File {:?}:\n\n{text}", file.name)),
            Some(GivenFile::Picture(url)) => {
                pictures.push(json!({ "type": "text", "text": format!("Picture {:?}:", file.name) }));
                pictures.push(json!({ "type": "image_url", "image_url": { "url": &**url } }));
            }
            None => texts.push(format!("(The file {:?} was attached here; it cannot be shown to you now.)", file.name)),
        }
    }
    texts.push(message.text.clone());
    let text = texts.join("\n\n");
    // One text is what every endpoint understands.
    if pictures.is_empty() {
        return json!({ "role": role, "content": text.trim() });
    }
    pictures.push(json!({ "type": "text", "text": text.trim() }));
    json!({ "role": role, "content": pictures })
}

fn proposed(call: &ToolCall, id: &str) -> Value {
    let arguments = match &call.arguments {
        Value::String(unreadable) => unreadable.clone(),
        readable => readable.to_string(),
    };
    json!({ "id": id, "type": "function", "function": { "name": call.called, "arguments": arguments } })
}

/// Some models number their calls anew in every round; a request needs each id once.
fn unique(wire_id: &str, ids: &mut HashSet<String>) -> String {
    let mut id = wire_id.to_owned();
    let mut nth = 1;
    while !ids.insert(id.clone()) {
        nth += 1;
        id = format!("{wire_id}_{nth}");
    }
    id
}

/// What the model is told of a call. An open one appears only when a turn broke off before it ran.
fn result(call: &ToolCall) -> String {
    let changed = call.leave.as_ref().and_then(|leave| leave.sent.as_ref());
    match changed {
        Some(sent) => format!("The user changed the arguments before it ran, to {sent}.\n{}", outcome(&call.status)),
        None => outcome(&call.status),
    }
}

fn outcome(status: &CallStatus) -> String {
    match status {
        CallStatus::Succeeded { output } => output.model_text.clone(),
        CallStatus::Failed { error } => {
            let cause = error.cause.as_deref().unwrap_or_default();
            format!("Tool error: {} {cause}", error.message).trim_end().to_owned()
        }
        CallStatus::Refused { reason } => format!("Refused: this call was not run, because {reason}."),
        CallStatus::Proposed | CallStatus::AwaitingApproval { .. } | CallStatus::Running { .. } => {
            "Refused: this call was not run.".into()
        }
    }
}
