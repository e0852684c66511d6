//! Turns what the model says into events of the turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat::{CallId, CallStatus, ErrorCode, ErrorReport, Item, Message, Pace, Role, ToolCall, Turn, TurnEvent};
use serde_json::Value;

use crate::clock::now;
use crate::provider::{ModelEvent, ProposedCall};
use crate::schema;
use crate::toolset::{Named, Offer, Preparing};

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
            ModelEvent::Call(call) => vec![TurnEvent::Item { item: Item::ToolCall(self.propose(turn, call)) }],
            ModelEvent::Usage(usage) => vec![TurnEvent::Usage { usage, pace: self.pace(usage.output) }],
            ModelEvent::Finished => vec![],
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
        let named = self.offer.find(&call.name);
        let arguments = schema::read(&call.arguments);
        let status = match (&named, &arguments) {
            (None, _) => CallStatus::Failed { error: unknown_tool(&call.name, &self.offer) },
            (Some(_), Ok(_)) => CallStatus::Proposed,
            (Some(_), Err(error)) => CallStatus::Failed { error: bad_arguments(&error.to_string()) },
        };
        let proposed = ToolCall {
            id: CallId(format!("{}-{}", turn.id, turn.items.len())),
            wire_id: call.wire_id,
            round: turn.rounds,
            called: call.name.clone(),
            server: String::new(),
            tool: call.name,
            own: false,
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
