//! What a turn says, told piece by piece: the same for whoever streams it and whoever waits for the whole.

use std::collections::HashMap;

use chat::{CallStatus, Item, Role, ToolCall, TurnEvent, TurnStatus, Usage};
use engine::{Visiting, is_handed};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::messages::caller_id;

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Reasoning(String),
    /// A call of one of our own tools moved on: it is run here, the caller only watches.
    Call(Value),
    End(End),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// The whole answer is there.
    Stop,
    /// The model may say no more: the answer is as long as was allowed.
    Length,
    /// The provider's filter ended it.
    Filtered,
    /// The caller must run these first.
    Calls(Vec<HandedCall>),
    Failed(ApiError),
}

/// A call of a tool that the caller brought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HandedCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON, as the model wrote it.
    pub(crate) arguments: String,
}

/// Follows a turn to its end.
pub(crate) struct Answer {
    visiting: Visiting,
    /// Every item after the question, as it stands.
    items: Vec<Item>,
    /// How much of each message has been told, in bytes.
    told: HashMap<String, usize>,
    spoke: bool,
    pub(crate) usage: Usage,
    waiting: std::collections::VecDeque<Piece>,
}

impl Answer {
    pub(crate) fn new(visiting: Visiting) -> Self {
        let told = HashMap::new();
        Self { visiting, items: vec![], told, spoke: false, usage: Usage::default(), waiting: Default::default() }
    }

    /// What comes next; [`Piece::End`] is the last.
    pub(crate) async fn next(&mut self) -> Piece {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return piece;
            }
            let Some(event) = self.visiting.next().await else { return Piece::End(End::Failed(ApiError::stopped())) };
            self.take(event);
        }
    }

    /// Whether nothing at all was said or done.
    pub(crate) fn is_empty(&self) -> bool {
        !self.spoke && !self.items.iter().any(|item| matches!(item, Item::ToolCall(_)))
    }

    pub(crate) fn visiting(&self) -> &Visiting {
        &self.visiting
    }

    /// Everything of the answer so far, for when the caller comes back with results. Handed calls are named as the
    /// caller knows them.
    pub(crate) fn items(&self) -> Vec<Item> {
        let named = |item: &Item| match item {
            Item::ToolCall(call) if is_handed(call) => {
                let status = CallStatus::Refused { reason: "its result was not sent".into() };
                Item::ToolCall(ToolCall { wire_id: caller_id(&call.id), status, ..call.clone() })
            }
            other => other.clone(),
        };
        self.items.iter().map(named).collect()
    }

    fn take(&mut self, event: TurnEvent) {
        match event {
            TurnEvent::Asked | TurnEvent::Retrying { .. } | TurnEvent::Noted { .. } | TurnEvent::Condensed { .. } => (),
            TurnEvent::Text { id, delta } => self.say(&id, &delta),
            TurnEvent::Reasoning { delta, .. } => self.waiting.push_back(Piece::Reasoning(delta)),
            TurnEvent::Usage { usage, .. } => self.usage += usage,
            TurnEvent::Item { item } => self.item(item),
            TurnEvent::Ended { status, .. } => {
                let end = self.end(status);
                self.waiting.push_back(Piece::End(end));
            }
        }
    }

    fn item(&mut self, item: Item) {
        match &item {
            Item::Message(message) if message.role == Role::Assistant => {
                let told = self.told.get(message.id.as_str()).copied();
                if told.is_none() && !message.reasoning.is_empty() {
                    self.waiting.push_back(Piece::Reasoning(message.reasoning.clone()));
                }
                let rest = message.text.get(told.unwrap_or_default()..).unwrap_or_default().to_owned();
                let id = message.id.as_str().to_owned();
                self.told.entry(id.clone()).or_default();
                self.say(&id, &rest);
            }
            // What a server asks is for the person whose Loquat this is.
            Item::Message(_) | Item::Question(_) => (),
            Item::ToolCall(call) if call.server == engine::CALLER => (),
            Item::ToolCall(call) => self.waiting.push_back(Piece::Call(activity(call))),
        }
        match self.items.iter_mut().rfind(|known| known.id() == item.id()) {
            Some(known) => *known = item,
            None => self.items.push(item),
        }
    }

    fn say(&mut self, id: &str, delta: &str) {
        if delta.is_empty() {
            return;
        }
        let told = self.told.entry(id.to_owned()).or_default();
        let begins = *told == 0;
        *told += delta.len();
        // What is said after a call is a paragraph of its own.
        let text = if begins && self.spoke { format!("\n\n{delta}") } else { delta.to_owned() };
        self.spoke = true;
        self.waiting.push_back(Piece::Text(text));
    }

    fn end(&self, status: TurnStatus) -> End {
        let handed: Vec<HandedCall> = self.items.iter().filter_map(handed).collect();
        match status {
            _ if !handed.is_empty() => End::Calls(handed),
            TurnStatus::Completed | TurnStatus::Running => End::Stop,
            TurnStatus::Stopped => End::Failed(ApiError::stopped()),
            // It was told to stop there.
            TurnStatus::Failed { error } if error.code == chat::ErrorCode::AnswerTooLong => End::Length,
            TurnStatus::Failed { error } if error.code == chat::ErrorCode::AnswerFiltered => End::Filtered,
            TurnStatus::Failed { error } => End::Failed(error.into()),
        }
    }
}

fn handed(item: &Item) -> Option<HandedCall> {
    let Item::ToolCall(call) = item else { return None };
    is_handed(call).then(|| HandedCall {
        id: caller_id(&call.id),
        name: call.called.clone(),
        arguments: match &call.arguments {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    })
}

/// A call as the caller is told of it: an extension that other clients pass over.
fn activity(call: &ToolCall) -> Value {
    let mut value = json!({
        "id": call.id, "server": call.server, "tool": call.tool, "name": call.called, "arguments": call.arguments,
    });
    let (state, more) = match &call.status {
        CallStatus::Proposed => ("proposed", None),
        CallStatus::AwaitingApproval { reason, .. } => ("awaiting_approval", Some(("reason", json!(reason)))),
        CallStatus::Running { progress } => {
            ("running", progress.as_ref().map(|progress| ("progress", json!(progress))))
        }
        CallStatus::Succeeded { output } => ("succeeded", Some(("output", json!(output.model_text)))),
        CallStatus::Failed { error } => ("failed", Some(("error", json!(error)))),
        CallStatus::Refused { reason } => ("refused", Some(("reason", json!(reason)))),
    };
    value["state"] = json!(state);
    if let Some((key, more)) = more {
        value[key] = more;
    }
    if let (Some(started), Some(ended)) = (call.started_at, call.ended_at) {
        value["duration_ms"] = json!(ended.saturating_sub(started));
    }
    value
}
