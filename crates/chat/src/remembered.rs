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

/// What a rule does with the calls that it speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    #[default]
    Allow,
    Ask,
    Deny,
}

/// What a person said once and for all. A yes holds for definitions, not for names: a tool that changed is
/// another tool. A no, and the wish to be asked, hold for names: they shall not end with a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// Names it, so that it can be taken back.
    pub id: String,
    /// The server's configured name.
    pub server: String,
    /// Which server that was: another one that takes over the name gets no yes.
    pub identity: String,
    #[serde(default)]
    pub effect: Effect,
    /// Whether it is how the tool or the server itself stands: rules go before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub standing: bool,
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
    /// Calls of a tool whose arguments fit all patterns, by their names; `*` stands for anything.
    Pattern {
        tool: String,
        definition: String,
        arguments: BTreeMap<String, String>,
    },
    /// Every tool of the server.
    Server,
}

impl Remembered {
    /// Whether it speaks of the call.
    pub fn speaks_of(&self, call: &ToolCall) -> bool {
        if self.server != call.server || call.own {
            return false;
        }
        // A yes is for what was looked at; nobody looks at a whole server.
        let is_same = self.effect != Effect::Allow
            || (!call.definition.is_empty() && self.definition_of(call) == Some(&call.definition));
        is_same
            && match &self.covers {
                Covers::Tool { tool, .. } => *tool == call.tool,
                Covers::Arguments { tool, arguments, .. } => *tool == call.tool && arguments == call.effective(),
                Covers::ReadOnly { definitions } => call.hints.read_only && definitions.contains_key(&call.tool),
                Covers::Pattern { tool, arguments, .. } => {
                    *tool == call.tool && arguments.iter().all(|(name, pattern)| fits(call, name, pattern))
                }
                Covers::Server => true,
            }
    }

    /// Whether it was a yes to this tool until its definition changed.
    pub fn is_void_for(&self, call: &ToolCall) -> bool {
        self.effect == Effect::Allow
            && self.definition_of(call).is_some_and(|definition| *definition != call.definition)
    }

    /// The definition under which the call's tool was allowed.
    pub fn definition_of(&self, call: &ToolCall) -> Option<&String> {
        if self.server != call.server || call.own {
            return None;
        }
        match &self.covers {
            Covers::Tool { tool, definition }
            | Covers::Arguments { tool, definition, .. }
            | Covers::Pattern { tool, definition, .. } => (*tool == call.tool).then_some(definition),
            Covers::ReadOnly { definitions } => definitions.get(&call.tool),
            Covers::Server => None,
        }
    }
}

/// Whether the argument of that name fits; what is no text is compared as JSON.
fn fits(call: &ToolCall, name: &str, pattern: &str) -> bool {
    match call.effective().get(name) {
        Some(Value::String(text)) => matches(pattern, text),
        Some(other) => matches(pattern, &other.to_string()),
        None => false,
    }
}

/// Whether the whole text fits the pattern, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let rows = [
            ("", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("/home/ann/*", "/home/ann/notes/x", true),
            ("/home/ann/*", "/home/bob/x", false),
            ("*.md", "a.md.txt", false),
            ("*.md", "a.md", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("ä*", "äö", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
