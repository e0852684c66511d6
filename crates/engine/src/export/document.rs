//! What a document says of a conversation, whatever it is written in.

use chat::{Ask, CallStatus, ModelRef, Question, QuestionStatus, ToolCall, Turn, TurnStatus, visible};
use serde_json::Value;

use crate::provider::preset;

/// A moment, as people far away read it.
pub(super) fn moment(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

/// Who answered.
pub(super) fn who(model: &ModelRef) -> String {
    let provider = preset(&model.provider).map_or(model.provider.as_str(), |preset| preset.name);
    visible(&format!("{} ({provider})", model.model))
}

/// A call in a line: where it went, how it ended, how long it took.
pub(super) fn call_line(call: &ToolCall) -> String {
    let place = match (call.server.is_empty(), call.own) {
        (_, true) => format!("Loquat · {}", call.tool),
        (true, false) => call.tool.clone(),
        (false, false) => format!("{} · {}", call.server, call.tool),
    };
    let took = match (call.started_at, call.ended_at) {
        (Some(began), Some(ended)) => format!(", {} ms", ended.saturating_sub(began)),
        _ => String::new(),
    };
    let ended = match &call.status {
        CallStatus::Proposed | CallStatus::AwaitingApproval { .. } => "not run",
        CallStatus::Running { .. } => "not known how it ended",
        CallStatus::Succeeded { .. } => "succeeded",
        CallStatus::Failed { .. } => "failed",
        CallStatus::Refused { .. } => "refused",
    };
    visible(&format!("{place}: {ended}{took}"))
}

/// The arguments as JSON, or the model's own text where it was none.
pub(super) fn arguments(call: &ToolCall) -> String {
    match &call.arguments {
        Value::String(unreadable) => unreadable.clone(),
        readable => pretty(readable),
    }
}

/// What came of a call, in full.
pub(super) fn result(call: &ToolCall) -> Option<String> {
    match &call.status {
        CallStatus::Proposed | CallStatus::AwaitingApproval { .. } | CallStatus::Running { .. } => None,
        CallStatus::Succeeded { output } => Some(output.whole.clone().unwrap_or_else(|| output.model_text.clone())),
        CallStatus::Failed { error } => {
            let cause = error.cause.as_deref().unwrap_or_default();
            Some(format!("{} {cause}", error.message).trim_end().to_owned())
        }
        CallStatus::Refused { reason } => Some(reason.clone()),
    }
}

/// What a server asked, and what it was told.
pub(super) fn asked(question: &Question) -> String {
    let wanted = match &question.ask {
        Ask::Form { message, .. } => message.clone(),
        Ask::Url { message, url, .. } => format!("{message} ({url})"),
        Ask::Sampling { .. } => "the model's words".into(),
        Ask::SignIn { tool, .. } => format!("a sign-in for {tool}"),
    };
    let told = match &question.status {
        QuestionStatus::Waiting | QuestionStatus::Answering { .. } => "not answered".into(),
        QuestionStatus::Accepted { content: Some(content) } => content.to_string(),
        QuestionStatus::Accepted { content: None } => "agreed".into(),
        QuestionStatus::Declined => "declined".into(),
        QuestionStatus::Cancelled { reason } => format!("cancelled: {reason}"),
    };
    visible(&format!("{} asked: {wanted} — {told}", question.server))
}

/// Why an answer is not whole.
pub(super) fn ending(turn: &Turn) -> Option<String> {
    match &turn.status {
        TurnStatus::Completed => None,
        TurnStatus::Running => Some("The answer was still being written.".into()),
        TurnStatus::Stopped => Some("The answer was stopped.".into()),
        TurnStatus::Failed { error } => {
            let cause = error.cause.as_deref().unwrap_or_default();
            Some(format!("The answer failed: {} {cause}", error.message).trim_end().to_owned())
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}
