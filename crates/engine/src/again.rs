//! A call once more, by a person's own wish. What comes back is shown; the conversation stays as it was.

use chat::{CallId, CallStatus, ConversationId, Decision, ErrorCode, ErrorReport, Item, Leave, LeaveBy, ToolCall};
use tokio_util::sync::CancellationToken;

use crate::approvals::cancelled;
use crate::clock::now;
use crate::engine::{Engine, fresh_id};
use crate::tools;

impl Engine {
    /// Runs a finished call again with what was sent then. The wish is the approval; a rule against it still holds.
    pub async fn run_again(&self, conversation: &ConversationId, call: &CallId) -> Result<ToolCall, ErrorReport> {
        let turns = self.conversation(conversation).await?.turns;
        let mut items = turns.iter().flat_map(|turn| &turn.items).rev();
        let known = items.find_map(|item| match item {
            Item::ToolCall(known) if known.id == *call && known.status.is_final() => Some(known.clone()),
            Item::ToolCall(_) | Item::Message(_) | Item::Question(_) => None,
        });
        let known =
            known.ok_or_else(|| ErrorReport::new(ErrorCode::NotFound, "There is no such call that has ended."))?;
        let mut again = self.prepared_again(known, conversation)?;
        let stop: CancellationToken = self.inner.ended.child_token();
        let alone = self.inner.approvals.run(call, &stop);
        let answers = self.asker(alone.clone());
        let outcome = self.inner.servers.call(tools::request(&again, answers), |_| (), alone.clone()).await;
        self.inner.approvals.ended(call);
        again.ended_at = Some(now());
        again.status = match outcome {
            Ok(output) => CallStatus::Succeeded { output },
            Err(_) if alone.is_cancelled() => CallStatus::Failed { error: cancelled() },
            Err(error) => CallStatus::Failed { error: error.report() },
        };
        Ok(again)
    }

    fn prepared_again(&self, known: ToolCall, conversation: &ConversationId) -> Result<ToolCall, ErrorReport> {
        if known.own || known.server.is_empty() {
            return Err(not_again("It went to no server."));
        }
        let catalogue = tools::around(&known, &self.inner.servers);
        let tool = catalogue.get(&known.server, &known.tool);
        if tool.is_none_or(|tool| tool.definition != known.definition) {
            return Err(not_again("The tool is not there now, or is not the one that was called."));
        }
        let arguments = known.effective().clone();
        let judged = ToolCall { arguments, status: CallStatus::Proposed, leave: None, ..known };
        if let Decision::Deny { reason } = self.policy(Some(conversation)).decide(&judged) {
            return Err(not_again(&reason));
        }
        let leave = Some(Leave { by: LeaveBy::Person, approved: None, sent: None });
        let status = CallStatus::Running { progress: None };
        Ok(ToolCall { id: CallId(fresh_id()), leave, status, started_at: Some(now()), ended_at: None, ..judged })
    }
}

fn not_again(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "The call was not run again.").because(why)
}
