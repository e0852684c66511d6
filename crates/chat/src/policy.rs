//! Whether a call may run before anyone is asked.

use serde::{Deserialize, Serialize};

use crate::ToolCall;

/// What may happen to a call. Ordered: the later, the stricter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Allow,
    Ask { reason: String },
    Deny { reason: String },
}

/// Rules in no order: the strictest that matches wins (deny, then ask, then allow), and where
/// none matches a person is asked. A policy never allows by accident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "camelCase")]
pub enum Rule {
    /// Everything may run: what `--yes` means.
    AllowAll,
    AllowTool {
        server: String,
        tool: String,
    },
    /// The tools of which the server says that they only read. Only for servers whose word counts.
    AllowReadOnly {
        server: String,
    },
    AskTool {
        server: String,
        tool: String,
    },
    DenyTool {
        server: String,
        tool: String,
    },
    DenyServer {
        server: String,
    },
}

impl Policy {
    pub fn decide(&self, call: &ToolCall) -> Decision {
        self.rules
            .iter()
            .filter_map(|rule| rule.decide(call))
            .max()
            .unwrap_or_else(|| Decision::Ask { reason: why_ask(call) })
    }
}

impl Rule {
    /// What this rule says of the call; nothing when it does not speak of it.
    fn decide(&self, call: &ToolCall) -> Option<Decision> {
        match self {
            Self::AllowAll => Some(Decision::Allow),
            Self::AllowTool { server, tool } => is(call, server, tool).then_some(Decision::Allow),
            Self::AllowReadOnly { server } => {
                (*server == call.server && call.hints.read_only).then_some(Decision::Allow)
            }
            Self::AskTool { server, tool } => {
                is(call, server, tool).then(|| Decision::Ask { reason: format!("{server} · {tool} always asks") })
            }
            Self::DenyTool { server, tool } => {
                is(call, server, tool).then(|| Decision::Deny { reason: format!("{server} · {tool} is blocked") })
            }
            Self::DenyServer { server } => {
                (*server == call.server).then(|| Decision::Deny { reason: format!("{server} is blocked") })
            }
        }
    }
}

fn is(call: &ToolCall, server: &str, tool: &str) -> bool {
    call.server == server && call.tool == tool
}

/// The reason a person reads when nothing else decides; hints are named as the server's word.
fn why_ask(call: &ToolCall) -> String {
    let hints = call.hints;
    match (hints.read_only, hints.destructive) {
        (true, _) => "its server says that it only reads".into(),
        (false, true) => "it may change or delete something".into(),
        (false, false) => "it may change something".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallStatus, ToolHints};

    fn call(server: &str, tool: &str, read_only: bool) -> ToolCall {
        ToolCall {
            id: "c".into(),
            wire_id: "c".into(),
            round: 1,
            called: format!("{server}__{tool}"),
            server: server.into(),
            tool: tool.into(),
            title: None,
            hints: ToolHints { read_only, ..ToolHints::default() },
            arguments: serde_json::json!({}),
            status: CallStatus::Proposed,
            started_at: None,
            ended_at: None,
        }
    }

    fn allow_tool(server: &str, tool: &str) -> Rule {
        Rule::AllowTool { server: server.into(), tool: tool.into() }
    }

    /// One row a rule set: the rules, the call, the decision's kind.
    #[test]
    fn the_strictest_match_wins_and_no_match_asks() {
        let files = || "files".to_owned();
        let rows = [
            (vec![], call("files", "read", true), "ask"),
            (vec![Rule::AllowAll], call("files", "delete", false), "allow"),
            (vec![allow_tool("files", "read")], call("files", "read", true), "allow"),
            (vec![allow_tool("files", "read")], call("files", "delete", false), "ask"),
            (vec![allow_tool("files", "read")], call("other", "read", true), "ask"),
            (vec![Rule::AllowReadOnly { server: files() }], call("files", "read", true), "allow"),
            (vec![Rule::AllowReadOnly { server: files() }], call("files", "delete", false), "ask"),
            (vec![Rule::AllowReadOnly { server: files() }], call("other", "read", true), "ask"),
            (vec![Rule::AllowAll, Rule::DenyServer { server: files() }], call("files", "read", true), "deny"),
            (vec![Rule::DenyServer { server: files() }, Rule::AllowAll], call("files", "read", true), "deny"),
            (
                vec![Rule::AllowAll, Rule::AskTool { server: files(), tool: "rm".into() }],
                call("files", "rm", false),
                "ask",
            ),
            (
                vec![
                    Rule::AskTool { server: files(), tool: "rm".into() },
                    Rule::DenyTool { server: files(), tool: "rm".into() },
                ],
                call("files", "rm", false),
                "deny",
            ),
        ];
        for (rules, call, expected) in rows {
            let policy = Policy { rules };
            let decided = match policy.decide(&call) {
                Decision::Allow => "allow",
                Decision::Ask { .. } => "ask",
                Decision::Deny { .. } => "deny",
            };
            assert_eq!(decided, expected, "{policy:?} on {}", call.called);
        }
    }
}
