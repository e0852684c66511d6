//! Writes the ledger of one turn while it happens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat::{CallId, CallStatus, ConversationId, Decision, Item, Policy, ToolCall, ToolHints, Turn, TurnEvent};
use mcp::CallRequest;
use serde_json::Value;

use super::{Face, LedgerDecision, LedgerEntry, LedgerOutcome};
use crate::clock::now;
use crate::copies::Copies;
use crate::engine::Engine;
use crate::permissions::words;
use crate::store::Store;

/// Longer arguments are cut: the conversation has the whole.
const MOST: usize = 64 * 1024;

/// The ledger, as one turn writes it.
pub(crate) struct Ledger {
    store: Store,
    /// Where the other copies write theirs.
    copies: Option<Arc<Copies>>,
    face: Face,
    /// The name of the key of whoever is not at this computer.
    key: Option<String>,
    conversation: Option<ConversationId>,
    judged: Mutex<HashMap<CallId, Judged>>,
}

/// What the rules said of a call.
#[derive(Clone)]
struct Judged {
    decision: LedgerDecision,
    rule: Option<String>,
    reason: Option<String>,
}

impl Ledger {
    pub(crate) fn new(engine: &Engine, conversation: Option<ConversationId>) -> Self {
        let (store, copies, face) = (engine.inner.store.clone(), engine.inner.copies.clone(), engine.inner.face);
        Self { store, copies, face, key: None, conversation, judged: Mutex::default() }
    }

    /// The same for calls that another program asked for, with the key of that name.
    pub(crate) fn for_api(self, key: String) -> Self {
        Self { face: Face::Api, key: Some(key).filter(|key| !key.is_empty()), ..self }
    }

    /// Keeps what the rules say of the calls that nobody has judged yet.
    pub(crate) fn judge(&self, turn: &Turn, policy: &Policy) {
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        for call in turn.calls().filter(|call| call.status == CallStatus::Proposed) {
            let (decision, rule) = policy.judge(call);
            let rule = if call.own { Some("A tool of Loquat's own".to_owned()) } else { rule.map(words) };
            let (decision, reason) = match decision {
                Decision::Allow => (LedgerDecision::Allowed, None),
                Decision::Ask { reason } => (LedgerDecision::Waiting, Some(reason)),
                Decision::Deny { reason } => (LedgerDecision::Denied, Some(reason)),
            };
            judged.insert(call.id.clone(), Judged { decision, rule, reason });
        }
    }

    /// Writes down what an event says of a call.
    pub(crate) fn follow(&self, turn: &Turn, event: &TurnEvent) {
        let TurnEvent::Item { item: Item::ToolCall(call) } = event else { return };
        if matches!(call.status, CallStatus::Running { progress: Some(_) }) {
            return;
        }
        let judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner).get(&call.id).cloned();
        let mut entry = LedgerEntry {
            conversation: self.conversation.clone(),
            turn: Some(turn.id.clone()),
            model: Some(turn.model.clone()),
            key: self.key.clone(),
            ..entry(call, self.face)
        };
        if let Some(judged) = judged {
            entry.decision = decided(judged.decision, &call.status);
            entry.rule = judged.rule;
            entry.reason = entry.reason.or(judged.reason);
        }
        if let Some(copies) = &self.copies {
            copies.note(&entry);
        }
        self.store.keep_in_ledger(entry);
    }

    /// Writes down a call that a person makes without a model.
    pub(crate) fn by_hand(&self, call: &ToolCall) {
        self.store.keep_in_ledger(LedgerEntry { decision: LedgerDecision::ByHand, ..entry(call, self.face) });
    }
}

/// A call that waited and moved on was decided by a person.
fn decided(judged: LedgerDecision, status: &CallStatus) -> LedgerDecision {
    match (judged, status) {
        (LedgerDecision::Waiting, CallStatus::Refused { .. }) => LedgerDecision::Refused,
        (
            LedgerDecision::Waiting,
            CallStatus::Running { .. } | CallStatus::Succeeded { .. } | CallStatus::Failed { .. },
        ) => LedgerDecision::Approved,
        (judged, _) => judged,
    }
}

fn entry(call: &ToolCall, face: Face) -> LedgerEntry {
    let (error, bytes, reason) = match &call.status {
        CallStatus::Succeeded { output } => (None, Some(output.bytes), None),
        CallStatus::Failed { error } => (Some(mcp::masked(&said(error)).to_string()), None, None),
        CallStatus::Refused { reason } => (None, None, Some(reason.clone())),
        CallStatus::AwaitingApproval { reason, .. } => (None, None, Some(reason.clone())),
        CallStatus::Proposed | CallStatus::Running { .. } => (None, None, None),
    };
    let sent = call.leave.as_ref().and_then(|leave| leave.sent.as_ref()).unwrap_or_else(|| call.effective());
    LedgerEntry {
        number: 0,
        call: call.id.clone(),
        at: call.started_at.unwrap_or_else(now),
        face,
        conversation: None,
        turn: None,
        model: None,
        key: None,
        server: call.server.clone(),
        tool: call.tool.clone(),
        account: call.account.clone(),
        arguments: shown(sent),
        proposed: (*sent != call.arguments).then(|| shown(&call.arguments)),
        decision: LedgerDecision::None,
        rule: None,
        reason,
        outcome: LedgerOutcome::of(&call.status),
        error,
        bytes,
        started_at: call.started_at,
        ended_at: call.ended_at,
    }
}

fn said(error: &chat::ErrorReport) -> String {
    [Some(error.message.as_str()), error.cause.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Arguments without secrets, and not too long.
fn shown(arguments: &Value) -> Value {
    let masked = masked(arguments);
    let text = masked.to_string();
    if text.len() <= MOST {
        return masked;
    }
    Value::String(format!("{}…", &text[..text.floor_char_boundary(MOST)]))
}

fn masked(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(mcp::masked(text).to_string()),
        Value::Array(values) => values.iter().map(masked).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), masked(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A call that begins because a person wants it.
pub(super) fn by_hand(id: CallId, request: &CallRequest) -> ToolCall {
    ToolCall {
        id,
        wire_id: String::new(),
        round: 0,
        called: request.tool.clone(),
        server: request.server.clone(),
        own: false,
        tool: request.tool.clone(),
        title: None,
        hints: ToolHints::default(),
        definition: String::new(),
        arguments: Value::Object(request.arguments.clone()),
        account: request.account.clone(),
        mended: None,
        leave: None,
        status: CallStatus::Running { progress: None },
        started_at: Some(now()),
        ended_at: None,
    }
}
