//! Every call ever made: who wanted it, where it went, with what, by whose leave, and what came of it.
//!
//! An entry is written with the journal before the call may run, and completed when it has ended.

mod export;
mod keeping;

use std::io::Write;

use chat::{CallId, CallStatus, ConversationId, ErrorReport, ModelRef, Output, Progress, ToolCall, TurnId};
use mcp::{CallError, CallRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::clock::now;
use crate::engine::{Engine, fresh_id};
pub use export::LedgerFormat;
pub(crate) use keeping::Ledger;

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Counts up: the later, the larger.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub number: u64,
    pub call: CallId,
    /// When it was proposed.
    pub at: u64,
    pub face: Face,
    /// The name of the key with which another program wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub key: Option<String>,
    /// Nothing where no conversation was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub turn: Option<TurnId>,
    /// Who wanted it; nothing where a person called the tool by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub model: Option<ModelRef>,
    /// Empty where no server has such a tool, or the tool is Loquat's own.
    pub server: String,
    pub tool: String,
    /// In whose name it was called, where that was to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub account: Option<String>,
    /// As sent. Secrets are masked; what is very long is cut and is then a text.
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub arguments: Value,
    /// What the model proposed, where that is not what was sent; shown likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "unknown"))]
    pub proposed: Option<Value>,
    pub decision: LedgerDecision,
    /// The rule from which the decision follows, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub rule: Option<String>,
    /// Why it was asked about or did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<String>,
    pub outcome: LedgerOutcome,
    /// What failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub error: Option<String>,
    /// The size of the result as it came over the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub started_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ended_at: Option<u64>,
}

/// Through what a call was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Face {
    Window,
    #[default]
    Terminal,
    /// Another program, over HTTP.
    Api,
}

/// By whose leave a call ran or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum LedgerDecision {
    /// Nobody has judged it: it could not be run at all, or has not been looked at yet.
    None,
    /// A rule allowed it.
    Allowed,
    /// A rule denied it.
    Denied,
    /// A person is being asked.
    Waiting,
    /// A person allowed it.
    Approved,
    /// A person said no, or nobody answered.
    Refused,
    /// A person called the tool by hand.
    ByHand,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum LedgerOutcome {
    /// It has not run (yet).
    Open,
    Running,
    Succeeded,
    Failed,
    Refused,
}

impl LedgerOutcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn of(status: &CallStatus) -> Self {
        match status {
            CallStatus::Proposed | CallStatus::AwaitingApproval { .. } => Self::Open,
            CallStatus::Running { .. } => Self::Running,
            CallStatus::Succeeded { .. } => Self::Succeeded,
            CallStatus::Failed { .. } => Self::Failed,
            CallStatus::Refused { .. } => Self::Refused,
        }
    }
}

/// Which entries somebody wants to see; what is absent lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct LedgerFilter {
    #[cfg_attr(feature = "ts", ts(optional))]
    pub server: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tool: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<LedgerOutcome>,
    /// Proposed at that time or later.
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub since: Option<u64>,
    /// Words that stand anywhere in it, in any case.
    #[cfg_attr(feature = "ts", ts(optional))]
    pub text: Option<String>,
    /// Those before the one of this number.
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub before: Option<u64>,
}

/// A part of the ledger, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LedgerPage {
    pub entries: Vec<LedgerEntry>,
    /// Whether there are earlier ones that fit.
    pub more: bool,
    /// How many fit altogether.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: u64,
}

/// So many are read at once.
const PAGE: usize = 100;

impl Engine {
    /// The newest calls that fit: those of all copies where this engine is one of several.
    pub async fn ledger(&self, filter: &LedgerFilter) -> Result<LedgerPage, ErrorReport> {
        if let Some(copies) = &self.inner.copies {
            return copies.ledger(filter, PAGE).await;
        }
        if let Err(error) = self.inner.store.flush().await {
            tracing::warn!("reading while writing fails: {error}");
        }
        self.inner.store.ledger(filter, PAGE).await.map_err(|error| error.report())
    }

    /// Writes every call that fits, newest first; returns how many there were.
    pub async fn export_ledger(
        &self,
        filter: &LedgerFilter,
        format: LedgerFormat,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, ErrorReport> {
        let mut filter = filter.clone();
        let mut written = 0;
        export::begin(format, out)?;
        loop {
            let page = self.ledger(&filter).await?;
            for entry in &page.entries {
                export::write(format, entry, out)?;
                written += 1;
            }
            filter.before = page.entries.last().map(|entry| entry.number);
            if !page.more {
                return Ok(written);
            }
        }
    }

    /// Calls a tool because a person wants it, without a model; the ledger knows of it.
    pub async fn call_by_hand(
        &self,
        request: CallRequest,
        progress: impl Fn(Progress) + Send + Sync + 'static,
        stop: CancellationToken,
    ) -> Result<Output, CallError> {
        let ledger = Ledger::new(self, None);
        let call = keeping::by_hand(CallId(fresh_id()), &request);
        ledger.by_hand(&call);
        if let Err(error) = self.inner.store.flush().await {
            // A person wants it now and sees what it does.
            tracing::error!("a call by hand is not in the ledger: {error}");
        }
        let result = self.inner.servers.call(request, progress, stop).await;
        let status = match &result {
            Ok(output) => CallStatus::Succeeded { output: output.clone() },
            Err(error) => CallStatus::Failed { error: error.report() },
        };
        ledger.by_hand(&ToolCall { status, ended_at: Some(now()), ..call });
        result
    }
}
