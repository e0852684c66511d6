//! How rules come to be: by a person's yes to a waiting call, or by his word in the settings.

use std::collections::BTreeMap;

use chat::{CallId, CallStatus, ConversationId, Covers, Decision, Effect, ErrorCode, ErrorReport, Remember};
use chat::{RememberWhat, Remembered, Scope, Tool, ToolCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::now;
use crate::engine::{Engine, fresh_id};

/// A rule that a person makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct NewRule {
    pub effect: Effect,
    pub server: String,
    /// All tools of the server where absent; a yes needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tool: Option<String>,
    /// Patterns that arguments must fit, by their names; `*` stands for anything.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<BTreeMap<String, String>>", optional))]
    pub arguments: BTreeMap<String, String>,
    /// The one conversation in which it holds; everywhere where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
    /// Whether it is how the tool or server itself stands, behind all rules.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub standing: bool,
}

impl Engine {
    /// Lets a waiting call run, and remembers for what else that holds. Other calls that wait for the same go on, too.
    pub fn approve(&self, call: &CallId, remember: Remember) -> Result<(), ErrorReport> {
        let Some((waiting, conversation)) = self.inner.approvals.waiting_call(call) else {
            return Err(crate::approvals::answered());
        };
        let (remembered, tools) = self.to_remember(&waiting, conversation, remember)?;
        self.inner.permissions.remember(remembered, &waiting, &tools)?;
        self.answer(call, crate::Approval::Once)?;
        self.release();
        Ok(())
    }

    fn to_remember(
        &self,
        call: &ToolCall,
        conversation: Option<ConversationId>,
        remember: Remember,
    ) -> Result<(Remembered, Vec<Tool>), ErrorReport> {
        let catalogue = crate::tools::around(call, &self.inner.servers);
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
        let effect = Effect::Allow;
        Ok((Remembered { id, server, identity, effect, standing: false, covers, conversation, at }, tools))
    }

    /// Whether a person may put these arguments in place of the proposed ones of a call that waits.
    pub(crate) fn may_run_with(&self, call: &CallId, arguments: &Value) -> Result<(), ErrorReport> {
        let Some((waiting, conversation)) = self.inner.approvals.waiting_call(call) else {
            return Err(crate::approvals::answered());
        };
        if !arguments.is_object() {
            return Err(ErrorReport::new(ErrorCode::ArgumentsInvalid, "These arguments cannot be sent.")
                .because("They are no JSON object."));
        }
        let judged = ToolCall { arguments: arguments.clone(), status: CallStatus::Proposed, ..waiting };
        match self.policy(conversation.as_ref()).decide(&judged) {
            Decision::Allow | Decision::Ask { .. } => Ok(()),
            Decision::Deny { reason } => {
                Err(ErrorReport::new(ErrorCode::InvalidInput, "With these arguments the call may not run.")
                    .because(reason)
                    .fix("Change them, or the rule in Settings → Permissions."))
            }
        }
    }

    /// Makes a rule. It holds for calls that wait already, too.
    pub fn add_rule(&self, new: NewRule) -> Result<(), ErrorReport> {
        let catalogue = self.inner.servers.tools();
        let tool = new.tool.as_deref().and_then(|tool| catalogue.get(&new.server, tool));
        let identity = self.identity(&new.server).ok_or_else(|| no_rule("There is no server of that name."))?;
        let definition = tool.map(|tool| tool.definition.clone()).unwrap_or_default();
        if new.effect == Effect::Allow && definition.is_empty() {
            return Err(no_rule("A tool is allowed by its definition, and the server offers none of that name now."));
        }
        let covers = match new.tool {
            None if new.arguments.is_empty() => Covers::Server,
            None => return Err(no_rule("Arguments are those of one tool; none is named.")),
            Some(tool) if new.arguments.is_empty() => Covers::Tool { tool, definition },
            Some(tool) => Covers::Pattern { tool, definition, arguments: new.arguments },
        };
        let (id, at) = (fresh_id(), now());
        let NewRule { effect, server, standing, conversation, .. } = new;
        let rule = Remembered { id, server, identity, effect, standing, covers, conversation, at };
        self.inner.permissions.put(rule, tool)?;
        self.release();
        Ok(())
    }

    /// Lets go on what waits and would not be asked about any more.
    fn release(&self) {
        for (call, conversation) in self.inner.approvals.all_waiting() {
            let judged = ToolCall { status: CallStatus::Proposed, ..call };
            let answer = match self.policy(conversation.as_ref()).decide(&judged) {
                Decision::Allow => crate::Approval::Once,
                Decision::Deny { .. } => {
                    crate::Approval::Refuse { word: Some("there is a rule against it now".into()) }
                }
                Decision::Ask { .. } => continue,
            };
            // Somebody may have answered it meanwhile.
            self.inner.approvals.answer(&judged.id, answer);
        }
    }
}

fn not_remembered(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "This cannot be remembered.").because(why).fix("Allow it once.")
}

fn no_rule(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "This rule cannot be made.").because(why)
}
