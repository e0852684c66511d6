//! A desk for whole turns: a home of its own, a model that plays a script, real servers.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

pub mod shelf;

use std::path::Path;
use std::sync::Arc;

use chat::{
    CallStatus, ConversationId, Item, ModelRef, QuestionStatus, Role, ToolCall, Turn, TurnEvent, TurnId, TurnStatus,
};
use engine::{AppEvent, Approval, Engine, Events, Home, Options, Question, Settings};
use mcp::{MemorySecrets, ServerConfig, Transport};
use testkit::{Round, Script};

/// A PNG of one dot.
pub const DOT: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    4, 0, 0, 0, 0xb5, 0x1c, 0x0c, 2, 0, 0, 0, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0xf8, 0x0f, 0, 1,
    5, 1, 1, 0x27, 0x18, 0xe3, 0x66, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

pub struct Desk {
    pub engine: Engine,
    pub script: Script,
    dir: tempfile::TempDir,
}

/// The help-desk program as the app would run it.
pub fn options(dir: &Path, settings: Settings) -> Options {
    Options {
        helpdesk: Some(testkit::program("loquat-helpdesk")),
        settings: Some(settings),
        secrets: Some(Arc::new(MemorySecrets::default())),
        ..Options::new(Home::at(dir).unwrap())
    }
}

/// A server that is not bundled: its calls need a person's word.
pub fn fixture(mode: &str) -> ServerConfig {
    let command = testkit::program("mcp-fixture").display().to_string();
    let transport = Transport::Stdio { command, args: vec![mode.into()], env: Default::default(), cwd: None };
    ServerConfig::new("fixture", transport)
}

/// A server that asks back while a call runs.
pub fn asker() -> ServerConfig {
    let command = testkit::program("mcp-asker").display().to_string();
    let transport = Transport::Stdio { command, args: vec!["legacy".into()], env: Default::default(), cwd: None };
    ServerConfig::new("asker", transport)
}

impl Desk {
    pub async fn new(rounds: Vec<Round>) -> Self {
        Self::with(rounds, |_| ()).await
    }

    pub async fn with(rounds: Vec<Round>, change: impl FnOnce(&mut Options)) -> Self {
        let script = Script::start(rounds).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut options = options(dir.path(), settings(&script));
        change(&mut options);
        let engine = Engine::open(options).await.unwrap();
        Self { engine, script, dir }
    }

    /// Asks in a new conversation and follows the turn to its end.
    pub async fn ask(&self, text: &str) -> Told {
        self.ask_in(None, text, |_, _| ()).await
    }

    /// Asks; `react` sees every event as it comes.
    pub async fn ask_in(
        &self,
        conversation: Option<ConversationId>,
        text: &str,
        react: impl FnMut(&Engine, &Told),
    ) -> Told {
        self.see(Question { conversation, text: text.into(), ..Default::default() }, react).await
    }

    /// Asks that question and follows the turn to its end.
    pub async fn follow(&self, question: Question) -> Told {
        self.see(question, |_, _| ()).await
    }

    pub async fn see(&self, question: Question, mut react: impl FnMut(&Engine, &Told)) -> Told {
        let (_, mut events) = self.engine.subscribe();
        let (conversation, turn) = self.engine.send(question).await.unwrap();
        let mut told = Told { conversation, turn, events: vec![] };
        while let Some(event) = next_of(&mut events, &told.turn).await {
            let ended = matches!(event, TurnEvent::Ended { .. });
            told.events.push(event);
            react(&self.engine, &told);
            if ended {
                break;
            }
        }
        told
    }

    /// The stored turns of a conversation.
    pub async fn turns(&self, conversation: &ConversationId) -> Vec<Turn> {
        self.engine.conversation(conversation).await.unwrap().turns
    }

    /// Ends everything; the script must have been played to its end without a broken rule.
    pub async fn finish(self) -> Vec<serde_json::Value> {
        self.engine.shut_down().await;
        drop(self.dir);
        self.script.finish().unwrap()
    }

    /// Closes the engine and opens its home again.
    pub async fn reopen(self) -> Self {
        self.reopen_with(|_| ()).await
    }

    pub async fn reopen_with(self, change: impl FnOnce(&mut Options)) -> Self {
        self.engine.shut_down().await;
        let mut options = options(self.dir.path(), settings(&self.script));
        change(&mut options);
        let engine = Engine::open(options).await.unwrap();
        Self { engine, script: self.script, dir: self.dir }
    }
}

