//! Turns what the model says into events of the turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat::{CallId, CallStatus, ErrorCode, ErrorReport, Item, Message, Note, Pace, Role, ToolCall, Turn, TurnEvent};
use serde_json::Value;

use crate::clock::now;
use crate::depth::is_shallow;
use crate::provider::{ModelEvent, ProposedCall};
use crate::repair::{self, Written};
use crate::schema;
use crate::toolset::{Named, Offer, Preparing};

/// How people are told what had to be guessed.
const WRITTEN: &str = "the model wrote this call into its text";
const BROKEN: &str = "the model's arguments were broken JSON and had to be mended";

/// One answer, while it is heard.
pub(crate) struct Hearing {
    /// The message that is growing.
    message: Option<Message>,
    offer: Arc<Offer>,
    preparing: Arc<Preparing>,
    asked: Instant,
    /// When the first words came, and the last.
    words: Option<(Instant, Instant)>,
}

impl Hearing {
    pub(crate) fn new(offer: Arc<Offer>, preparing: Arc<Preparing>) -> Self {
        Self { message: None, offer, preparing, asked: Instant::now(), words: None }
    }

    pub(crate) fn hear(&mut self, turn: &Turn, event: ModelEvent) -> Vec<TurnEvent> {
        if let ModelEvent::Reasoning(_) | ModelEvent::Text(_) = &event {
            let now = Instant::now();
            self.words = Some((self.words.map_or(now, |(first, _)| first), now));
        }
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
            ModelEvent::Call(call) => vec![TurnEvent::Item { item: Item::ToolCall(self.propose(turn, call, 0, None)) }],
            ModelEvent::Nameless(count) => vec![TurnEvent::Noted { note: nameless(count, turn) }],
            ModelEvent::Usage(usage) => vec![TurnEvent::Usage { usage, pace: self.pace(usage.output) }],
            ModelEvent::Finished => self.written(turn).unwrap_or_default(),
        }
    }

    /// How fast the words came. A server that sends them all at once does not show it.
    fn pace(&self, written: u64) -> Option<Pace> {
        let (first, last) = self.words?;
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let writing_ms = ms(last.duration_since(first));
        (writing_ms > 0).then(|| Pace { first_ms: ms(first.duration_since(self.asked)), writing_ms, written })
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
            attachments: vec![],
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

    /// Calls that the model wrote into its text, where it made none in the way that was offered. They are shown as
    /// what they are: the text keeps only what was said besides.
    fn written(&self, turn: &Turn) -> Option<Vec<TurnEvent>> {
        let message = self.message.as_ref()?;
        let round = turn.items.get(turn.round_start..)?;
        if self.offer.names().next().is_none() || round.iter().any(|item| matches!(item, Item::ToolCall(_))) {
            return None;
        }
        let said = round.iter().find_map(|item| match item {
            Item::Message(said) if said.id == message.id => Some(said),
            Item::Message(_) | Item::ToolCall(_) | Item::Question(_) => None,
        })?;
        let Written { text, calls } = repair::written(&said.text, |name| self.offer.find(name).is_some())?;
        let mut events = vec![TurnEvent::Item { item: Item::Message(Message { text, ..said.clone() }) }];
        for (nth, call) in calls.into_iter().enumerate() {
            let name = if call.name.is_empty() { "unnamed".into() } else { call.name };
            let wire_id = format!("call_{}_{nth}", turn.rounds);
            let call = ProposedCall { wire_id, name, arguments: call.arguments };
            events.push(TurnEvent::Item { item: Item::ToolCall(self.propose(turn, call, nth, Some(WRITTEN))) });
        }
        Some(events)
    }

    /// A call nobody can run is closed right away, with words from which the model can learn. `nth` counts those that
    /// come at once, and `mended` says what had to be guessed so far.
    fn propose(&self, turn: &Turn, call: ProposedCall, nth: usize, mended: Option<&'static str>) -> ToolCall {
        let named = self.offer.find(&call.name);
        let (arguments, mended) = match schema::read(&call.arguments) {
            Ok(arguments) => (Ok(arguments), mended),
            Err(error) => match repair::mended(&call.arguments) {
                Some(guessed @ Value::Object(_)) if is_shallow(&guessed) => {
                    (Ok(guessed), Some(mended.unwrap_or(BROKEN)))
                }
                Some(_) | None => (Err(error), mended),
            },
        };
        let status = match (&named, &arguments) {
            (None, _) => CallStatus::Failed { error: unknown_tool(&call.name, &self.offer) },
            (Some(_), Ok(_)) => CallStatus::Proposed,
            (Some(_), Err(error)) => CallStatus::Failed { error: bad_arguments(&error.to_string()) },
        };
        let proposed = ToolCall {
            id: CallId(format!("{}-{}", turn.id, turn.items.len() + nth)),
            leave: None,
            wire_id: call.wire_id,
            mended: mended.map(str::to_owned),
            round: turn.rounds,
            called: call.name.clone(),
            server: String::new(),
            tool: call.name,
            own: false,
            account: None,
            title: None,
            hints: Default::default(),
            definition: String::new(),
            arguments: arguments.unwrap_or(Value::String(call.arguments)),
            ended_at: status.is_final().then(now),
            status,
            started_at: None,
        };
        match named {
            None => proposed,
            Some(Named::Own(own)) => {
                ToolCall { tool: own.name().into(), own: true, title: Some(own.title().into()), ..proposed }
            }
            Some(Named::Tool(tool)) => {
                let mut arguments = proposed.arguments;
                if let Ok(prepared) = self.preparing.prepare(tool) {
                    schema::coerce(&mut arguments, prepared.parameters());
                }
                ToolCall {
                    account: self.offer.account_of(&tool.server),
                    server: tool.server.clone(),
                    tool: tool.name.clone(),
                    title: tool.title.clone(),
                    hints: tool.hints,
                    definition: tool.definition.clone(),
                    arguments,
                    ..proposed
                }
            }
        }
    }
}

fn nameless(count: usize, turn: &Turn) -> Note {
    let text = format!("The model made {count} calls without naming a tool; they were left out.");
    let text = if count == 1 { "The model made a call without naming a tool; it was left out.".into() } else { text };
    Note { text, round: turn.rounds, at: now() }
}

fn unknown_tool(name: &str, offer: &Offer) -> ErrorReport {
    let names: Vec<&str> = offer.names().take(40).collect();
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
