//! Conversations that were removed: for a while they can be brought back, then they are gone.

use std::time::Duration;

use chat::{ConversationId, ErrorReport};
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::engine::Engine;

/// So long a removed conversation can be brought back.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A conversation that was removed and is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub id: ConversationId,
    pub title: String,
    pub removed_at: u64,
    /// From then on it is deleted for good.
    pub gone_at: u64,
}

impl Engine {
    /// What was removed and can be brought back, the latest first.
    pub async fn removed(&self) -> Result<Vec<Removed>, ErrorReport> {
        self.settle_store().await;
        let removed = self.inner.store.removed().await.map_err(|error| error.report())?;
        let removed = removed.into_iter().map(|(summary, removed_at)| {
            let gone_at = removed_at.saturating_add(kept());
            Removed { id: summary.id, title: summary.title, removed_at, gone_at }
        });
        Ok(removed.collect())
    }

    /// Deletes for good what was removed long ago.
    pub(crate) fn purge(&self) {
        self.inner.store.purge(now().saturating_sub(kept()));
    }
}

fn kept() -> u64 {
    u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX)
}
