//! What faces know: the state that is shown, and everybody who is told when it changes.
//!
//! One lock covers both, so a snapshot and the events after it never overlap and never miss.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::{Conversation, ConversationId, ConversationSummary, Turn, TurnEvent, TurnStatus};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::view::AppEvent;

/// Receives every event from its subscription on.
pub type Events = mpsc::UnboundedReceiver<AppEvent>;

#[derive(Default)]
pub(crate) struct Hub {
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    summaries: HashMap<ConversationId, ConversationSummary>,
    /// Turns under way, as every face has been told of them.
    live: HashMap<ConversationId, Live>,
    listeners: Vec<mpsc::UnboundedSender<AppEvent>>,
}

struct Live {
    turn: Turn,
    stop: CancellationToken,
}

impl Hub {
    /// Begins with these conversations.
    pub(crate) fn of(summaries: Vec<ConversationSummary>) -> Self {
        let hub = Self::default();
        hub.shown().summaries.extend(summaries.into_iter().map(|it| (it.id.clone(), it)));
        hub
    }

    /// Registers a listener and takes what `look` sees at the same instant.
    pub(crate) fn subscribe<T>(&self, look: impl FnOnce(Vec<ConversationSummary>) -> T) -> (T, Events) {
        let mut shown = self.shown();
        let (send, events) = mpsc::unbounded_channel();
        shown.listeners.push(send);
        (look(shown.newest_first()), events)
    }

    pub(crate) fn conversations(&self) -> Vec<ConversationSummary> {
        self.shown().newest_first()
    }

    pub(crate) fn summary(&self, id: &ConversationId) -> Option<ConversationSummary> {
        self.shown().summaries.get(id).cloned()
    }

    pub(crate) fn announce(&self, event: AppEvent) {
        self.shown().announce(event);
    }

    /// Tells of a conversation that is new or changed.
    pub(crate) fn put(&self, summary: ConversationSummary) {
        let mut shown = self.shown();
        shown.summaries.insert(summary.id.clone(), summary.clone());
        shown.announce(AppEvent::Conversation { summary });
    }

    /// Tells of all conversations there are now. Those under way stay as they were told.
    pub(crate) fn replace(&self, summaries: Vec<ConversationSummary>) {
        let mut shown = self.shown();
        let live: Vec<_> = shown.live.keys().filter_map(|id| shown.summaries.get(id).cloned()).collect();
        shown.summaries = summaries.into_iter().chain(live).map(|it| (it.id.clone(), it)).collect();
        let summaries = shown.newest_first();
        shown.announce(AppEvent::Conversations { summaries });
    }

    pub(crate) fn take(&self, id: &ConversationId) -> Option<ConversationSummary> {
        let mut shown = self.shown();
        let summary = shown.summaries.remove(id)?;
        shown.announce(AppEvent::ConversationRemoved { id: id.clone() });
        Some(summary)
    }

    /// Changes what the list shows of a conversation; false when there is no such conversation.
    pub(crate) fn change(&self, id: &ConversationId, change: impl FnOnce(&mut ConversationSummary)) -> bool {
        let mut shown = self.shown();
        let Some(summary) = shown.summaries.get_mut(id) else { return false };
        change(summary);
        let summary = summary.clone();
        shown.announce(AppEvent::Conversation { summary });
        true
    }

    /// Begins a turn; nothing when the conversation has one under way already.
    pub(crate) fn begin(&self, id: &ConversationId, turn: &Turn) -> Option<CancellationToken> {
        let mut shown = self.shown();
        if shown.live.contains_key(id) {
            return None;
        }
        let stop = CancellationToken::new();
        shown.live.insert(id.clone(), Live { turn: turn.clone(), stop: stop.clone() });
        shown.touch(id, turn.started_at, true);
        shown.announce(AppEvent::TurnStarted { conversation: id.clone(), turn: turn.clone() });
        Some(stop)
    }

    /// Tells of an event of a turn under way; the last one ends it.
    pub(crate) fn happen(&self, id: &ConversationId, event: &TurnEvent) {
        let mut shown = self.shown();
        let Some(live) = shown.live.get_mut(id) else { return };
        live.turn.apply(event);
        let turn = live.turn.id.clone();
        shown.announce(AppEvent::Turn { conversation: id.clone(), turn, event: event.clone() });
        if let TurnEvent::Ended { at, .. } = event {
            shown.live.remove(id);
            shown.touch(id, *at, false);
        }
    }

    pub(crate) fn is_running(&self, id: &ConversationId) -> bool {
        self.shown().live.contains_key(id)
    }

    /// Asks the turn under way to stop; false when there is none.
    pub(crate) fn stop(&self, id: &ConversationId) -> bool {
        let shown = self.shown();
        let live = shown.live.get(id);
        live.inspect(|live| live.stop.cancel()).is_some()
    }

    /// Asks every turn to stop.
    pub(crate) fn stop_all(&self) {
        self.shown().live.values().for_each(|live| live.stop.cancel());
    }

    /// Tells everybody the latest turns of a conversation, its turn under way as of this instant; `earlier` turns
    /// come before them. False when they were read while a turn ran that has ended since, unless that is
    /// `another`'s turn.
    pub(crate) fn open(&self, mut conversation: Conversation, earlier: usize, another: bool) -> bool {
        let mut shown = self.shown();
        let live = shown.live.get(&conversation.id).map(|live| live.turn.clone());
        if let Some(live) = &live {
            conversation.turns.retain(|turn| turn.id != live.id);
        }
        if !another && conversation.turns.iter().any(|turn| turn.status == TurnStatus::Running) {
            return false;
        }
        conversation.turns.extend(live);
        shown.announce(AppEvent::ConversationOpened { conversation, earlier });
        true
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Nothing here panics half-way, so what a panic elsewhere left behind is whole.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn announce(&mut self, event: AppEvent) {
        self.listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }

    fn touch(&mut self, id: &ConversationId, at: u64, running: bool) {
        let Some(summary) = self.summaries.get_mut(id) else { return };
        summary.updated_at = at;
        summary.running = running;
        let summary = summary.clone();
        self.announce(AppEvent::Conversation { summary });
    }

    fn newest_first(&self) -> Vec<ConversationSummary> {
        let mut summaries: Vec<_> = self.summaries.values().cloned().collect();
        summaries.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| b.id.cmp(&a.id)));
        summaries
    }
}
