//! Calls of other programs that wait for whoever sits at this computer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat::{CallId, CallStatus, ConversationId, ErrorReport, ToolCall, VisitorCall, Way};
use tokio_util::sync::CancellationToken;

use crate::approvals::Approval;
use crate::engine::Engine;
use crate::view::AppEvent;
use crate::visit::Scope;

/// The calls that wait, oldest first.
#[derive(Default)]
pub(crate) struct Visitors(Mutex<Vec<VisitorCall>>);

impl Engine {
    /// The calls that came through the API and wait for a person's word.
    pub fn visitor_calls(&self) -> Vec<VisitorCall> {
        self.inner.visitors.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A person's word on a call of another program.
    pub fn answer_visitor(&self, id: &str, allow: bool) -> Result<(), ErrorReport> {
        self.answer(&CallId(id.to_owned()), if allow { Approval::Once } else { Approval::Refuse { word: None } })
    }

    /// Tells every face which calls wait on a way that is not the engine's own.
    pub fn announce_visitors(&self, way: Way, calls: Vec<VisitorCall>) {
        self.inner.hub.announce(AppEvent::VisitorCalls { way, calls });
    }

    fn change_visitors(&self, change: impl FnOnce(&mut Vec<VisitorCall>)) {
        let mut calls = self.inner.visitors.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut calls);
        // Under the lock, so that the last list told is the one that holds.
        self.announce_visitors(Way::Api, calls.clone());
    }
}

/// One program during one turn.
pub(crate) struct Visitor {
    engine: Engine,
    who: String,
    conversation: Option<ConversationId>,
    /// How long each waits.
    patience: Duration,
    /// Cancelled when the turn has ended.
    end: CancellationToken,
    /// Its calls on the list.
    waiting: Mutex<Vec<String>>,
}

impl Visitor {
    /// Nothing where nobody is there to be asked.
    pub(crate) fn of(engine: &Engine, scope: &Scope, conversation: Option<&ConversationId>) -> Option<Self> {
        scope.patience.map(|patience| Self {
            patience,
            end: CancellationToken::new(),
            engine: engine.clone(),
            who: scope.who.clone(),
            conversation: conversation.cloned(),
            waiting: Mutex::default(),
        })
    }

    /// Puts a call on the list as soon as it waits, and takes it off as soon as it does not.
    pub(crate) fn follow(&self, call: &ToolCall) {
        let id = call.id.as_str();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &call.status {
            CallStatus::AwaitingApproval { reason, .. } if !waiting.iter().any(|known| known == id) => {
                waiting.push(id.to_owned());
                self.engine.change_visitors(|calls| calls.push(self.shown(call, reason)));
                self.lose_patience(&call.id);
            }
            CallStatus::AwaitingApproval { .. } => (),
            _ if waiting.iter().any(|known| known == id) => {
                waiting.retain(|known| known != id);
                self.engine.change_visitors(|calls| calls.retain(|known| known.id != id));
            }
            _ => (),
        }
    }

    /// Nobody's answer is no, after a while.
    fn lose_patience(&self, call: &CallId) {
        let (engine, call, patience, end) = (self.engine.clone(), call.clone(), self.patience, self.end.clone());
        tokio::spawn(async move {
            if end.run_until_cancelled(tokio::time::sleep(patience)).await.is_none() {
                return;
            }
            let seconds = patience.as_secs_f64();
            let why = format!("nobody answered within {seconds} s whether it may run; it was not run");
            // It may have been answered in this moment.
            let _ = engine.answer(&call, Approval::Unanswered { why });
        });
    }

    fn shown(&self, call: &ToolCall, reason: &str) -> VisitorCall {
        VisitorCall {
            id: call.id.as_str().to_owned(),
            way: Way::Api,
            who: self.who.clone(),
            tool: call.tool.clone(),
            server: Some(call.server.clone()),
            arguments: call.arguments.clone(),
            reason: reason.to_owned(),
            conversation: self.conversation.clone(),
        }
    }
}

impl Drop for Visitor {
    /// However the turn ended: nobody waits for an answer any more.
    fn drop(&mut self) {
        self.end.cancel();
        let waiting = std::mem::take(self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !waiting.is_empty() {
            self.engine.change_visitors(|calls| calls.retain(|known| !waiting.contains(&known.id)));
        }
    }
}
