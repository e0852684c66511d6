//! Calls about which a person has the word: those that wait for it, and those that run and can be cancelled.
//! Any face may give it: the window, the terminal, the API.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chat::{CallId, ConversationId, ErrorCode, ErrorReport, ToolCall};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// What a person said to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    Once,
    /// Yes, with these arguments in place of the proposed ones.
    With {
        arguments: Value,
    },
    /// `word` is told to the model as the reason.
    Refuse {
        word: Option<String>,
    },
    /// Nobody said anything, and nobody will: that is no. `why` is told to the model.
    Unanswered {
        why: String,
    },
}

#[derive(Default)]
pub(crate) struct Approvals {
    waiting: Mutex<HashMap<CallId, Waiting>>,
    running: Mutex<HashMap<CallId, CancellationToken>>,
}

struct Waiting {
    call: ToolCall,
    conversation: Option<ConversationId>,
    answer: oneshot::Sender<Approval>,
}

impl Approvals {
    /// Begins to wait. To be done before anybody is told that the call waits.
    pub(crate) fn register(
        &self,
        call: &ToolCall,
        conversation: Option<&ConversationId>,
    ) -> oneshot::Receiver<Approval> {
        let (answer, wait) = oneshot::channel();
        let waiting = Waiting { call: call.clone(), conversation: conversation.cloned(), answer };
        self.waiting().insert(call.id.clone(), waiting);
        wait
    }

    /// Gives the word; false when nobody waits for it (any more).
    pub(crate) fn answer(&self, call: &CallId, approval: Approval) -> bool {
        let waiting = self.waiting().remove(call);
        waiting.is_some_and(|waiting| waiting.answer.send(approval).is_ok())
    }

    /// The call that waits under that id, and the conversation it belongs to.
    pub(crate) fn waiting_call(&self, call: &CallId) -> Option<(ToolCall, Option<ConversationId>)> {
        self.waiting().get(call).map(|waiting| (waiting.call.clone(), waiting.conversation.clone()))
    }

    pub(crate) fn all_waiting(&self) -> Vec<(ToolCall, Option<ConversationId>)> {
        self.waiting().values().map(|waiting| (waiting.call.clone(), waiting.conversation.clone())).collect()
    }

    /// Nobody waits any more: the turn was stopped.
    pub(crate) fn forget(&self, call: &CallId) {
        self.waiting().remove(call);
    }

    /// What comes back is cancelled with `stop`, or alone once a person wants that.
    pub(crate) fn run(&self, call: &CallId, stop: &CancellationToken) -> CancellationToken {
        let alone = stop.child_token();
        self.running().insert(call.clone(), alone.clone());
        alone
    }

    pub(crate) fn ended(&self, call: &CallId) {
        self.running().remove(call);
    }

    /// Ends a running call; false when it does not run (any more).
    pub(crate) fn cancel(&self, call: &CallId) -> bool {
        let running = self.running().remove(call);
        running.inspect(CancellationToken::cancel).is_some()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Waiting>> {
        // The map is whole after every statement, so a panic elsewhere cannot have spoiled it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands at a call that was cancelled alone.
pub(crate) fn cancelled() -> ErrorReport {
    ErrorReport::new(ErrorCode::Interrupted, "You cancelled the call.")
        .because("It was running already; whether it took effect is not known.")
        .fix("Check at the server before asking for it again.")
}

/// What whoever comes too late is told.
pub(crate) fn answered() -> ErrorReport {
    ErrorReport::new(ErrorCode::NotFound, "This call does not wait for an answer any more.")
        .because("It was answered already, or its turn has ended.")
}
