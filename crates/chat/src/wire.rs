//! What was said between us and a server.

use serde::{Deserialize, Serialize};

/// One JSON-RPC message as it went by, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct WireLine {
    pub at: u64,
    /// Whether we said it.
    pub out: bool,
    /// JSON; where it was long, only its beginning.
    pub text: String,
    /// How long the whole message was.
    pub bytes: u64,
}
