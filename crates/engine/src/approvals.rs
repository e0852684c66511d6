//! Calls that wait for a person's word. Any face may give it: the window, the terminal, the API.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chat::CallId;
use tokio::sync::oneshot;

/// What a person said to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    Once,
    /// `word` is told to the model as the reason.
    Refuse {
        word: Option<String>,
    },
}

#[derive(Default)]
pub(crate) struct Approvals {
    waiting: Mutex<HashMap<CallId, oneshot::Sender<Approval>>>,
}

impl Approvals {
    /// Begins to wait. To be done before anybody is told that the call waits.
    pub(crate) fn register(&self, call: &CallId) -> oneshot::Receiver<Approval> {
        let (answer, wait) = oneshot::channel();
        self.waiting().insert(call.clone(), answer);
        wait
    }

    /// Gives the word; false when nobody waits for it (any more).
    pub(crate) fn answer(&self, call: &CallId, approval: Approval) -> bool {
        let waiting = self.waiting().remove(call);
        waiting.is_some_and(|waiting| waiting.send(approval).is_ok())
    }

    /// Nobody waits any more: the turn was stopped.
    pub(crate) fn forget(&self, call: &CallId) {
        self.waiting().remove(call);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, oneshot::Sender<Approval>>> {
        // The map is whole after every statement, so a panic elsewhere cannot have spoiled it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