fn settings(script: &Script) -> Settings {
    Settings {
        model: Some(ModelRef { provider: "custom".into(), model: "scripted".into() }),
        custom_base_url: script.base_url(),
        ..Settings::default()
    }
}

async fn next_of(events: &mut Events, turn: &TurnId) -> Option<TurnEvent> {
    loop {
        match events.recv().await? {
            AppEvent::Turn { turn: of, event, .. } if of == *turn => return Some(event),
            _ => (),
        }
    }
}

/// Plays the rounds to one question and compares what was told.
pub async fn check(rounds: Vec<Round>, expect: &str) {
    let desk = Desk::new(rounds).await;
    let told = desk.ask("hi").await;
    assert_eq!(told.log(), expect);
    desk.finish().await;
}

/// What was told of one turn.
pub struct Told {
    pub conversation: ConversationId,
    pub turn: TurnId,
    pub events: Vec<TurnEvent>,
}

impl Told {
    /// All events in a line, so that a test reads like what a person would see.
    pub fn log(&self) -> String {
        let words: Vec<String> = self.events.iter().filter_map(word).collect();
        words.join(" ").replace("> <", "><")
    }

    /// The calls as they ended, in the model's order.
    pub fn calls(&self) -> Vec<ToolCall> {
        let mut calls: Vec<ToolCall> = vec![];
        for event in &self.events {
            let TurnEvent::Item { item: Item::ToolCall(call) } = event else { continue };
            match calls.iter_mut().find(|known| known.id == call.id) {
                Some(known) => *known = call.clone(),
                None => calls.push(call.clone()),
            }
        }
        calls
    }

    pub fn text(&self) -> String {
        let deltas = self.events.iter().filter_map(|event| match event {
            TurnEvent::Text { delta, .. } => Some(delta.as_str()),
            _ => None,
        });
        deltas.collect()
    }

    pub fn status(&self) -> &TurnStatus {
        match self.events.last() {
            Some(TurnEvent::Ended { status, .. }) => status,
            other => panic!("the turn did not end: {other:?}"),
        }
    }

    /// Whether the newest event says that a call waits for a person's word.
    pub fn waiting(&self) -> Option<&ToolCall> {
        match self.events.last() {
            Some(TurnEvent::Item { item: Item::ToolCall(call) })
                if matches!(call.status, CallStatus::AwaitingApproval { .. }) =>
            {
                Some(call)
            }
            _ => None,
        }
    }
}

fn word(event: &TurnEvent) -> Option<String> {
    Some(match event {
        TurnEvent::Asked => "?".into(),
        TurnEvent::Retrying { error, .. } => format!("(again: {:?})", error.code),
        TurnEvent::Item { item: Item::Message(message) } if message.role == Role::Assistant => "[says]".into(),
        TurnEvent::Item { item: Item::Message(_) } | TurnEvent::Usage { .. } => return None,
        TurnEvent::Item { item: Item::ToolCall(call) } => format!("<{} {}>", call.tool, state(&call.status)),
        TurnEvent::Item { item: Item::Question(question) } => format!("({})", asked(&question.status)),
        TurnEvent::Text { delta, .. } => delta.clone(),
        TurnEvent::Reasoning { delta, .. } => format!("~{delta}~"),
        TurnEvent::Noted { note } => format!("({})", note.text),
        TurnEvent::Condensed { condensed } => format!("({} summed up)", condensed.turns),
        TurnEvent::Ended { status, .. } => match status {
            TurnStatus::Running => "= running".into(),
            TurnStatus::Completed => "= completed".into(),
            TurnStatus::Stopped => "= stopped".into(),
            TurnStatus::Failed { error } => format!("= failed {:?}", error.code),
        },
    })
}

fn asked(status: &QuestionStatus) -> &'static str {
    match status {
        QuestionStatus::Waiting => "asked",
        QuestionStatus::Answering { .. } => "answering",
        QuestionStatus::Accepted { .. } => "accepted",
        QuestionStatus::Declined => "declined",
        QuestionStatus::Cancelled { .. } => "cancelled",
    }
}

fn state(status: &CallStatus) -> String {
    match status {
        CallStatus::Proposed => "proposed".into(),
        CallStatus::AwaitingApproval { .. } => "asks".into(),
        CallStatus::Running { .. } => "runs".into(),
        CallStatus::Succeeded { .. } => "ok".into(),
        CallStatus::Failed { error } => format!("failed {:?}", error.code),
        CallStatus::Refused { .. } => "refused".into(),
    }
}

/// Allows a call once.
pub fn allow(engine: &Engine, call: &ToolCall) {
    engine.answer(&call.id, Approval::Once).unwrap();
}
