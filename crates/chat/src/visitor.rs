//! Other programs that come in: through the API, or through the gateway.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ConversationId;

/// Through which door a visitor came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Way {
    Api,
    Gateway,
}

/// A call that another program wants made, and that waits for a person's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct VisitorCall {
    pub id: String,
    pub way: Way,
    /// Whose key was shown.
    pub who: String,
    pub tool: String,
    /// The tool's server, where it is one of this computer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub server: Option<String>,
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub arguments: Value,
    /// Why somebody is asked.
    pub reason: String,
    /// The conversation in which it waits as well, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
}

/// One request of another program: under way, or of a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct VisitorRequest {
    pub id: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Whose key was shown.
    pub who: String,
    /// What was asked for: a path, or a tool.
    pub what: String,
    pub state: RequestState,
    /// How long it took, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub duration_ms: Option<u64>,
    /// Tokens read and written for it, where a model was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tokens: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum RequestState {
    Running,
    Answered,
    /// It was refused, or could not be answered.
    Failed {
        code: String,
    },
    /// Whoever asked left before the end.
    Left,
}

/// Tools that visitors can use, by the server or service behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Exposed {
    pub name: String,
    pub tools: u32,
    /// How many of them wait for a person's word.
    pub asking: u32,
}
