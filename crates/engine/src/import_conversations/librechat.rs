//! LibreChat's export of one conversation: messages in a list (`messages`) or within each other (`messagesTree`).

use serde_json::{Map, Value};

use super::claude::join;
use super::found::{Found, Left, iso, text};
use super::tree::{Called, Origin, Said, Who, planted};

/// What the first message names as the one before it.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn found(entry: &Map<String, Value>) -> Option<Found> {
    let id = text(entry.get("conversationId"))?;
    let list = entry.get("messagesTree").or(entry.get("messages"))?;
    let mut left = Left::default();
    let mut said = vec![];
    // What is still to be looked at, each with the message that it lies within.
    let mut waiting: Vec<(&Value, Option<&str>)> = vec![];
    waiting.extend(each(list).rev().map(|message| (message, None)));
    while let Some((message, within)) = waiting.pop() {
        let named = message["parentMessageId"].as_str().filter(|parent| *parent != NOBODY);
        let parent = within.or(named).map(str::to_owned);
        let at = said.len();
        said.push(Said { parent, ..message_said(message, at, &mut left) });
        let id = message["messageId"].as_str();
        waiting.extend(each(&message["children"]).rev().map(|child| (child, id)));
    }
    let created_at = said.iter().filter_map(|said| said.at).min().unwrap_or_default();
    let updated_at = said.iter().filter_map(|said| said.at).max().unwrap_or(created_at);
    let model = entry.get("options").and_then(|options| options["model"].as_str()).unwrap_or("unknown").to_owned();
    let origin = Origin { provider: "librechat", model, at: created_at };
    let found = Found::new("librechat", id, text(entry.get("title")).unwrap_or_default());
    // It does not say which branch was looked at: the one that was written last.
    let latest = said.iter().max_by_key(|said| said.at).map(|said| said.id.clone());
    let planted = planted(said, latest.as_deref(), found.id.as_str(), &origin);
    Some(found.of(planted, left).at(created_at, updated_at))
}

/// The messages of a list; a single one counts as one.
fn each(list: &Value) -> Box<dyn DoubleEndedIterator<Item = &Value> + '_> {
    match list {
        Value::Array(messages) => Box::new(messages.iter()),
        Value::Object(_) => Box::new(std::iter::once(list)),
        _ => Box::new(std::iter::empty()),
    }
}

fn message_said(message: &Value, at: usize, left: &mut Left) -> Said {
    let by_person = message["isCreatedByUser"].as_bool().unwrap_or(message["sender"] == "User");
    let who = if by_person { Who::Person } else { Who::Model };
    let id = message["messageId"].as_str().map_or_else(|| format!("#{at}"), str::to_owned);
    let mut said = Said { at: iso(message.get("createdAt")), ..Said::new(id, who) };
    if !by_person {
        said.model = message["model"].as_str().map(str::to_owned);
    }
    for part in message["content"].as_array().into_iter().flatten() {
        take_part(part, &mut said, left);
    }
    if said.text.trim().is_empty() {
        said.text = message["text"].as_str().unwrap_or_default().to_owned();
    }
    for file in ["files", "attachments"].iter().flat_map(|key| message[key].as_array().into_iter().flatten()) {
        let is_image = file["type"].as_str().is_some_and(|kind| kind.starts_with("image/"));
        if is_image { left.images += 1 } else { left.files += 1 }
    }
    said
}

fn take_part(part: &Value, said: &mut Said, left: &mut Left) {
    let words = |value: &Value| value["value"].as_str().or(value.as_str()).unwrap_or_default().to_owned();
    match part["type"].as_str().unwrap_or_default() {
        "text" => join(&mut said.text, &words(&part["text"])),
        "think" => join(&mut said.reasoning, &words(&part["think"])),
        "error" => join(&mut said.text, &words(&part["error"])),
        "tool_call" => {
            let call = &part["tool_call"];
            let arguments = match &call["args"] {
                Value::String(written) => {
                    serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.clone()))
                }
                other => other.clone(),
            };
            said.calls.push(Called {
                id: call["id"].as_str().unwrap_or_default().to_owned(),
                name: call["name"].as_str().unwrap_or("tool").to_owned(),
                arguments,
                result: call["output"].as_str().map(|output| Ok(output.to_owned())),
            });
        }
        "image_file" | "image_url" => left.images += 1,
        _ => (),
    }
}
