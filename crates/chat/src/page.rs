//! A part of a conversation: as many turns as anybody reads at once.

use serde::{Deserialize, Serialize};

use crate::{Turn, TurnId};

/// Turns that follow one another, and how many there are around them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Oldest first.
    pub turns: Vec<Turn>,
    /// How many turns come before these.
    pub earlier: usize,
    /// How many turns come after these.
    pub later: usize,
}

/// Which part of a conversation is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "at", content = "turn", rename_all = "camelCase")]
pub enum PageFrom {
    /// Its latest turns.
    End,
    /// The turns that end right before this one.
    Before(TurnId),
    /// The turns that begin right after this one.
    After(TurnId),
    /// This one, with some before and after.
    Around(TurnId),
}
