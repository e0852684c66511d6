//! What a person can ask of the rules: which there are, what would happen to a call, and to take one back.

use chat::{CallId, CallStatus, ConversationId, Covers, Decision, ErrorCode, ErrorReport, Remember, RememberWhat};
use chat::{Policy, Remembered, Rule, Scope, Tool, ToolCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::now;
use crate::engine::{Engine, fresh_id};

/// A rule in force, or one that would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// What it says, for people.
    pub words: String,
    pub state: RuleState,
    /// What was remembered, where a person said so; only such a rule can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub remembered: Option<Remembered>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum RuleState {
    InForce,
    /// The tool is not the one that was allowed: it asks again.
    Changed,
    /// There is no such server, or another one under its name.
    ServerGone,
}

/// What would happen to a call, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub verdict: Verdict,
    pub why: String,
    /// The remembered rule from which it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub rule: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    Allow,
    Ask,
    Deny,
}

impl Engine {
    /// The rules now: the given ones, that read-only tools of the help desk may run, and what was allowed before.
    pub(crate) fn policy(&self, conversation: Option<&ConversationId>) -> Policy {
        let servers = self.inner.servers.snapshot();
        // Trusted is the program that came with Loquat; without it nothing is.
        let bundled = servers.iter().filter(|server| server.config.bundled && self.inner.helpdesk.is_some());
        let trusted = bundled.map(|server| Rule::AllowReadOnly { server: server.config.name.clone() });
        let remembered = self.inner.permissions.remembered().into_iter();
        let holds = |it: &Remembered| it.conversation.is_none() || it.conversation.as_ref() == conversation;
        let remembered =
            remembered.filter(|it| holds(it) && self.identity(&it.server).as_deref() == Some(&it.identity));
        let remembered = remembered.map(|remembered| Rule::Remembered { remembered });
        Policy { rules: self.inner.rules.iter().cloned().chain(trusted).chain(remembered).collect() }
    }

    /// Lets a waiting call run, and remembers for what else that holds. Other calls that wait for the same go on, too.
    pub fn approve(&self, call: &CallId, remember: Remember) -> Result<(), ErrorReport> {
        let Some((waiting, conversation)) = self.inner.approvals.waiting_call(call) else {
            return Err(crate::approvals::answered());
        };
        let (remembered, tools) = self.to_remember(&waiting, conversation, remember)?;
        self.inner.permissions.remember(remembered, &waiting, &tools)?;
        self.answer(call, crate::Approval::Once)?;
        for (other, conversation) in self.inner.approvals.all_waiting() {
            let judged = ToolCall { status: CallStatus::Proposed, ..other };
            if self.policy(conversation.as_ref()).decide(&judged) == Decision::Allow {
                // Somebody may have answered it meanwhile.
                self.inner.approvals.answer(&judged.id, crate::Approval::Once);
            }
        }
        Ok(())
    }

    fn to_remember(
        &self,
        call: &ToolCall,
        conversation: Option<ConversationId>,
        remember: Remember,
    ) -> Result<(Remembered, Vec<Tool>), ErrorReport> {
        let catalogue = self.inner.servers.tools();
        let known = catalogue.get(&call.server, &call.tool);
        let known = known.filter(|tool| !call.definition.is_empty() && tool.definition == call.definition);
        let (Some(tool), Some(identity)) = (known, self.identity(&call.server)) else {
            return Err(not_remembered("The tool's definition is not known, or has changed since it was called."));
        };
        let (name, definition) = (tool.name.clone(), tool.definition.clone());
        let (covers, tools) = match remember.what {
            RememberWhat::Tool => (Covers::Tool { tool: name, definition }, vec![tool.clone()]),
            RememberWhat::Arguments => {
                let arguments = call.arguments.clone();
                (Covers::Arguments { tool: name, definition, arguments }, vec![tool.clone()])
            }
            RememberWhat::ReadOnly if !call.hints.read_only => {
                return Err(not_remembered("The server does not say of this tool that it only reads."));
            }
            RememberWhat::ReadOnly => {
                let reading =
                    |tool: &&Tool| tool.server == call.server && tool.hints.read_only && !tool.definition.is_empty();
                let tools: Vec<Tool> = catalogue.tools().iter().filter(reading).cloned().collect();
                let definitions = tools.iter().map(|tool| (tool.name.clone(), tool.definition.clone())).collect();
                (Covers::ReadOnly { definitions }, tools)
            }
        };
        let conversation = match (remember.scope, conversation) {
            (Scope::Everywhere, _) => None,
            (Scope::Conversation, Some(id)) => Some(id),
            (Scope::Conversation, None) => return Err(not_remembered("The call belongs to no conversation.")),
        };
        let (id, server, at) = (fresh_id(), call.server.clone(), now());
        Ok((Remembered { id, server, identity, covers, conversation, at }, tools))
    }

