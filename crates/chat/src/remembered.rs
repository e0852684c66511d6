//! What a person allowed for longer than once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConversationId, ToolCall};

/// What shall not be asked again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Remember {
    pub what: RememberWhat,
    pub scope: Scope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum RememberWhat {
    /// This tool, whatever its arguments.
    Tool,
    /// This tool with exactly these arguments.
    Arguments,
    /// All tools of this server that say now that they only read.
    ReadOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// In the conversation of the call.
    Conversation,
    Everywhere,
}

/// A remembered yes. It holds for definitions, not for names: a tool that changed is another tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// Names it, so that it can be taken back.
    pub id: String,
    /// The server's configured name.
    pub server: String,
    /// Which server that was: another one that takes over the name is not meant.
    pub identity: String,
    pub covers: Covers,
    /// The one conversation in which it holds; everywhere where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
    /// When it was said.
    pub at: u64,
}

/// Definitions are fingerprints, as in [`crate::Tool::definition`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Covers {
    Tool {
        tool: String,
        definition: String,
    },
    Arguments {
        tool: String,
        definition: String,
        #[cfg_attr(feature = "ts", ts(type = "unknown"))]
        arguments: Value,
    },
    /// The tools that said so when it was remembered, with their definitions. Later ones are not among them.
    ReadOnly {
        definitions: BTreeMap<String, String>,
    },
}

impl Remembered {
    /// Whether the call may run because of this.
    pub fn allows(&self, call: &ToolCall) -> bool {
        let is_known = !call.definition.is_empty() && self.definition_of(call) == Some(&call.definition);
        is_known
            && match &self.covers {
                Covers::Tool { .. } => true,
                Covers::Arguments { arguments, .. } => *arguments == call.arguments,
                Covers::ReadOnly { .. } => call.hints.read_only,
            }
    }

    /// Whether it spoke of this tool until its definition changed.
    pub fn is_void_for(&self, call: &ToolCall) -> bool {
        self.definition_of(call).is_some_and(|definition| *definition != call.definition)
    }

    /// The definition under which the call's tool was allowed.
    pub fn definition_of(&self, call: &ToolCall) -> Option<&String> {
        if self.server != call.server || call.own {
            return None;
        }
        match &self.covers {
            Covers::Tool { tool, definition } | Covers::Arguments { tool, definition, .. } => {
                (*tool == call.tool).then_some(definition)
            }
            Covers::ReadOnly { definitions } => definitions.get(&call.tool),
        }
    }
}
