//! Messages of another program, as they hang together there, become turns.

use std::collections::{HashMap, HashSet};

use chat::{CallId, CallStatus, Content, ErrorCode, ErrorReport, Item, ItemId, Message, ModelRef, Output, Role};
use chat::{ToolCall, Turn, TurnId, TurnStatus};
use serde_json::Value;

/// Longer names are no model's.
const LONGEST_NAME: usize = 64;

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Person,
    Model,
    /// What came of the last call, where the program keeps that as a message of its own.
    Tool {
        name: String,
    },
}

/// One message, before it is known to which turn it belongs.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) id: String,
    /// The message that it follows.
    pub(super) parent: Option<String>,
    pub(super) who: Who,
    pub(super) text: String,
    pub(super) reasoning: String,
    pub(super) calls: Vec<Called>,
    /// Milliseconds since the Unix epoch.
    pub(super) at: Option<u64>,
    pub(super) model: Option<String>,
}

/// A call that was made there.
#[derive(Debug, Clone)]
pub(super) struct Called {
    /// By which its result names it; empty where it has none.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
    /// Nothing where the export does not hold it. An error is what the tool said when it failed.
    pub(super) result: Option<Result<String, String>>,
}

impl Said {
    pub(super) fn new(id: impl Into<String>, who: Who) -> Self {
        Self {
            id: id.into(),
            parent: None,
            who,
            text: String::new(),
            reasoning: String::new(),
            calls: vec![],
            at: None,
            model: None,
        }
    }

    /// Whether there is nothing to see.
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.reasoning.trim().is_empty() && self.calls.is_empty()
    }
}

/// What becomes of a conversation.
pub(super) struct Planted {
    /// The branch that was looked at, oldest first.
    pub(super) turns: Vec<Turn>,
    /// How many messages lie on other branches.
    pub(super) elsewhere: usize,
}

/// The turns of the branch that ends with `current`, or with the last message where that is not known.
pub(super) fn planted(all: Vec<Said>, current: Option<&str>, conversation: &str, origin: &Origin) -> Planted {
    let count = all.len();
    let path = path(&all, current);
    let elsewhere = count - path.len();
    let mut planter = Planter { conversation, origin, turns: vec![] };
    for said in path {
        planter.add(said);
    }
    Planted { turns: planter.turns, elsewhere }
}

/// Where a conversation comes from, for what is not said of a message itself.
pub(super) struct Origin {
    pub(super) provider: &'static str,
    pub(super) model: String,
    pub(super) at: u64,
}

/// From the first message to the current one. A parent that is not there, or that leads in a circle, is a beginning.
fn path<'a>(all: &'a [Said], current: Option<&str>) -> Vec<&'a Said> {
    let by_id: HashMap<&str, &Said> = all.iter().map(|said| (said.id.as_str(), said)).collect();
    let last = current.and_then(|id| by_id.get(id).copied()).or(all.last());
    let mut seen = HashSet::new();
    let mut path = vec![];
    let mut next = last;
    while let Some(said) = next.filter(|said| seen.insert(said.id.as_str())) {
        path.push(said);
        next = said.parent.as_deref().and_then(|parent| by_id.get(parent).copied());
    }
    path.reverse();
    path
}

struct Planter<'a> {
    conversation: &'a str,
    origin: &'a Origin,
    turns: Vec<Turn>,
}

