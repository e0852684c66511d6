//! What turns took, added up: by month and model, for all conversations or for one.

use chat::{ConversationId, ErrorReport, ModelRef, Usage};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;

/// What one model read and wrote in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ModelFigures {
    /// Such as `2026-11`, by this computer's clock.
    pub month: String,
    pub model: ModelRef,
    pub turns: u64,
    pub usage: Usage,
}

impl Engine {
    /// What turns took, newest month first; of one conversation where one is named, with all its branches.
    pub async fn figures(&self, conversation: Option<&ConversationId>) -> Result<Vec<ModelFigures>, ErrorReport> {
        self.inner.store.figures(conversation).await.map_err(|error| error.report())
    }
}
