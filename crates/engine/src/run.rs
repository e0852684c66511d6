//! Drives one turn: asks what it wants next, does it, and writes down what happened.

use std::sync::Arc;
use std::time::Duration;

use chat::{CallId, CallStatus, Item, Message, Next, Policy, Role, Turn, TurnEvent, TurnStatus};
use chat::{ErrorCode, ErrorReport, ToolCall};
use futures::StreamExt;
use mcp::Catalogue;
use tokio_util::sync::CancellationToken;

use crate::approvals::Approvals;
use crate::clock::now;
use crate::depth::is_shallow;
use crate::provider::{ModelEvent, ModelRequest, ProposedCall, Provider, ProviderError, Sampling};
use crate::settle::{Settling, Step};
use crate::store::StoreError;
use crate::tools::Tools;

/// A provider that could not answer is asked this often in all.
const TRIES: u32 = 4;

/// Where a turn is written down: applied events are stored and told to every face.
pub(crate) trait Record: Send + Sync {
    fn record(&self, turn: &Turn, event: &TurnEvent);

    /// Returns when everything recorded is on disk.
    fn flush(&self) -> futures::future::BoxFuture<'_, Result<(), StoreError>>;
}

/// Everything a turn needs to be driven.
pub(crate) struct Runner {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) tools: Arc<dyn Tools>,
    pub(crate) approvals: Arc<Approvals>,
    /// Read anew for every round: servers come and go.
    pub(crate) policy: Box<dyn Fn() -> Policy + Send + Sync>,
    pub(crate) recorder: Arc<dyn Record>,
    pub(crate) stop: CancellationToken,
    pub(crate) earlier: Arc<Vec<Turn>>,
    pub(crate) system: String,
    pub(crate) sampling: Sampling,
}

