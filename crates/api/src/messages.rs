//! What a caller says was said before, as turns.

use chat::{Attachment, CallId, CallStatus, Content, Item, ItemId, Message, ModelRef, Output, Role, Tool, ToolCall};
use chat::{ToolHints, Turn, TurnId, TurnStatus};
use engine::{Brought, CALLER};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::handed::Handed;
use crate::pictures::{Pictures, is_picture};

/// A request's messages, read.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) system: Option<String>,
    pub(crate) earlier: Vec<Turn>,
    /// The question, and what of its answer there is already.
    pub(crate) items: Vec<Item>,
    /// What comes with any of it.
    pub(crate) files: Vec<Brought>,
}

/// Reads the messages of a chat completion request.
pub(crate) async fn read(messages: &Value, model: &ModelRef, handed: &Handed) -> Result<Said, ApiError> {
    let pictures = Pictures::read(messages).await?;
    let said = read_with(&pictures, messages, model, handed)?;
    Ok(Said { files: pictures.files, ..said })
}

fn read_with(pictures: &Pictures, messages: &Value, model: &ModelRef, handed: &Handed) -> Result<Said, ApiError> {
    let Some(messages) = messages.as_array().filter(|messages| !messages.is_empty()) else {
        return Err(ApiError::wrong("messages", "`messages` must be a list with at least one message."));
    };
    let (mut system, mut reading) = (vec![], Reading { turns: vec![], round: 0, handed });
    for (at, message) in messages.iter().enumerate() {
        let param = format!("messages[{at}]");
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        match role {
            "system" | "developer" => system.push(text(message, &param)?),
            "user" => reading.question(question_text(message, &param)?, pictures.of(at)),
            "assistant" => reading.answer(message, &param)?,
            "tool" => reading.result(message, &param)?,
            _ => {
                let known = "system, developer, user, assistant and tool";
                let message = format!("A message's `role` must be one of {known}, not '{role}'.");
                return Err(ApiError::wrong(&format!("{param}.role"), message));
            }
        }
    }
    let last = messages.last().and_then(|message| message.get("role")).and_then(Value::as_str);
    if !matches!(last, Some("user" | "tool")) {
        return Err(ApiError::wrong("messages", "The last message must be the user's, or a tool's result."));
    }
    let mut turns = reading.turns;
    let items = turns.pop().unwrap_or_default();
    let earlier = turns.into_iter().enumerate().map(|(at, items)| ended(at, items, model)).collect();
    let system = (!system.is_empty()).then(|| system.join("\n\n"));
    Ok(Said { system, earlier, items, files: vec![] })
}

/// A question of the user.
pub(crate) fn question(text: String) -> Item {
    Item::Message(message("q".into(), Role::User, 0, text))
}

/// The caller's own tools, as OpenAI's `tools`.
pub(crate) fn tools(list: &Value) -> Result<Vec<Tool>, ApiError> {
    let list = match list {
        Value::Null => return Ok(vec![]),
        Value::Array(list) => list,
        _ => return Err(ApiError::wrong("tools", "`tools` must be a list.")),
    };
    list.iter().enumerate().map(|(at, tool)| own_tool(tool, at)).collect()
}

fn own_tool(tool: &Value, at: usize) -> Result<Tool, ApiError> {
    // Chat completions nest what a function is; responses do not.
    let function = tool.get("function").unwrap_or(tool);
    let kind = tool.get("type").and_then(Value::as_str);
    let name = function.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let (Some("function"), Some(name)) = (kind, name) else {
        let message = "A tool must be a function with a name; other kinds are not known here.";
        return Err(ApiError::wrong(&format!("tools[{at}]"), message));
    };
    let schema = function.get("parameters").cloned().unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
    let tool = json!({
        "server": CALLER,
        "name": name,
        "called": name,
        "description": function.get("description").and_then(Value::as_str).unwrap_or_default(),
        "inputSchema": schema,
        "hints": ToolHints::default(),
        "tokens": 0,
    });
    serde_json::from_value(tool).map_err(|error| ApiError::wrong(&format!("tools[{at}]"), error.to_string()))
}

struct Reading<'a> {
    turns: Vec<Vec<Item>>,
    round: u32,
    handed: &'a Handed,
}

