//! A conversation: turns in order, and who answers in it.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Turn};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    pub id: ConversationId,
    pub title: String,
    pub created_at: u64,
    /// Oldest first.
    pub turns: Vec<Turn>,
}

/// What the list of conversations shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    pub id: ConversationId,
    pub title: String,
    pub created_at: u64,
    /// When its latest turn began or ended.
    pub updated_at: u64,
    /// Whether a turn is under way.
    pub running: bool,
}

/// One model at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ModelRef {
    /// `openai`, `lmstudio`, `practice` or `custom`.
    pub provider: String,
    /// Any string that the provider understands.
    pub model: String,
}
