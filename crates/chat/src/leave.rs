//! Who let a call run, and with what: what was proposed, approved and sent are kept apart.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ToolCall;

/// Why a call could run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    pub by: LeaveBy,
    /// The arguments that a person put in place of the proposed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
    pub approved: Option<Value>,
    /// What went to the server, where that is not what was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
    pub sent: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "who", rename_all = "camelCase")]
pub enum LeaveBy {
    /// Was asked and said yes.
    Person,
    Rule {
        /// The rule in words.
        words: String,
        /// The remembered rule, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        rule: Option<String>,
    },
}

impl ToolCall {
    /// What may go to the server: what was approved, where a person changed what was proposed.
    pub fn effective(&self) -> &Value {
        self.leave.as_ref().and_then(|leave| leave.approved.as_ref()).unwrap_or(&self.arguments)
    }
}
