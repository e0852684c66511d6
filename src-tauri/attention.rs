//! What a person would want to know of while the window is away: turns under way, what waits for them, what ended.

use std::collections::{HashMap, HashSet};

use chat::{
    CallId, CallStatus, ConversationId, ConversationSummary, Item, ItemId, QuestionStatus, TurnEvent, TurnId,
    TurnStatus,
};
use engine::AppEvent;

/// What the tray says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Turns under way.
    pub(crate) running: usize,
    /// Calls and questions that wait for a person.
    pub(crate) waiting: usize,
}

/// Something worth a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) kind: NoticeKind,
    /// The conversation's title, or who asks.
    pub(crate) about: String,
    pub(crate) conversation: ConversationId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    Answered,
    Failed,
    /// A call waits for approval.
    Approval,
    /// A server asks something.
    Question,
}

#[derive(Debug, Default)]
pub(crate) struct Attention {
    titles: HashMap<ConversationId, String>,
    running: HashSet<TurnId>,
    calls: HashMap<CallId, TurnId>,
    questions: HashMap<ItemId, TurnId>,
}

impl Attention {
    pub(crate) fn of(conversations: Vec<ConversationSummary>) -> Self {
        let titles = conversations.into_iter().map(|summary| (summary.id, summary.title)).collect();
        Self { titles, ..Self::default() }
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing { running: self.running.len(), waiting: self.calls.len() + self.questions.len() }
    }

    /// Takes an event in; answers with what it is worth telling, once.
    pub(crate) fn apply(&mut self, event: &AppEvent) -> Option<Notice> {
        match event {
            AppEvent::Conversation { summary } => {
                self.titles.insert(summary.id.clone(), summary.title.clone());
                None
            }
            AppEvent::ConversationRemoved { id } => {
                self.titles.remove(id);
                None
            }
            AppEvent::TurnStarted { turn, .. } => {
                self.running.insert(turn.id.clone());
                None
            }
            AppEvent::Turn { conversation, turn, event } => self.happened(conversation, turn, event),
            _ => None,
        }
    }

    fn happened(&mut self, conversation: &ConversationId, turn: &TurnId, event: &TurnEvent) -> Option<Notice> {
        let notice = |kind, about: String| Some(Notice { kind, about, conversation: conversation.clone() });
        match event {
            TurnEvent::Item { item: Item::ToolCall(call) } => {
                if !matches!(call.status, CallStatus::AwaitingApproval { .. }) {
                    self.calls.remove(&call.id);
                    return None;
                }
                let known = self.calls.insert(call.id.clone(), turn.clone()).is_some();
                if known { None } else { notice(NoticeKind::Approval, format!("{} · {}", call.server, call.tool)) }
            }
            TurnEvent::Item { item: Item::Question(question) } => {
                if !matches!(question.status, QuestionStatus::Waiting) {
                    self.questions.remove(&question.id);
                    return None;
                }
                let known = self.questions.insert(question.id.clone(), turn.clone()).is_some();
                if known { None } else { notice(NoticeKind::Question, question.server.clone()) }
            }
            TurnEvent::Ended { status, .. } => {
                self.running.remove(turn);
                self.calls.retain(|_, of| of != turn);
                self.questions.retain(|_, of| of != turn);
                let title = self.titles.get(conversation).cloned().unwrap_or_default();
                match status {
                    TurnStatus::Completed => notice(NoticeKind::Answered, title),
                    TurnStatus::Failed { .. } => notice(NoticeKind::Failed, title),
                    TurnStatus::Running | TurnStatus::Stopped => None,
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chat::{ModelRef, ToolCall, Turn};

    use super::*;

    fn happens(event: TurnEvent) -> AppEvent {
        AppEvent::Turn { conversation: "c".into(), turn: "t".into(), event }
    }

    fn started() -> AppEvent {
        let model = ModelRef { provider: "practice".into(), model: "practice".into() };
        let question = serde_json::from_value(
            serde_json::json!({ "type": "message", "id": "q", "role": "user", "round": 0, "text": "?", "at": 0 }),
        );
        let turn = Turn::new("t".into(), model, question.unwrap(), 0);
        AppEvent::TurnStarted { conversation: "c".into(), turn }
    }

    fn call(status: serde_json::Value) -> AppEvent {
        let call: ToolCall = serde_json::from_value(serde_json::json!({
            "id": "k", "wireId": "k", "round": 1, "called": "a__b", "server": "a", "tool": "b", "arguments": {},
            "hints": { "readOnly": false, "destructive": true, "idempotent": false, "openWorld": true },
            "status": status,
        }))
        .unwrap();
        happens(TurnEvent::Item { item: Item::ToolCall(call) })
    }

    #[test]
    fn a_waiting_call_is_told_once_and_counted_until_it_is_answered() {
        let waits = || call(serde_json::json!({ "state": "awaitingApproval", "reason": "may write" }));
        let mut attention = Attention::default();
        assert_eq!(attention.apply(&started()), None);
        let notice = attention.apply(&waits()).unwrap();
        assert_eq!((notice.kind, notice.about.as_str()), (NoticeKind::Approval, "a · b"));
        assert_eq!(attention.apply(&waits()), None);
        assert_eq!(attention.standing(), Standing { running: 1, waiting: 1 });
        attention.apply(&call(serde_json::json!({ "state": "running" })));
        assert_eq!(attention.standing(), Standing { running: 1, waiting: 0 });
    }

    #[test]
    fn an_end_is_told_unless_the_person_stopped_it() {
        for (status, told) in [(TurnStatus::Completed, Some(NoticeKind::Answered)), (TurnStatus::Stopped, None)] {
            let mut attention = Attention::default();
            attention.apply(&started());
            attention.apply(&call(serde_json::json!({ "state": "awaitingApproval", "reason": "" })));
            let notice = attention.apply(&happens(TurnEvent::Ended { status, at: 1 }));
            assert_eq!(notice.map(|notice| notice.kind), told);
            assert_eq!(attention.standing(), Standing::default());
        }
    }
}
