//! How a server that is a program is started, as a person may see it.

use serde::{Deserialize, Serialize};

use crate::ErrorReport;

/// What starting a server's program comes down to on this computer. No value of a variable is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    /// The program as it is configured.
    pub command: String,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub program: Option<String>,
    /// Secrets masked.
    pub args: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cwd: Option<String>,
    /// The folders in which it and what it starts are looked for, in this order.
    pub path: Vec<String>,
    /// The names of its environment variables.
    pub variables: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sandbox: Option<Sandbox>,
    /// The whole line that is run, with what keeps it in its sandbox; secrets masked.
    pub line: String,
    /// Why it cannot be started here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub problem: Option<ErrorReport>,
}

/// What a program may reach of this computer, besides the system's own programs and libraries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct Sandbox {
    /// Folders and files that it may read.
    pub read: Vec<String>,
    /// Folders and files that it may also change.
    pub write: Vec<String>,
    /// Whether it may use the network.
    pub network: bool,
}
