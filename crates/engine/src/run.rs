//! Drives one turn: asks what it wants next, does it, and writes down what happened.

use std::sync::Arc;
use std::time::Duration;

use chat::TurnStatus;
use chat::{CallId, CallStatus, ConversationId, Item, Leave, Next, Note, Policy, ToolCall, Turn, TurnEvent};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::approvals::Approvals;
use crate::attachments::Given;
use crate::clock::now;
use crate::condense::Room;
use crate::exchanges::Exchanges;
use crate::hearing::Hearing;
use crate::ledger::Ledger;
use crate::permissions::{Permissions, leave_by};
use crate::pictures::Pictures;
use crate::provider::{ModelRequest, Provider, ProviderError, Sampling};
use crate::questions::Asking;
use crate::reach::Reach;
use crate::results::Budget;
use crate::settle::{Settling, Step};
use crate::store::StoreError;
use crate::tools::Tools;
use crate::toolset::{Offer, Toolset, reads};

/// A provider that could not answer is asked this often in all.
const TRIES: u32 = 4;
/// So many tools that a provider refuses are left out of a turn before it is given up.
const MOST_ASIDE: usize = 8;

/// Where a turn is written down: applied events are stored and told to every face.
pub(crate) trait Record: Send + Sync {
    fn record(&self, turn: &Turn, event: &TurnEvent);

    /// Returns when everything recorded is on disk.
    fn flush(&self) -> futures::future::BoxFuture<'_, Result<(), StoreError>>;

    /// What came with the questions of these turns; pictures only where the model `sees`.
    fn given<'a>(&'a self, earlier: &'a [Turn], items: &'a [Item], sees: bool)
    -> futures::future::BoxFuture<'a, Given>;
}

/// Everything a turn needs to be driven.
pub(crate) struct Runner {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) tools: Arc<dyn Tools>,
    pub(crate) toolset: Arc<Toolset>,
    pub(crate) approvals: Arc<Approvals>,
    pub(crate) asking: Asking,
    /// Read anew for every round: servers come and go.
    pub(crate) policy: Box<dyn Fn() -> Policy + Send + Sync>,
    pub(crate) permissions: Arc<Permissions>,
    pub(crate) recorder: Arc<dyn Record>,
    pub(crate) ledger: Ledger,
    pub(crate) exchanges: Exchanges,
    /// Nothing for a turn that is not kept.
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) stop: CancellationToken,
    pub(crate) earlier: Arc<Vec<Turn>>,
    pub(crate) system: String,
    pub(crate) sampling: Sampling,
    /// Whether nobody reads along.
    pub(crate) whole: bool,
    pub(crate) budget: Budget,
    /// Whether the model is known to look at no picture: then not even those that a person attached are sent.
    pub(crate) blind: bool,
    /// Where what was said before may be summed up, where a model cannot read all of it.
    pub(crate) room: Option<Room>,
    /// Nothing where the model cannot see.
    pub(crate) pictures: Option<Arc<Pictures>>,
}

impl Runner {
    /// The same where nobody is there to be asked by servers: everything is declined.
    pub(crate) fn unattended(self) -> Self {
        Self { asking: Asking { attended: false, ..self.asking }, ..self }
    }

    /// Drives `turn` until it ends.
    pub(crate) async fn run(&self, turn: &mut Turn) {
        while turn.status == TurnStatus::Running {
            if self.stop.is_cancelled() {
                for event in turn.stop(now()) {
                    self.record(turn, event);
                }
                return;
            }
            match turn.next() {
                Next::AskModel => self.ask_model(turn).await,
                Next::RunTools(_) => self.run_tools(turn).await,
                Next::End(status) => self.record(turn, TurnEvent::Ended { status, at: now() }),
            }
        }
    }

    async fn ask_model(&self, turn: &mut Turn) {
        if turn.rounds == 0 && self.is_nearly_full(turn) {
            self.make_room(turn).await;
        }
        self.record(turn, TurnEvent::Asked);
        let (mut attempt, mut whole) = (1, self.whole);
        loop {
            let Some(whose) = self.stop.run_until_cancelled(self.tools.whose()).await else { return };
            let offer = Arc::new(self.offer(turn).in_name_of(whose));
            let Err(error) = self.hear_answer(turn, offer.clone(), whole).await else { return };
            // Once something of the answer is there, asking again would say it twice.
            let nothing_yet = turn.items.len() == turn.round_start;
            // Where something between gives up on who is silent for long, words that come one by one may get through.
            let was_whole = std::mem::take(&mut whole);
            if nothing_yet && was_whole && error.wants_pieces() {
                continue;
            }
            if nothing_yet && self.leave_out(turn, &error, &offer) {
                continue;
            }
            let is_full = matches!(error, ProviderError::ContextOverflow { .. });
            if nothing_yet && is_full && turn.condensed.is_none() && self.make_room(turn).await {
                continue;
            }
            if !(nothing_yet && error.is_passing() && attempt < TRIES) {
                let status = TurnStatus::Failed { error: error.report() };
                return self.record(turn, TurnEvent::Ended { status, at: now() });
            }
            let wait = error.wait().unwrap_or_else(|| backoff(attempt));
            let at = now() + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            self.record(turn, TurnEvent::Retrying { error: error.report(), at });
            tokio::select! {
                () = tokio::time::sleep(wait) => (),
                () = self.stop.cancelled() => return,
            }
            attempt += 1;
        }
    }