    /// The rules in the order in which they are shown: what was given, what comes with Loquat, what a person allowed.
    pub fn rules(&self) -> Vec<RuleView> {
        let fixed = self.policy(None).rules.into_iter().filter(|rule| !matches!(rule, Rule::Remembered { .. }));
        let fixed = fixed.map(|rule| RuleView { words: words(&rule), state: RuleState::InForce, remembered: None });
        let remembered = self.inner.permissions.remembered().into_iter().map(|remembered| RuleView {
            words: words(&Rule::Remembered { remembered: remembered.clone() }),
            state: self.state_of(&remembered),
            remembered: Some(remembered),
        });
        fixed.chain(remembered).collect()
    }

    /// Takes back what was allowed.
    pub fn remove_rule(&self, id: &str) -> Result<(), ErrorReport> {
        self.inner.permissions.forget(id)
    }

    /// What would happen to a call of this tool, in that conversation or a new one.
    pub fn explain(
        &self,
        server: &str,
        tool: &str,
        arguments: Value,
        conversation: Option<&ConversationId>,
    ) -> Result<Explanation, ErrorReport> {
        let servers = self.inner.servers.snapshot();
        let tools = servers.iter().filter(|known| known.config.name == server).flat_map(|known| known.tools.iter());
        let known = tools.into_iter().find(|known| known.name == tool).ok_or_else(|| {
            ErrorReport::new(ErrorCode::NotFound, format!("{server} offers no tool called {tool}."))
                .fix("Choose one of its tools; Settings → Servers lists them.")
        })?;
        let call = imagined(known, arguments);
        let policy = self.policy(conversation);
        let (decision, rule) = policy.judge(&call);
        let remembered = rule.and_then(|rule| match rule {
            Rule::Remembered { remembered } => Some(remembered.id.clone()),
            _ => None,
        });
        let (verdict, why) = match decision {
            Decision::Allow => (Verdict::Allow, rule.map(words).unwrap_or_default()),
            Decision::Ask { reason } => (Verdict::Ask, reason),
            Decision::Deny { reason } => (Verdict::Deny, reason),
        };
        Ok(Explanation { verdict, why, rule: remembered })
    }

    /// Which server a name stands for now.
    fn identity(&self, server: &str) -> Option<String> {
        let servers = self.inner.servers.snapshot();
        servers.iter().find(|known| known.config.name == server).map(|known| mcp::identity(&known.config))
    }

    fn state_of(&self, remembered: &Remembered) -> RuleState {
        if self.identity(&remembered.server).as_ref() != Some(&remembered.identity) {
            return RuleState::ServerGone;
        }
        let servers = self.inner.servers.snapshot();
        let tools =
            servers.iter().filter(|known| known.config.name == remembered.server).flat_map(|it| it.tools.iter());
        let changed = tools.into_iter().any(|tool| remembered.is_void_for(&imagined(tool, Value::Null)));
        if changed { RuleState::Changed } else { RuleState::InForce }
    }
}

fn not_remembered(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "This cannot be remembered.").because(why).fix("Allow it once.")
}

/// The call that a model might make of a tool.
fn imagined(tool: &Tool, arguments: Value) -> ToolCall {
    ToolCall {
        id: CallId(String::new()),
        wire_id: String::new(),
        mended: None,
        round: 0,
        called: tool.called.clone(),
        server: tool.server.clone(),
        tool: tool.name.clone(),
        own: false,
        title: tool.title.clone(),
        hints: tool.hints,
        definition: tool.definition.clone(),
        arguments,
        status: CallStatus::Proposed,
        started_at: None,
        ended_at: None,
    }
}

fn words(rule: &Rule) -> String {
    match rule {
        Rule::AllowAll => "Every call may run.".into(),
        Rule::AllowTool { server, tool } => format!("{server} · {tool} may run."),
        Rule::AllowReadOnly { server } => format!("Tools of {server} that only read may run."),
        Rule::AskTool { server, tool } => format!("{server} · {tool} always asks."),
        Rule::DenyTool { server, tool } => format!("{server} · {tool} is blocked."),
        Rule::DenyServer { server } => format!("{server} is blocked."),
        Rule::Remembered { remembered } => {
            let server = &remembered.server;
            let place = if remembered.conversation.is_some() { " in one conversation" } else { "" };
            match &remembered.covers {
                Covers::Tool { tool, .. } => format!("You allowed {server} · {tool}{place}."),
                Covers::Arguments { tool, arguments, .. } => {
                    format!("You allowed {server} · {tool} with {arguments}{place}.")
                }
                Covers::ReadOnly { definitions } => {
                    format!("You allowed the {} tools of {server} that only read{place}.", definitions.len())
                }
            }
        }
    }
}
