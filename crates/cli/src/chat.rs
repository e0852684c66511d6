//! Questions and answers, one after the other, until `quit`.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use ::chat::{ConversationId, ErrorCode, ErrorReport, ServerState};
use engine::{Engine, Home};
use reedline::{DefaultPrompt, DefaultPromptSegment, FileBackedHistory, Reedline, Signal};

use crate::args::Common;
use crate::ask::answer;
use crate::{Ending, print};

/// How long servers may take before the first question is asked for.
const SERVERS_MAY_TAKE: Duration = Duration::from_secs(10);

pub(crate) async fn chat(common: Common) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open(&common).await?;
    print::line("Loquat");
    engine.servers_settled(SERVERS_MAY_TAKE).await;
    greet(&engine);
    let mut lines = Lines::open()?;
    let mut conversation: Option<ConversationId> = None;
    while let Some(line) = lines.next().await {
        let question = line.trim();
        match question {
            "" => continue,
            "quit" | "exit" => break,
            _ => (),
        }
        match answer(&engine, conversation.clone(), question, false).await {
            Ok(answered) => conversation = Some(answered.conversation),
            // A failed answer ends nothing: the next question may do better.
            Err(report) => print::error(&report),
        }
    }
    engine.shut_down().await;
    Ok(Ending::Answered)
}

fn greet(engine: &Engine) {
    let servers = engine.server_views();
    let mut tools = 0;
    let mut ready = 0;
    for server in servers.iter().filter(|server| server.enabled) {
        let state = match &server.state {
            ServerState::Ready { tools: count, .. } => {
                ready += 1;
                tools += count;
                format!("{count} tools")
            }
            ServerState::Off => "off".into(),
            ServerState::Connecting => "still connecting".into(),
            ServerState::NeedsSignIn | ServerState::SigningIn { .. } => "needs sign-in".into(),
            ServerState::NeedsConsent { .. } => format!("waits for your word: loq servers --allow {}", server.name),
            ServerState::Reconnecting { error, .. } | ServerState::Failed { error } => error.message.clone(),
        };
        print::line(&format!("  - {}: {state}", server.name));
    }
    print::line(&format!("\nConnected to {ready} server(s) with {tools} total tools"));
    print::line("Type 'quit' or 'exit' to end");
    print::line("----------------------------------------");
}

/// Where questions come from: a person at a terminal, or a pipe.
enum Lines {
    Terminal(Box<Reedline>),
    Pipe,
}

impl Lines {
    fn open() -> Result<Self, ErrorReport> {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(Self::Pipe);
        }
        let file = Home::find()?.dir().join("loq-history");
        let history = FileBackedHistory::with_file(1000, file).map_err(|error| {
            ErrorReport::new(ErrorCode::StorageFailed, "The history cannot be kept.").because(error.to_string())
        })?;
        Ok(Self::Terminal(Box::new(Reedline::create().with_history(Box::new(history)))))
    }

    /// The next line; nothing at the end of input, Ctrl+C or Ctrl+D.
    async fn next(&mut self) -> Option<String> {
        match self {
            Self::Terminal(editor) => {
                let prompt = DefaultPrompt::new(DefaultPromptSegment::Basic("You".into()), DefaultPromptSegment::Empty);
                match tokio::task::block_in_place(|| editor.read_line(&prompt)) {
                    Ok(Signal::Success(line)) => Some(line),
                    _ => None,
                }
            }
            Self::Pipe => tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next()).await.ok()??.ok(),
        }
    }
}
