//! Everything the page may ask for, declared once: registration and TypeScript come from the same lines.

use chat::{CallId, ConversationId, ModelRef, TurnId};
use serde::{Deserialize, Serialize};

/// A question for a conversation; a new one is begun where none is named.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendMessage {
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    conversation: Option<ConversationId>,
    text: String,
    /// Who shall answer; the model of the settings where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    model: Option<ModelRef>,
}

/// Where a question went.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    conversation: ConversationId,
    turn: TurnId,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerApproval {
    call: CallId,
    allow: bool,
    /// A word to the model, with a refusal.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    word: Option<String>,
}