impl Runner {
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
        self.record(turn, TurnEvent::Asked);
        for attempt in 1..=TRIES {
            let Err(error) = self.hear_answer(turn).await else { return };
            // Once something of the answer is there, asking again would say it twice.
            let nothing_yet = turn.items.len() == turn.round_start;
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
        }
    }

    /// Reads one answer to its end, or until the turn is stopped.
    async fn hear_answer(&self, turn: &mut Turn) -> Result<(), ProviderError> {
        let mut answer = self.provider.stream(self.request(turn));
        let mut hearing = Hearing { message: None, catalogue: self.tools.catalogue() };
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

    fn request(&self, turn: &Turn) -> ModelRequest {
        ModelRequest {
            model: turn.model.model.clone(),
            system: self.system.clone(),
            earlier: self.earlier.clone(),
            items: turn.items.clone(),
            tools: self.tools.catalogue(),
            sampling: self.sampling,
            extra: Arc::default(),
        }
    }

    /// Judges what nobody has judged, then brings every open call to an end, all at the same time.
    async fn run_tools(&self, turn: &mut Turn) {
        let mut settling = Settling::new(self.tools.clone(), self.stop.clone());
        let judged = turn.judge(&(self.policy)(), now());
        for event in &judged {
            if let TurnEvent::Item { item: Item::ToolCall(call) } = event
                && matches!(call.status, CallStatus::AwaitingApproval { .. })
            {
                settling.wait_for(&call.id, self.approvals.register(&call.id));
            }
        }
        for event in judged {
            self.record(turn, event);
        }
        let open: Vec<ToolCall> = turn.calls().filter(|call| !call.status.is_final()).cloned().collect();
        let ids: Vec<CallId> = open.iter().map(|call| call.id.clone()).collect();
        for call in open {
            settling.add(call);
        }
        while let Some(steps) = settling.next().await {
            self.take_steps(turn, steps).await;
        }
        for id in &ids {
            self.approvals.forget(id);
        }
    }

    /// Records what became of calls. None begins to run before the fact is on disk: after a crash
    /// nothing may have happened of which the journal knows nothing.
    async fn take_steps(&self, turn: &mut Turn, steps: Vec<Step>) {
        let mut starting = vec![];
        for step in steps {
            self.record(turn, TurnEvent::Item { item: Item::ToolCall(step.call) });
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

    fn record(&self, turn: &mut Turn, event: TurnEvent) {
        turn.apply(&event);
        self.recorder.record(turn, &event);
    }
}

/// 0.5, 1, 2 … seconds, spread by the clock's last digits so that many do not return at once.
fn backoff(attempt: u32) -> Duration {
    let base = 500 * 2_u64.pow(attempt.saturating_sub(1));
    Duration::from_millis(base + now() % (base / 4))
}

/// Turns what the model says into events of the turn.
struct Hearing {
    /// The message that is growing.
    message: Option<Message>,
    catalogue: Arc<Catalogue>,
}

impl Hearing {
    fn hear(&mut self, turn: &Turn, event: ModelEvent) -> Vec<TurnEvent> {
        match event {
            ModelEvent::Reasoning(delta) => {
                let (id, mut events) = self.message(turn);
                events.push(TurnEvent::Reasoning { id, delta });
                events
            }
            ModelEvent::Text(delta) => {
                let (id, mut events) = self.message(turn);
                events.extend(self.stop_thinking(turn, &id));
                events.push(TurnEvent::Text { id, delta });
                events
            }
            ModelEvent::Call(call) => vec![TurnEvent::Item { item: Item::ToolCall(self.propose(turn, call)) }],
            ModelEvent::Usage(usage) => vec![TurnEvent::Usage { usage }],
            ModelEvent::Finished => vec![],
        }
    }

    /// The growing message's id, announced first if it is new.
    fn message(&mut self, turn: &Turn) -> (String, Vec<TurnEvent>) {
        if let Some(message) = &self.message {
            return (message.id.0.clone(), vec![]);
        }
        let message = Message {
            id: chat::ItemId(format!("{}-{}", turn.id, turn.items.len())),
            role: Role::Assistant,
            round: turn.rounds,
            text: String::new(),
            reasoning: String::new(),
            at: now(),
            spoke_at: None,
        };
        self.message = Some(message.clone());
        (message.id.0.clone(), vec![TurnEvent::Item { item: Item::Message(message) }])
    }

    /// Notes when a model that thought aloud begins to speak.
    fn stop_thinking(&mut self, turn: &Turn, id: &str) -> Option<TurnEvent> {
        let growing = self.message.as_mut().filter(|message| message.spoke_at.is_none())?;
        growing.spoke_at = Some(now());
        let Some(Item::Message(known)) = turn.items.iter().rfind(|item| item.id() == id) else { return None };
        if known.reasoning.is_empty() {
            return None;
        }
        let message = Message { spoke_at: growing.spoke_at, ..known.clone() };
        Some(TurnEvent::Item { item: Item::Message(message) })
    }

    /// A call nobody can run is closed right away, with words from which the model can learn.
    fn propose(&self, turn: &Turn, call: ProposedCall) -> ToolCall {
        let tool = self.catalogue.find(&call.name);
        let arguments = serde_json::from_str::<serde_json::Value>(&call.arguments);
        let status = match (tool, &arguments) {
            (None, _) => CallStatus::Failed { error: unknown_tool(&call.name, &self.catalogue) },
            (Some(_), Ok(value @ serde_json::Value::Object(_))) if is_shallow(value) => CallStatus::Proposed,
            (Some(_), Ok(serde_json::Value::Object(_))) => {
                CallStatus::Failed { error: bad_arguments("They are nested too deeply.") }
            }
            (Some(_), Ok(_)) => CallStatus::Failed { error: bad_arguments("They are no JSON object.") },
            (Some(_), Err(error)) => CallStatus::Failed { error: bad_arguments(&error.to_string()) },
        };
        let ended_at = status.is_final().then(now);
        ToolCall {
            id: CallId(format!("{}-{}", turn.id, turn.items.len())),
            wire_id: call.wire_id,
            round: turn.rounds,
            called: call.name.clone(),
            server: tool.map(|tool| tool.server.clone()).unwrap_or_default(),
            tool: tool.map_or(call.name, |tool| tool.name.clone()),
            title: tool.and_then(|tool| tool.title.clone()),
            own: false,
            hints: tool.map(|tool| tool.hints).unwrap_or_default(),
            definition: tool.map(|tool| tool.definition.clone()).unwrap_or_default(),
            arguments: arguments.ok().filter(is_shallow).unwrap_or(serde_json::Value::String(call.arguments)),
            status,
            started_at: None,
            ended_at,
        }
    }
}

fn unknown_tool(name: &str, catalogue: &Catalogue) -> ErrorReport {
    let names: Vec<&str> = catalogue.tools().iter().take(40).map(|tool| tool.called.as_str()).collect();
    let report = ErrorReport::new(ErrorCode::ToolUnknown, format!("There is no tool called {name}."));
    if names.is_empty() {
        report.because("No server is ready, so there are no tools.")
    } else {
        report.because(format!("The tools are: {}.", names.join(", ")))
    }
}

fn bad_arguments(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::ArgumentsInvalid, "The model's arguments cannot be read, so the tool was not run.")
        .because(why)
}