    /// Where the provider refused one tool by name or number: that tool is left out, and asking again is worth it.
    fn leave_out(&self, turn: &mut Turn, error: &ProviderError, offer: &Offer) -> bool {
        let Some(called) = error.refused_tool(&offer.names().collect::<Vec<&str>>()) else { return false };
        if turn.notes.len() >= MOST_ASIDE || !self.toolset.set_aside(&called) {
            return false;
        }
        let said = error.report().cause.unwrap_or_default();
        let text = format!("The provider does not take the tool {called}; it is left out of this turn. {said}");
        let note = Note { text: text.trim_end().to_owned(), round: turn.rounds, at: now() };
        self.record(turn, TurnEvent::Noted { note });
        true
    }

    /// Reads one answer to its end, or until the turn is stopped.
    async fn hear_answer(&self, turn: &mut Turn, offer: Arc<Offer>, whole: bool) -> Result<(), ProviderError> {
        let request = ModelRequest { whole, ..self.request(turn, offer.clone()).await };
        let mut answer = self.provider.stream(request);
        let mut hearing = Hearing::new(offer, self.toolset.preparing.clone());
        loop {
            let event = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                event = answer.next() => event,
            };
            let Some(event) = event else { return Ok(()) };
            for event in hearing.hear(turn, event?) {
                self.record(turn, event);
            }
        }
    }

    fn offer(&self, turn: &Turn) -> Offer {
        let items = self.earlier.iter().flat_map(|turn| &turn.items).chain(&turn.items);
        self.toolset.offer(self.tools.catalogue(), reads(items))
    }

    async fn request(&self, turn: &Turn, tools: Arc<Offer>) -> ModelRequest {
        let earlier = self.recalled(turn);
        let pictures = match &self.pictures {
            Some(pictures) => pictures.of(&earlier, &turn.items).await,
            None => Arc::default(),
        };
        let given = Arc::new(self.recorder.given(&earlier, &turn.items, !self.blind).await);
        ModelRequest {
            model: turn.model.model.clone(),
            system: self.system.clone(),
            earlier,
            items: turn.items.clone(),
            tools,
            given,
            pictures,
            sampling: self.sampling,
            tap: Some(self.exchanges.tap(&turn.id, turn.rounds)),
            whole: false,
            extra: Arc::default(),
        }
    }

    /// Judges what nobody has judged, then brings every open call to an end, all at the same time.
    async fn run_tools(&self, turn: &mut Turn) {
        let asking = Asking { model: Some(turn.model.clone()), ..self.asking.clone() };
        let reach = Reach::new(self.tools.clone(), self.toolset.clone(), &self.earlier, turn);
        let mut settling = Settling::new(Arc::new(reach), self.approvals.clone(), asking, self.stop.clone());
        let policy = (self.policy)();
        self.ledger.judge(turn, &policy);
        let judged: Vec<TurnEvent> =
            turn.judge(&policy, now()).into_iter().map(|event| self.explained(event, &policy)).collect();
        for event in &judged {
            if let TurnEvent::Item { item: Item::ToolCall(call) } = event
                && matches!(call.status, CallStatus::AwaitingApproval { .. })
            {
                settling.wait_for(&call.id, self.approvals.register(call, self.conversation.as_ref()));
            }
        }
        for event in judged {
            self.record(turn, event);
        }
        let open: Vec<ToolCall> = turn.calls().filter(|call| !call.status.is_final()).cloned().collect();
        let ids: Vec<CallId> = open.iter().map(|call| call.id.clone()).collect();
        for mut call in open {
            if call.status == CallStatus::Proposed {
                let by = leave_by(&policy, &call);
                call.leave = Some(Leave { by, approved: None, sent: None });
            }
            settling.add(call);
        }
        while let Some(steps) = settling.next().await {
            self.take_steps(turn, steps).await;
        }
        for id in &ids {
            self.approvals.forget(id);
        }
    }

    /// With the difference, where a call asks because its tool is no longer the one that was allowed.
    fn explained(&self, event: TurnEvent, policy: &Policy) -> TurnEvent {
        match event {
            TurnEvent::Item { item: Item::ToolCall(call) } => {
                let call = self.permissions.with_change(call, policy, &self.tools.catalogue());
                TurnEvent::Item { item: Item::ToolCall(call) }
            }
            other => other,
        }
    }

    /// Records what became of calls. None begins to run before the fact is on disk: after a crash
    /// nothing may have happened of which the journal knows nothing.
    async fn take_steps(&self, turn: &mut Turn, steps: Vec<Step>) {
        let mut starting = vec![];
        for step in steps {
            let item = match step.item {
                Item::ToolCall(call) => Item::ToolCall(self.budget.fit(call, turn)),
                other @ (Item::Message(_) | Item::Question(_)) => other,
            };
            self.record(turn, TurnEvent::Item { item });
            starting.extend(step.begin);
        }
        if starting.is_empty() {
            return;
        }
        let stored = self.recorder.flush().await.map_err(|error| error.report());
        for begin in starting {
            // The call is gone only when its turn is.
            let _ = begin.send(stored.clone());
        }
    }

    pub(crate) fn record(&self, turn: &mut Turn, event: TurnEvent) {
        turn.apply(&event);
        self.ledger.follow(turn, &event);
        self.recorder.record(turn, &event);
    }
}

/// 0.5, 1, 2 … seconds, spread by the clock's last digits so that many do not return at once.
fn backoff(attempt: u32) -> Duration {
    let base = 500 * 2_u64.pow(attempt.saturating_sub(1));
    Duration::from_millis(base + now() % (base / 4))
}