impl Reading<'_> {
    fn question(&mut self, text: String, attachments: Vec<Attachment>) {
        self.round = 0;
        let asked = Message { attachments, ..message("q".into(), Role::User, 0, text) };
        self.turns.push(vec![Item::Message(asked)]);
    }

    fn answer(&mut self, said: &Value, param: &str) -> Result<(), ApiError> {
        let calls = said.get("tool_calls").and_then(Value::as_array).cloned().unwrap_or_default();
        let handed = calls.iter().find_map(|call| self.handed.get(call.get("id")?.as_str()?));
        if self.turns.is_empty() {
            // Some begin with the assistant's greeting.
            self.turns.push(vec![]);
        }
        let Some(turn) = self.turns.last_mut() else { return Ok(()) };
        if let Some(items) = handed {
            // Our own words of it, with what our tools returned: the caller never saw that.
            turn.truncate(1);
            turn.extend(items.iter().cloned());
            self.round = items.iter().map(Item::round).max().unwrap_or_default();
            return Ok(());
        }
        let text = match said.get("content") {
            None | Some(Value::Null) => String::new(),
            Some(_) => text(said, param)?,
        };
        self.round += 1;
        let round = self.round;
        if !text.is_empty() || calls.is_empty() {
            turn.push(Item::Message(message(format!("m{round}"), Role::Assistant, round, text)));
        }
        for (at, call) in calls.iter().enumerate() {
            turn.push(Item::ToolCall(proposed(call, round, &format!("{param}.tool_calls[{at}]"))?));
        }
        Ok(())
    }

    fn result(&mut self, said: &Value, param: &str) -> Result<(), ApiError> {
        let id = said.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
        let text = text(said, param)?;
        let known = self.turns.last_mut().and_then(|turn| {
            turn.iter_mut().rev().find_map(|item| match item {
                Item::ToolCall(call) if call.wire_id == id || call.id.as_str() == id => Some(call),
                _ => None,
            })
        });
        let Some(call) = known else {
            let message = format!("No message before this one has a call with the id '{id}'.");
            return Err(ApiError::wrong(&format!("{param}.tool_call_id"), message));
        };
        let bytes = text.len().max(1) as u64;
        let content = vec![Content::Text { text: text.clone() }];
        let output =
            Output { content, structured: None, model_text: text, whole: None, bytes, withheld: 0, too_deep: false };
        call.status = CallStatus::Succeeded { output };
        Ok(())
    }
}

fn proposed(call: &Value, round: u32, param: &str) -> Result<ToolCall, ApiError> {
    let function = call.get("function").unwrap_or(&Value::Null);
    let part = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (Some(id), Some(name)) = (part(call, "id"), part(function, "name")) else {
        return Err(ApiError::wrong(param, "A call needs an `id` and a function's `name`."));
    };
    let written = part(function, "arguments").unwrap_or_default();
    let arguments = serde_json::from_str(&written).unwrap_or(Value::String(written));
    let call = json!({
        "id": id, "wireId": id, "round": round, "called": name, "server": CALLER, "tool": name,
        "hints": ToolHints::default(), "arguments": arguments,
        "status": { "state": "refused", "reason": "its result was not sent" },
    });
    serde_json::from_value(call).map_err(|error| ApiError::wrong(param, error.to_string()))
}

fn message(id: String, role: Role, round: u32, text: String) -> Message {
    Message { id: ItemId(id), role, round, text, reasoning: String::new(), attachments: vec![], at: 0, spoke_at: None }
}

fn ended(at: usize, items: Vec<Item>, model: &ModelRef) -> Turn {
    let mut turn = Turn::new(TurnId(format!("t{at}")), model.clone(), question(String::new()), 0);
    (turn.items, turn.status) = (items, TurnStatus::Completed);
    turn
}

/// The text of a message: a string, or parts of which each is text.
fn text(message: &Value, param: &str) -> Result<String, ApiError> {
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => parts.iter().map(|part| part_text(part).ok_or_else(|| only_text(param))).collect(),
        _ => {
            let wrong = "A message needs a `content`: a string, or a list of text parts.";
            Err(ApiError::wrong(&format!("{param}.content"), wrong))
        }
    }
}

/// The same of a question, between whose texts there may be pictures.
fn question_text(message: &Value, param: &str) -> Result<String, ApiError> {
    let Some(Value::Array(parts)) = message.get("content") else { return text(message, param) };
    let texts = parts.iter().filter(|part| !is_picture(part));
    texts.map(|part| part_text(part).ok_or_else(|| only_text(param))).collect()
}

fn part_text(part: &Value) -> Option<String> {
    let kind = part.get("type")?.as_str()?;
    matches!(kind, "text" | "input_text" | "output_text").then(|| part.get("text")?.as_str().map(str::to_owned))?
}

fn only_text(param: &str) -> ApiError {
    let message = "Only parts of type `text` can be read here, and pictures (`image_url`) in messages of the user; \
                   audio and files cannot.";
    ApiError::wrong(&format!("{param}.content"), message)
}

/// A call's id as its caller knows it: unlike the model's own, it is unique.
pub(crate) fn caller_id(id: &CallId) -> String {
    let plain: String = id.as_str().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    format!("call_{plain}")
}

#[cfg(test)]
mod tests;
