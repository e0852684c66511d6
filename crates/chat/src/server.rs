//! What is known of a server and of the tools that it offers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ErrorReport, SignInStage};

/// How a server stands, honestly: `Ready` means that it answered just now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerState {
    Off,
    Connecting,
    /// `latency_ms`: the last round trip measured, in milliseconds.
    Ready {
        tools: u32,
        latency_ms: f64,
    },
    NeedsSignIn,
    /// Nobody has agreed yet that this command line may run here; secrets are masked.
    NeedsConsent {
        command: String,
    },
    /// Somebody signs in just now.
    SigningIn {
        step: SignInStage,
    },
    /// It was lost; the next attempt is made at `at`.
    Reconnecting {
        at: u64,
        error: ErrorReport,
    },
    Failed {
        error: ErrorReport,
    },
}

/// A start under way: since when, and what of the log belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Starting {
    /// Unix time, in milliseconds.
    pub since: u64,
    /// How many lines it had written before to its standard error; what follows is of this start.
    pub logged: u64,
}

/// One tool as its server describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// The server's configured name.
    pub server: String,
    /// The tool's own name at its server, with every character visible.
    pub name: String,
    /// Its name to the byte, where that holds characters nobody can see: what calls are sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub raw_name: Option<String>,
    /// The name the model is given: `server__tool`, made safe and unique.
    pub called: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub description: String,
    /// Verbatim, as the server sent it (JSON Schema).
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub input_schema: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
    pub output_schema: Option<Value>,
    pub hints: ToolHints,
    /// The fingerprint of all of the above: what approvals hold for. Empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>", optional))]
    pub definition: String,
    /// About what its definition costs in a request, in tokens.
    pub tokens: u32,
    /// What is odd about its definition, in words for people.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// MCP tool annotations. Absent hints mean the worst, as the specification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ToolHints {
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
    pub open_world: bool,
    /// Whether the server said anything of it at all; where not, the others are only the worst case.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub stated: bool,
}

impl Default for ToolHints {
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true, stated: false }
    }
}
