//! Whether a call may run before anyone is asked.
//!
//! The order in which it is decided: what is built in refuses; then rules, the strictest first (deny, ask, allow);
//! then how the tool itself stands; then how its server stands; then a person is asked.

use serde::{Deserialize, Serialize};

use crate::{Effect, Remembered, ToolCall};

/// What may happen to a call. Ordered: the later, the stricter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Allow,
    Ask { reason: String },
    Deny { reason: String },
}

/// Where in the order a rule stands. Only the first level that speaks of a call decides; within a level the strictest
/// rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Level {
    BuiltIn,
    Rule,
    Tool,
    Server,
    Default,
}

/// Rules in no order of their own: each knows its [`Level`], and where none matches a person is asked. A policy
/// never allows by accident.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "camelCase")]
pub enum Rule {
    /// No call may name these files: what Loquat itself goes by. Whole paths with `/` between their parts.
    Guard {
        files: Vec<String>,
    },
    /// Everything may run of which nothing else speaks: what `--yes` means.
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
    /// A person said so before.
    Remembered {
        remembered: Remembered,
    },
}

impl Level {
    const ALL: [Self; 5] = [Self::BuiltIn, Self::Rule, Self::Tool, Self::Server, Self::Default];
}

impl Policy {
    pub fn decide(&self, call: &ToolCall) -> Decision {
        self.judge(call).0
    }

    /// The decision with the rule from which it follows; none where nothing spoke of the call.
    pub fn judge(&self, call: &ToolCall) -> (Decision, Option<&Rule>) {
        if call.own {
            return (Decision::Allow, None);
        }
        let decided = Level::ALL.into_iter().find_map(|level| {
            let rules = self.rules.iter().filter(|rule| rule.level() == level);
            let said = rules.filter_map(|rule| Some((rule.decide(call)?, Some(rule))));
            said.max_by(|(one, _), (other, _)| one.cmp(other))
        });
        let decided = decided.unwrap_or_else(|| (Decision::Ask { reason: self.why_ask(call) }, None));
        match (&decided.0, &call.mended) {
            // What was allowed was not this: its words had to be guessed.
            (Decision::Allow, Some(mended)) if !call.hints.read_only => {
                (Decision::Ask { reason: format!("{mended}, and it may change something") }, None)
            }
            _ => decided,
        }
    }

    /// The latest yes that a change of the tool's definition made void.
    pub fn voided(&self, call: &ToolCall) -> Option<&Remembered> {
        let remembered = self.rules.iter().filter_map(|rule| match rule {
            Rule::Remembered { remembered } => Some(remembered),
            Rule::Guard { .. }
            | Rule::AllowAll
            | Rule::AllowTool { .. }
            | Rule::AllowReadOnly { .. }
            | Rule::AskTool { .. }
            | Rule::DenyTool { .. }
            | Rule::DenyServer { .. } => None,
        });
        remembered.filter(|remembered| remembered.is_void_for(call)).max_by_key(|remembered| remembered.at)
    }

    /// The reason a person reads when nothing else decides; hints are named as the server's word.
    fn why_ask(&self, call: &ToolCall) -> String {
        let hints = call.hints;
        match (self.voided(call), hints.stated, hints.read_only, hints.destructive) {
            (Some(_), ..) => "its definition has changed since you allowed it".into(),
            (None, false, ..) => "its server says nothing of what it does".into(),
            (None, true, true, _) => "its server says that it only reads".into(),
            (None, true, false, true) => "it may change or delete something".into(),
            (None, true, false, false) => "it may change something".into(),
        }
    }
}

impl Rule {
    /// Where in the order it stands.
    pub fn level(&self) -> Level {
        match self {
            Self::Guard { .. } => Level::BuiltIn,
            Self::AllowTool { .. } | Self::AskTool { .. } | Self::DenyTool { .. } | Self::DenyServer { .. } => {
                Level::Rule
            }
            Self::Remembered { remembered } if !remembered.standing => Level::Rule,
            Self::Remembered { remembered } if remembered.covers == crate::Covers::Server => Level::Server,
            Self::Remembered { .. } => Level::Tool,
            Self::AllowReadOnly { .. } => Level::Server,
            Self::AllowAll => Level::Default,
        }
    }

