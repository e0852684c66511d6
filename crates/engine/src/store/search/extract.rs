//! What of a turn can be found.

use chat::{Ask, CallStatus, Item, Question, Role, ToolCall, Turn};

use crate::search::SearchKind;

/// Of a long result the beginning can be found.
const MOST: usize = 128 * 1024;

pub(super) struct Findable {
    pub(super) item: String,
    pub(super) kind: SearchKind,
    pub(super) at: u64,
    pub(super) text: String,
}

/// The words of a turn, item by item. What a model thought aloud is not among them: it is no answer.
pub(super) fn findable(turn: &Turn) -> Vec<Findable> {
    let mut at = turn.started_at;
    let found = turn.items.iter().map(|item| {
        let (kind, text) = match item {
            Item::Message(message) => {
                at = message.at;
                (
                    if message.role == Role::User { SearchKind::Asked } else { SearchKind::Answered },
                    message.text.clone(),
                )
            }
            Item::ToolCall(call) => {
                at = call.started_at.or(call.ended_at).unwrap_or(at);
                (SearchKind::Called, call_text(call))
            }
            Item::Question(question) => {
                at = question.at;
                (SearchKind::ServerAsked, question_text(question))
            }
        };
        Findable { item: item.id().to_owned(), kind, at, text: beginning(text) }
    });
    found.filter(|each| !each.text.trim().is_empty()).collect()
}

/// Its tool, its arguments and what came of it.
fn call_text(call: &ToolCall) -> String {
    let outcome = match &call.status {
        CallStatus::Succeeded { output } => output.whole.as_deref().unwrap_or(&output.model_text).to_owned(),
        CallStatus::Failed { error } => {
            [Some(error.message.as_str()), error.cause.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
        CallStatus::Refused { reason } => reason.clone(),
        CallStatus::Proposed | CallStatus::AwaitingApproval { .. } | CallStatus::Running { .. } => String::new(),
    };
    let title = call.title.as_deref().unwrap_or_default();
    format!("{} · {} {title}\n{}\n{outcome}", call.server, call.tool, call.arguments)
}

fn question_text(question: &Question) -> String {
    let words = match &question.ask {
        Ask::Form { message, .. } => message.clone(),
        Ask::Url { message, url, .. } => format!("{message}\n{url}"),
        Ask::Sampling { request } => request.system_prompt.clone().unwrap_or_default(),
        Ask::SignIn { .. } => String::new(),
    };
    format!("{}\n{words}", question.server)
}

fn beginning(text: String) -> String {
    if text.len() <= MOST { text } else { text[..text.floor_char_boundary(MOST)].to_owned() }
}
