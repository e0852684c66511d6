//! One question and its answer.

use std::io::IsTerminal;
use std::time::Duration;

use ::chat::{
    Answer, CallId, CallStatus, ConversationId, ErrorReport, Item, QuestionStatus, ToolCall, TurnEvent, TurnId,
    TurnStatus,
};
use engine::{AppEvent, Approval, EXAMPLES, Engine, Events, Question};

use crate::args::{Ask, Examples};
use crate::{Ending, ending_of, print};

/// A question waits for a server that is still starting for as long as that says something, and no longer than this
/// without a word: it can be answered without its tools.
const SERVERS_MAY_BE_SILENT: Duration = Duration::from_secs(5);

pub(crate) async fn ask(args: Ask) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open(&args.common).await?;
    crate::waiting::for_all_within(&engine, SERVERS_MAY_BE_SILENT).await;
    let answered = answer(&engine, None, &args.question, args.json).await;
    engine.shut_down().await;
    Ok(answered?.ending)
}

pub(crate) async fn examples(args: Examples) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open(&args.common).await?;
    let mut worst = Ending::Answered;
    for question in EXAMPLES {
        if !args.json {
            print::line(&format!("\n## {question}\n"));
        }
        match answer(&engine, None, question, args.json).await {
            Ok(answered) if answered.ending == Ending::Answered => (),
            // Whoever stops one does not want the rest.
            Ok(answered) if answered.stopped => {
                engine.shut_down().await;
                return Ok(answered.ending);
            }
            Ok(answered) => worst = answered.ending,
            Err(report) => {
                engine.shut_down().await;
                return Err(report);
            }
        }
    }
    engine.shut_down().await;
    Ok(worst)
}

pub(crate) struct Answered {
    pub(crate) conversation: ConversationId,
    pub(crate) ending: Ending,
    stopped: bool,
}

/// Asks, prints what happens as it happens, and returns when the turn has ended.
pub(crate) async fn answer(
    engine: &Engine,
    conversation: Option<ConversationId>,
    text: &str,
    json: bool,
) -> Result<Answered, ErrorReport> {
    let model = crate::settings::settled_model(engine).await?;
    if model.provider == engine::provider::PRACTICE && !json {
        print::note(&print::dim("The practice model answers: it is no AI, it matches your words to tools."));
    }
    let (_, mut events) = engine.subscribe();
    let question = Question { conversation, text: text.to_owned(), model: Some(model), ..Question::default() };
    let (conversation, turn) = engine.send(question).await?;
    let mut telling = Telling { engine, json, ended_line: true, refused: false };
    let status = telling.tell(&mut events, &conversation, &turn).await;
    let stopped = status == TurnStatus::Stopped;
    let ending = match status {
        TurnStatus::Completed if telling.refused => Ending::Refused,
        TurnStatus::Completed => Ending::Answered,
        TurnStatus::Stopped | TurnStatus::Running => Ending::Failed,
        TurnStatus::Failed { error } => {
            print::error(&error);
            ending_of(&error)
        }
    };
    Ok(Answered { conversation, ending, stopped })
}

/// Prints a turn while it happens.
struct Telling<'a> {
    engine: &'a Engine,
    json: bool,
    /// Whether what was printed last ended its line.
    ended_line: bool,
    refused: bool,
}

impl Telling<'_> {
    async fn tell(&mut self, events: &mut Events, conversation: &ConversationId, turn: &TurnId) -> TurnStatus {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                _ = &mut interrupt => {
                    interrupt.set(tokio::signal::ctrl_c());
                    self.engine.stop(conversation);
                    continue;
                }
            };
            let Some(event) = event else { return TurnStatus::Stopped };
            let AppEvent::Turn { turn: of, event, .. } = event else { continue };
            if of != *turn {
                continue;
            }
            if self.json {
                print::line(&serde_json::to_string(&event).unwrap_or_default());
            }
            self.hear(conversation, &event).await;
            if let TurnEvent::Ended { status, .. } = event {
                self.end_line();
                return status;
            }
        }
    }

    async fn hear(&mut self, conversation: &ConversationId, event: &TurnEvent) {
        match event {
            TurnEvent::Text { delta, .. } if !self.json => {
                print::out(&print::plain(delta));
                self.ended_line = delta.ends_with('\n');
            }
            TurnEvent::Retrying { error, .. } if !self.json => print::note(&format!("{} Trying again…", error.message)),
            TurnEvent::Item { item: Item::ToolCall(call) } => {
                if !self.json {
                    self.end_line();
                    print::call(call);
                }
                self.refused |= matches!(call.status, CallStatus::Refused { .. });
                if let CallStatus::AwaitingApproval { reason, .. } = &call.status {
                    self.ask_person(conversation, call, reason).await;
                }
            }
            TurnEvent::Item { item: Item::Question(question) } if question.status == QuestionStatus::Waiting => {
                self.end_line();
                let answer = crate::question::answer(self.engine, &question.server, &question.ask, self.json).await;
                let signed_in = matches!((&question.ask, &answer), (::chat::Ask::SignIn { .. }, Answer::Accept { .. }));
                // Who has signed in has answered by that.
                if !signed_in && let Err(error) = self.engine.answer_question(&question.id, answer) {
                    // Its fields were not filled as they must be: nobody is left to ask again.
                    print::error(&error);
                    let _ = self.engine.answer_question(&question.id, Answer::Cancel);
                }
            }
            _ => (),
        }
    }

    /// Asks whoever sits at the terminal; where nobody does, the call is refused.
    async fn ask_person(&self, conversation: &ConversationId, call: &ToolCall, reason: &str) {
        let approval = if !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let arguments = serde_json::to_string_pretty(&call.arguments).unwrap_or_default();
            let question =
                format!("May {} · {} run? ({reason})\n{arguments}\nAllow once? [y/N] ", call.server, call.tool);
            print::note(&print::plain(&question));
            tokio::select! {
                answer = ask_yes_or_no() => answer,
                // Whoever interrupts has said no, and wants an end.
                _ = tokio::signal::ctrl_c() => {
                    self.engine.stop(conversation);
                    Approval::Refuse { word: None }
                }
            }
        } else {
            Approval::Refuse { word: Some("nobody is there to ask; --yes allows every call".into()) }
        };
        give(self.engine, &call.id, approval);
    }

    fn end_line(&mut self) {
        if !self.ended_line {
            print::out("\n");
            self.ended_line = true;
        }
    }
}

async fn ask_yes_or_no() -> Approval {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    match line.await {
        Ok(Ok(line)) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") => Approval::Once,
        _ => Approval::Refuse { word: None },
    }
}

fn give(engine: &Engine, call: &CallId, approval: Approval) {
    // It was stopped meanwhile: then it does not run, whatever was said.
    let _ = engine.answer(call, approval);
}
