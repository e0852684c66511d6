//! Which tools a conversation may use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One tool, by the names under which it can be found again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ToolRef {
    /// The server's configured name.
    pub server: String,
    /// The tool's own name at its server.
    pub tool: String,
}

/// Which servers and tools a conversation uses. What is not named here is on, so new servers take part by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct ToolChoice {
    /// Servers of which nothing is used.
    pub servers_off: Vec<String>,
    pub tools_off: Vec<ToolRef>,
    /// Tools that the model always gets, also where the others must be found.
    pub pinned: Vec<ToolRef>,
    /// Tools that the model has found, oldest first. They stay for the conversation.
    pub found: Vec<ToolRef>,
    /// Folders that servers are told they may work in, as whole paths; those of the settings where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub folders: Option<Vec<String>>,
    /// In whose name servers are called, by the server's name; in the one that is used otherwise where absent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<BTreeMap<String, String>>", optional))]
    pub accounts: BTreeMap<String, String>,
}

impl ToolRef {
    pub fn new(server: impl Into<String>, tool: impl Into<String>) -> Self {
        Self { server: server.into(), tool: tool.into() }
    }
}

impl ToolChoice {
    /// Adds what was found, in the order in which it was found first; beyond `most` the oldest go.
    pub fn add_found(&mut self, found: Vec<ToolRef>, most: usize) {
        for tool in found {
            if !self.found.contains(&tool) {
                self.found.push(tool);
            }
        }
        self.found.drain(..self.found.len().saturating_sub(most));
    }

    /// Whether the conversation may use this tool at all.
    pub fn allows(&self, server: &str, tool: &str) -> bool {
        !self.servers_off.iter().any(|off| off == server)
            && !self.tools_off.iter().any(|off| off.server == server && off.tool == tool)
    }
}