impl Planter<'_> {
    fn add(&mut self, said: &Said) {
        let last = self.turns.last().and_then(|turn| turn.ended_at).unwrap_or(self.origin.at);
        let at = said.at.unwrap_or(last);
        match &said.who {
            Who::Person => self.begin(message(said, Role::User, 0, at), at, said),
            Who::Model if said.is_empty() => (),
            Who::Model => self.answer(said, at),
            Who::Tool { name } => self.result(name, said, at),
        }
    }

    fn begin(&mut self, question: Message, at: u64, said: &Said) {
        let id = TurnId(format!("{}-t{}", self.conversation, self.turns.len()));
        let name = said.model.clone().unwrap_or_else(|| self.origin.model.clone());
        let model = ModelRef { provider: self.origin.provider.into(), model: name };
        let item = Item::Message(Message { id: ItemId(format!("{id}-0")), ..question });
        let turn = Turn { status: TurnStatus::Completed, ended_at: Some(at), ..Turn::new(id, model, item, at) };
        self.turns.push(turn);
    }

    fn answer(&mut self, said: &Said, at: u64) {
        if self.turns.is_empty() {
            // It spoke first: then its words begin the conversation.
            self.begin(message(said, Role::Assistant, 1, at), at, said);
        } else if let Some(turn) = self.turns.last_mut() {
            turn.rounds += 1;
            turn.round_start = turn.items.len();
            let id = ItemId(format!("{}-{}", turn.id, turn.items.len()));
            let spoken = message(said, Role::Assistant, turn.rounds, at);
            if !(spoken.text.is_empty() && spoken.reasoning.is_empty()) {
                turn.items.push(Item::Message(Message { id, ..spoken }));
            }
        }
        let Some(turn) = self.turns.last_mut() else { return };
        if let Some(model) = &said.model {
            turn.model.model.clone_from(model);
        }
        turn.ended_at = turn.ended_at.max(Some(at));
        for called in &said.calls {
            turn.items.push(Item::ToolCall(call(called, turn, at)));
        }
    }

    /// What came of the latest call whose result is still missing; a call of its own where there is none.
    fn result(&mut self, name: &str, said: &Said, at: u64) {
        let Some(turn) = self.turns.last_mut() else { return };
        turn.ended_at = turn.ended_at.max(Some(at));
        let status = CallStatus::Succeeded { output: output(said.text.clone()) };
        let open = turn.items.iter_mut().rev().find_map(|item| match item {
            Item::ToolCall(call) if is_unanswered(call) => Some(call),
            Item::ToolCall(_) | Item::Message(_) | Item::Question(_) => None,
        });
        if let Some(call) = open {
            call.status = status;
            call.ended_at = Some(at);
        } else if !said.text.trim().is_empty() {
            let called = Called { id: String::new(), name: name.into(), arguments: Value::Null, result: None };
            let call = call(&called, turn, at);
            turn.items.push(Item::ToolCall(ToolCall { status, ended_at: Some(at), ..call }));
        }
    }
}

fn message(said: &Said, role: Role, round: u32, at: u64) -> Message {
    Message {
        id: ItemId(String::new()),
        role,
        round,
        text: said.text.trim().to_owned(),
        reasoning: said.reasoning.trim().to_owned(),
        attachments: vec![],
        at,
        spoke_at: None,
    }
}

fn call(called: &Called, turn: &Turn, at: u64) -> ToolCall {
    let id = CallId(format!("{}-{}", turn.id, turn.items.len()));
    let status = match &called.result {
        Some(Ok(text)) => CallStatus::Succeeded { output: output(text.clone()) },
        Some(Err(said)) => CallStatus::Failed {
            error: ErrorReport::new(ErrorCode::ToolFailed, "The tool said that it failed.").because(said),
        },
        None => CallStatus::Failed { error: unanswered() },
    };
    let name = wire_name(&called.name);
    ToolCall {
        wire_id: format!("call_{}", turn.items.len()),
        account: None,
        mended: None,
        leave: None,
        id,
        round: turn.rounds.max(1),
        called: name,
        server: String::new(),
        own: false,
        tool: called.name.clone(),
        title: None,
        hints: Default::default(),
        definition: String::new(),
        arguments: match &called.arguments {
            Value::Null => Value::Object(Default::default()),
            other => other.clone(),
        },
        status,
        started_at: None,
        ended_at: Some(at),
    }
}

fn output(text: String) -> Output {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    Output {
        content: vec![Content::Text { text: text.clone() }],
        structured: None,
        model_text: text,
        whole: None,
        withheld: 0,
        too_deep: false,
        bytes,
    }
}

fn unanswered() -> ErrorReport {
    ErrorReport::new(ErrorCode::Interrupted, "What came of this call is not in the export.")
}

fn is_unanswered(call: &ToolCall) -> bool {
    matches!(&call.status, CallStatus::Failed { error } if error.code == ErrorCode::Interrupted)
}

/// A name as providers take it in a history.
fn wire_name(name: &str) -> String {
    let harmless = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = name.chars().map(harmless).take(LONGEST_NAME).collect();
    if name.is_empty() { "tool".into() } else { name }
}
