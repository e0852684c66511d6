//! A conversation: turns in order, and who answers in it.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Link, Turn};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    pub id: ConversationId,
    pub title: String,
    pub created_at: u64,
    /// The branch that is looked at, oldest first.
    pub turns: Vec<Turn>,
    /// The turns that stand in the same place as one of these, and those themselves; oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Link>>", optional))]
    pub versions: Vec<Link>,
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
    /// Whether it is kept on top of the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub pinned: bool,
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