    /// What this rule says of the call; nothing when it does not speak of it.
    fn decide(&self, call: &ToolCall) -> Option<Decision> {
        match self {
            Self::Guard { files } => names_one(call.effective(), files)
                .then(|| Decision::Deny { reason: "it names files by which Loquat itself goes".into() }),
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
            Self::Remembered { remembered } => remembered.speaks_of(call).then(|| match remembered.effect {
                Effect::Allow => Decision::Allow,
                Effect::Ask => Decision::Ask { reason: "you want to be asked about it".into() },
                Effect::Deny => Decision::Deny { reason: "the user has a rule against it".into() },
            }),
        }
    }
}

fn is(call: &ToolCall, server: &str, tool: &str) -> bool {
    call.server == server && call.tool == tool
}

/// Whether one of the files is named anywhere in the arguments, however its path is spelled.
fn names_one(arguments: &serde_json::Value, files: &[String]) -> bool {
    match arguments {
        serde_json::Value::String(text) => {
            let plain = plain(text);
            files.iter().any(|file| plain.contains(file.as_str()))
        }
        serde_json::Value::Array(list) => list.iter().any(|each| names_one(each, files)),
        serde_json::Value::Object(fields) => fields.values().any(|each| names_one(each, files)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

/// With `/` between the parts, and without detours such as `a/../b` or `a//b`.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "/");
    let mut parts: Vec<&str> = vec![];
    for (at, part) in text.split('/').enumerate() {
        match part {
            "" | "." if at > 0 => (),
            ".." if parts.len() > 1 => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallStatus, Covers, ToolHints};

    fn call(server: &str, tool: &str, read_only: bool) -> ToolCall {
        ToolCall {
            id: "c".into(),
            leave: None,
            wire_id: "c".into(),
            round: 1,
            called: format!("{server}__{tool}"),
            server: server.into(),
            tool: tool.into(),
            title: None,
            own: false,
            hints: ToolHints { read_only, stated: true, ..ToolHints::default() },
            definition: "d1".into(),
            arguments: serde_json::json!({}),
            account: None,
            mended: None,
            status: CallStatus::Proposed,
            started_at: None,
            ended_at: None,
        }
    }

    fn allow_tool(server: &str, tool: &str) -> Rule {
        Rule::AllowTool { server: server.into(), tool: tool.into() }
    }

    #[test]
    fn a_mended_call_that_may_change_something_asks_whatever_was_allowed() {
        let mended = |call: ToolCall| ToolCall { mended: Some("it was guessed".into()), ..call };
        let allowing = Policy { rules: vec![Rule::AllowAll] };
        assert!(matches!(allowing.decide(&mended(call("files", "delete", false))), Decision::Ask { .. }));
        assert_eq!(allowing.decide(&mended(call("files", "read", true))), Decision::Allow);
        let denying = Policy { rules: vec![Rule::AllowAll, Rule::DenyServer { server: "files".into() }] };
        assert!(matches!(denying.decide(&mended(call("files", "delete", false))), Decision::Deny { .. }));
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

    fn said(effect: Effect, standing: bool, covers: Covers) -> Rule {
        let (id, identity, server) = ("r".into(), "i".into(), "files".into());
        let remembered = Remembered { id, server, identity, effect, standing, covers, conversation: None, at: 1 };
        Rule::Remembered { remembered }
    }

    fn remembered(_: &str, covers: Covers) -> Rule {
        said(Effect::Allow, false, covers)
    }

    /// What is built in, then deny, ask, allow, then the tool, then the server, then a person.
    #[test]
    fn the_first_level_that_speaks_of_a_call_decides() {
        let tool =
            |effect, standing| said(effect, standing, Covers::Tool { tool: "write".into(), definition: "d1".into() });
        let server = |effect| said(effect, true, Covers::Server);
        let path = |pattern: &str| Covers::Pattern {
            tool: "write".into(),
            definition: "d1".into(),
            arguments: [("path".to_owned(), pattern.to_owned())].into(),
        };
        let (allow, ask, deny) = (Effect::Allow, Effect::Ask, Effect::Deny);
        let guard = || Rule::Guard { files: vec!["/home/ann/loquat/permissions.json".into()] };
        let rows = [
            (vec![Rule::AllowAll, server(ask)], "/x", "ask"),
            (vec![server(deny), tool(allow, true)], "/x", "allow"),
            (vec![tool(deny, true), tool(allow, false)], "/x", "allow"),
            (vec![tool(allow, false), said(ask, false, path("/etc/*"))], "/x", "allow"),
            (vec![tool(allow, false), said(ask, false, path("/etc/*"))], "/etc/passwd", "ask"),
            (vec![said(deny, false, path("/etc/*")), said(ask, false, Covers::Server)], "/etc/passwd", "deny"),
            (vec![said(allow, false, path("/tmp/*"))], "/tmp/a", "allow"),
            (vec![said(allow, false, path("/tmp/*"))], "/a", "ask"),
            (vec![server(allow)], "/x", "ask"),
            (vec![guard(), tool(allow, false), Rule::AllowAll], "/home/ann/notes/../loquat//permissions.json", "deny"),
            (vec![guard(), tool(allow, false)], "/home/ann/loquat/notes.txt", "allow"),
        ];
        for (rules, path, expected) in rows {
            let policy = Policy { rules };
            let call = ToolCall { arguments: serde_json::json!({ "path": path }), ..call("files", "write", false) };
            let decided = match policy.decide(&call) {
                Decision::Allow => "allow",
                Decision::Ask { .. } => "ask",
                Decision::Deny { .. } => "deny",
            };
            assert_eq!(decided, expected, "{policy:?} on {path}");
        }
    }

    #[test]
    fn a_no_outlives_a_change_and_a_yes_does_not() {
        let covers = || Covers::Tool { tool: "write".into(), definition: "d0".into() };
        let decided =
            |effect| Policy { rules: vec![said(effect, false, covers())] }.decide(&call("files", "write", false));
        assert!(matches!(decided(Effect::Deny), Decision::Deny { .. }));
        assert!(matches!(decided(Effect::Allow), Decision::Ask { .. }));
    }

    #[test]
    fn what_was_remembered_holds_for_that_definition_alone() {
        let tool = |definition: &str| Covers::Tool { tool: "write".into(), definition: definition.into() };
        let with = |arguments| Covers::Arguments { tool: "write".into(), definition: "d1".into(), arguments };
        let reads = |tool: &str, definition: &str| Covers::ReadOnly {
            definitions: [(tool.to_owned(), definition.to_owned())].into(),
        };
        let unknown = ToolCall { definition: String::new(), ..call("files", "write", false) };
        let changed = "its definition has changed since you allowed it";
        let rows = [
            (tool("d1"), call("files", "write", false), None),
            (tool("d1"), call("files", "other", false), Some("it may change or delete something")),
            (tool("d1"), call("else", "write", false), Some("it may change or delete something")),
            (tool("d0"), call("files", "write", false), Some(changed)),
            (tool(""), unknown, Some("it may change or delete something")),
            (with(serde_json::json!({})), call("files", "write", false), None),
            (
                with(serde_json::json!({ "x": 1 })),
                call("files", "write", false),
                Some("it may change or delete something"),
            ),
            (reads("read", "d1"), call("files", "read", true), None),
            (reads("read", "d0"), call("files", "read", true), Some(changed)),
            (reads("read", "d1"), call("files", "read", false), Some("it may change or delete something")),
            (reads("read", "d1"), call("files", "look", true), Some("its server says that it only reads")),
        ];
        for (covers, call, expected) in rows {
            let policy = Policy { rules: vec![remembered("files", covers)] };
            let reason = match policy.decide(&call) {
                Decision::Ask { reason } => Some(reason),
                Decision::Allow => None,
                Decision::Deny { .. } => panic!("nothing denies"),
            };
            assert_eq!(reason.as_deref(), expected, "{policy:?} on {}", call.called);
        }
    }

    #[test]
    fn a_newer_yes_makes_up_for_one_that_is_void() {
        let tool = |definition: &str| Covers::Tool { tool: "write".into(), definition: definition.into() };
        let policy = Policy { rules: vec![remembered("files", tool("d0")), remembered("files", tool("d1"))] };
        assert_eq!(policy.decide(&call("files", "write", false)), Decision::Allow);
    }

    #[test]
    fn silence_of_the_server_is_said_to_be_silence() {
        let silent = ToolCall { hints: ToolHints::default(), ..call("files", "write", false) };
        let reason = "its server says nothing of what it does".to_owned();
        assert_eq!(Policy::default().decide(&silent), Decision::Ask { reason });
    }
}
