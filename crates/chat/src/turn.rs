//! A turn as a value: what has happened, and what it wants next.

use serde::{Deserialize, Serialize};

use crate::{
    CallId, CallStatus, Condensed, Decision, ErrorCode, ErrorReport, Item, ModelRef, Policy, Question, QuestionStatus,
    ToolCall, TurnId,
};

/// A question and everything done to answer it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    pub id: TurnId,
    /// The turn that it follows; nothing where it begins the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub parent: Option<TurnId>,
    /// The first turn with this very question, where this one answers it once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub again: Option<TurnId>,
    /// Who answers in it.
    pub model: ModelRef,
    pub items: Vec<Item>,
    pub status: TurnStatus,
    pub started_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ended_at: Option<u64>,
    /// Of all its rounds together.
    pub usage: Usage,
    /// Of its latest round alone: how much of what the model can read was used up.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Usage>", optional))]
    pub latest: Usage,
    /// How fast the model was, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pace: Option<Pace>,
    /// How often the model may be asked before the turn is called off.
    pub max_rounds: u32,
    /// How often the model has been asked.
    pub rounds: u32,
    /// Where in `items` the model's latest answer begins.
    pub round_start: usize,
    /// What Loquat did on the way that a person may want to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Note>>", optional))]
    pub notes: Vec<Note>,
    /// What stands for the turns before it, where the model could not read all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub condensed: Option<Condensed>,
}

/// Something Loquat did on the way, such as leaving out a tool that the provider refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub text: String,
    /// In which of the turn's requests to the model, from 1.
    pub round: u32,
    pub at: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum TurnStatus {
    Running,
    Completed,
    Stopped,
    Failed { error: ErrorReport },
}

/// What the model read and wrote, in tokens, as the provider counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub input: u64,
    pub output: u64,
    /// The part of `input` that the provider had kept.
    pub cached: u64,
}

impl Usage {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How long the model took for its words, waiting for tools and people not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Pace {
    /// From the request to the first word, in the first round that had one.
    pub first_ms: u64,
    /// From the first word to the last, all rounds that had words together.
    pub writing_ms: u64,
    /// What was written meanwhile, in tokens.
    pub written: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cached += other.cached;
    }
}

/// Everything that can happen to a turn; also, verbatim, what every face is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum TurnEvent {
    /// The model has been asked; items from here on are its answer.
    Asked,
    /// The provider could not answer yet; it is asked again at `at`.
    Retrying {
        error: ErrorReport,
        at: u64,
    },
    /// An item is new or has changed; this is now the whole of it.
    Item {
        item: Item,
    },
    /// Text arrived for a message already announced. Only a shortcut between two whole items.
    Text {
        id: String,
        delta: String,
    },
    /// The model thought aloud, for a message already announced.
    Reasoning {
        id: String,
        delta: String,
    },
    /// Loquat did something on the way that a person may want to know.
    Noted {
        note: Note,
    },
    /// What was said before was summed up for this turn and those after it, or told whole again.
    Condensed {
        condensed: Condensed,
    },
    /// What one round cost.
    Usage {
        usage: Usage,
        /// Absent where the round had no words, or came all at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        pace: Option<Pace>,
    },
    Ended {
        status: TurnStatus,
        at: u64,
    },
}

impl TurnEvent {
    /// Takes in `next` where it goes on with the very text that this event brought; false where it does not.
    pub fn join(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Text { id, delta }, Self::Text { id: same, delta: more })
            | (Self::Reasoning { id, delta }, Self::Reasoning { id: same, delta: more })
                if id == same =>
            {
                delta.push_str(more);
                true
            }
            _ => false,
        }
    }
}

/// What a turn wants done before it can go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    AskModel,
    /// Settle these calls: run what is allowed, ask the person about the rest.
    RunTools(Vec<CallId>),
    End(TurnStatus),
}

impl Turn {
    pub fn new(id: TurnId, model: ModelRef, question: Item, started_at: u64) -> Self {
        Self {
            id,
            parent: None,
            again: None,
            model,
            items: vec![question],
            status: TurnStatus::Running,
            started_at,
            ended_at: None,
            usage: Usage::default(),
            latest: Usage::default(),
            pace: None,
            max_rounds: 25,
            rounds: 0,
            round_start: 0,
            notes: vec![],
            condensed: None,
        }
    }

    /// Looks at the latest round, not at the last item: a model that speaks after calling a tool
    /// still gets the results.
    pub fn next(&self) -> Next {
        let open: Vec<CallId> = self.open_calls().map(|call| call.id.clone()).collect();
        if !open.is_empty() {
            return Next::RunTools(open);
        }
        let round = self.items.get(self.round_start..).unwrap_or_default();
        let wants_results = round.iter().any(|item| matches!(item, Item::ToolCall(_)));
        if self.rounds > 0 && !wants_results {
            return Next::End(TurnStatus::Completed);
        }
        if self.rounds >= self.max_rounds {
            return Next::End(TurnStatus::Failed { error: round_limit(self.max_rounds) });
        }
        Next::AskModel
    }

