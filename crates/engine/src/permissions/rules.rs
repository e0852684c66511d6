//! What a person can ask of the rules: which there are, what would happen to a call, and to take one back.

use chat::{CallId, CallStatus, ConversationId, Decision, Effect, ErrorCode, ErrorReport, LeaveBy, Level};
use chat::{Policy, Remembered, Rule, Tool, ToolCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use crate::engine::Engine;

/// A rule in force, or one that would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// What it says, for people.
    pub words: String,
    /// Where in the order it stands.
    pub level: Level,
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
    /// The level at which it was decided.
    pub level: Level,
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
        // Another server under the name gets no yes; a no holds for whoever bears the name.
        let is_meant =
            |it: &Remembered| it.effect != Effect::Allow || self.identity(&it.server).as_deref() == Some(&it.identity);
        let remembered = remembered.filter(|it| holds(it) && is_meant(it));
        let remembered = remembered.map(|remembered| Rule::Remembered { remembered });
        let guard = Rule::Guard { files: self.inner.home.own_files() };
        let given = self.inner.rules.iter().cloned();
        Policy { rules: std::iter::once(guard).chain(given).chain(trusted).chain(remembered).collect() }
    }

    /// The rules in the order in which they are looked at; within a level the strictest come first.
    pub fn rules(&self) -> Vec<RuleView> {
        let fixed = self.policy(None).rules.into_iter().filter(|rule| !matches!(rule, Rule::Remembered { .. }));
        let fixed = fixed.map(|rule| {
            let (words, level) = (words(&rule), rule.level());
            RuleView { words, level, state: RuleState::InForce, remembered: None }
        });
        let remembered = self.inner.permissions.remembered().into_iter().map(|remembered| RuleView {
            words: words(&Rule::Remembered { remembered: remembered.clone() }),
            level: Rule::Remembered { remembered: remembered.clone() }.level(),
            state: self.state_of(&remembered),
            remembered: Some(remembered),
        });
        let mut rules: Vec<RuleView> = fixed.chain(remembered).collect();
        let strictness = |rule: &RuleView| match rule.remembered.as_ref().map(|it| it.effect) {
            Some(Effect::Deny) => 0,
            Some(Effect::Ask) => 1,
            Some(Effect::Allow) | None => 2,
        };
        rules.sort_by_key(|rule| (rule.level, strictness(rule)));
        rules
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
        let remembered = rule.and_then(remembered_id);
        let level = rule.map_or(Level::Default, Rule::level);
        let (verdict, why) = match decision {
            Decision::Allow => (Verdict::Allow, rule.map(words).unwrap_or_default()),
            Decision::Ask { reason } => (Verdict::Ask, reason),
            Decision::Deny { reason } => (Verdict::Deny, reason),
        };
        Ok(Explanation { verdict, why, level, rule: remembered })
    }

    /// Which server a name stands for now.
    pub(super) fn identity(&self, server: &str) -> Option<String> {
        let servers = self.inner.servers.snapshot();
        servers.iter().find(|known| known.config.name == server).map(|known| mcp::identity(&known.config))
    }

    fn state_of(&self, remembered: &Remembered) -> RuleState {
        let is_same = self.identity(&remembered.server).as_ref() == Some(&remembered.identity);
        if !is_same && remembered.effect == Effect::Allow {
            return RuleState::ServerGone;
        }
        let servers = self.inner.servers.snapshot();
        let tools =
            servers.iter().filter(|known| known.config.name == remembered.server).flat_map(|it| it.tools.iter());
        let changed = tools.into_iter().any(|tool| remembered.is_void_for(&imagined(tool, Value::Null)));
        if changed { RuleState::Changed } else { RuleState::InForce }
    }
}

/// Who lets a call run of which the policy says that it may.
pub(crate) fn leave_by(policy: &Policy, call: &ToolCall) -> LeaveBy {
    match policy.judge(call).1 {
        Some(rule) => LeaveBy::Rule { words: words(rule), rule: remembered_id(rule) },
        None => LeaveBy::Rule { words: "It is a tool of Loquat's own.".into(), rule: None },
    }
}

fn remembered_id(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Remembered { remembered } => Some(remembered.id.clone()),
        _ => None,
    }
}

/// The call that a model might make of a tool.
fn imagined(tool: &Tool, arguments: Value) -> ToolCall {
    ToolCall {
        id: CallId(String::new()),
        leave: None,
        wire_id: String::new(),
        account: None,
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