    pub fn apply(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::Asked => {
                self.rounds += 1;
                self.round_start = self.items.len();
            }
            TurnEvent::Retrying { .. } => (),
            // From the end: what changes is nearly always what came last.
            TurnEvent::Item { item } => match self.items.iter_mut().rfind(|known| known.id() == item.id()) {
                Some(known) => *known = item.clone(),
                None => self.items.push(item.clone()),
            },
            TurnEvent::Text { id, delta } => {
                if let Some(Item::Message(message)) = self.items.iter_mut().rfind(|item| item.id() == id) {
                    message.text.push_str(delta);
                }
            }
            TurnEvent::Reasoning { id, delta } => {
                if let Some(Item::Message(message)) = self.items.iter_mut().rfind(|item| item.id() == id) {
                    message.reasoning.push_str(delta);
                }
            }
            TurnEvent::Noted { note } => self.notes.push(note.clone()),
            TurnEvent::Condensed { condensed } => self.condensed = Some(condensed.clone()),
            TurnEvent::Usage { usage, pace } => {
                self.usage += *usage;
                self.latest = *usage;
                self.pace = match (self.pace, *pace) {
                    (Some(so_far), Some(more)) => Some(Pace {
                        writing_ms: so_far.writing_ms + more.writing_ms,
                        written: so_far.written + more.written,
                        ..so_far
                    }),
                    (so_far, more) => so_far.or(more),
                };
            }
            TurnEvent::Ended { status, at } => {
                self.status = status.clone();
                self.ended_at = Some(*at);
            }
        }
    }

    /// The events that end a turn early: every open question and call is closed, then the turn.
    ///
    /// A call that was already running may have taken effect, so it is said to be interrupted;
    /// one that never ran is refused.
    pub fn stop(&self, at: u64) -> Vec<TurnEvent> {
        let closed = self.open_calls().map(|call| {
            let status = match call.status {
                CallStatus::Running { .. } => CallStatus::Failed { error: interrupted() },
                _ => CallStatus::Refused { reason: "the turn was stopped".into() },
            };
            TurnEvent::Item { item: Item::ToolCall(ToolCall { status, ended_at: Some(at), ..call.clone() }) }
        });
        let asked = self.open_questions().map(|question| {
            let status = QuestionStatus::Cancelled { reason: "the turn was stopped".into() };
            TurnEvent::Item { item: Item::Question(Question { status, ended_at: Some(at), ..question.clone() }) }
        });
        asked.chain(closed).chain([TurnEvent::Ended { status: TurnStatus::Stopped, at }]).collect()
    }

    /// The statuses a policy gives to calls nobody has judged yet, as events. An allowed call
    /// stays as it is: whoever runs it says so.
    pub fn judge(&self, policy: &Policy, at: u64) -> Vec<TurnEvent> {
        self.open_calls()
            .filter(|call| call.status == CallStatus::Proposed)
            .filter_map(|call| match policy.decide(call) {
                Decision::Allow => None,
                Decision::Ask { reason } => {
                    let status = CallStatus::AwaitingApproval { reason, change: None };
                    Some(ToolCall { status, ..call.clone() })
                }
                Decision::Deny { reason } => {
                    Some(ToolCall { status: CallStatus::Refused { reason }, ended_at: Some(at), ..call.clone() })
                }
            })
            .map(|call| TurnEvent::Item { item: Item::ToolCall(call) })
            .collect()
    }

    /// The call of that id.
    pub fn call(&self, id: &CallId) -> Option<&ToolCall> {
        self.calls().find(|call| call.id == *id)
    }

    /// All calls, in the order in which the model made them.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.items.iter().filter_map(|item| match item {
            Item::ToolCall(call) => Some(call),
            Item::Message(_) | Item::Question(_) => None,
        })
    }

    fn open_questions(&self) -> impl Iterator<Item = &Question> {
        let questions = self.items.iter().filter_map(|item| match item {
            Item::Question(question) => Some(question),
            Item::Message(_) | Item::ToolCall(_) => None,
        });
        questions.filter(|question| !question.status.is_final())
    }

    fn open_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.calls().filter(|call| !call.status.is_final())
    }
}

fn round_limit(max: u32) -> ErrorReport {
    ErrorReport::new(ErrorCode::RoundLimit, format!("The model was asked {max} times without coming to an end."))
        .because("It kept calling tools.")
        .fix("Ask a narrower question, or raise the limit in Settings → Models → Advanced.")
}

fn interrupted() -> ErrorReport {
    ErrorReport::new(ErrorCode::Interrupted, "The call was interrupted.")
        .because("The turn was stopped while the tool was running; whether it took effect is not known.")
        .fix("Check at the server before asking for it again.")
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
