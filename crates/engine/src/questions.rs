//! What servers ask of a person: one card at a time for each server, answered from any face.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::{Answer, Ask, ErrorCode, ErrorReport, Field, Item, ItemId, ModelRef, Question, QuestionStatus};
use chat::{SamplingRequest, ToolCall};
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp::{Answers, Reply, Root, Sampled};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::clock::now;
use crate::engine::Engine;
use crate::settle::Step;

/// Asks a model for a server; `None` stands for the turn's own.
pub(crate) type Sample =
    Arc<dyn Fn(SamplingRequest, ModelRef) -> BoxFuture<'static, Result<Sampled, ErrorReport>> + Send + Sync>;

/// Questions that wait for a person's word.
#[derive(Default)]
pub(crate) struct Questions {
    waiting: Mutex<HashMap<ItemId, Waiting>>,
    /// Whose turn it is with each server.
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

struct Waiting {
    /// A form's fields, to check the answer before it is taken.
    fields: Option<Vec<Field>>,
    send: oneshot::Sender<Answer>,
}

impl Questions {
    /// Gives the word. A form that is not filled as it must be goes on waiting.
    pub(crate) fn answer(&self, id: &ItemId, answer: Answer) -> Result<(), ErrorReport> {
        let mut waiting = locked(&self.waiting);
        let answer = match (waiting.get(id), answer) {
            (Some(Waiting { fields: Some(fields), .. }), Answer::Accept { content, model }) => {
                Answer::Accept { content: Some(filled(fields, content.as_ref())?), model }
            }
            (_, answer) => answer,
        };
        let sent = waiting.remove(id).is_some_and(|waiting| waiting.send.send(answer).is_ok());
        if sent { Ok(()) } else { Err(not_waiting()) }
    }

    fn register(&self, question: &Question) -> oneshot::Receiver<Answer> {
        let fields = match &question.ask {
            Ask::Form { fields, .. } => Some(fields.clone()),
            Ask::Url { .. } | Ask::Sampling { .. } => None,
        };
        let (send, wait) = oneshot::channel();
        locked(&self.waiting).insert(question.id.clone(), Waiting { fields, send });
        wait
    }

    fn forget(&self, id: &ItemId) {
        locked(&self.waiting).remove(id);
    }

    fn queue(&self, server: &str) -> Arc<tokio::sync::Mutex<()>> {
        locked(&self.queues).entry(server.to_owned()).or_default().clone()
    }
}

/// What answering takes besides the call: the same for all calls of a turn.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) questions: Arc<Questions>,
    pub(crate) sample: Sample,
    /// Who writes where the person chose nobody else: whoever answers in the turn.
    pub(crate) model: Option<ModelRef>,
    /// Whether a person is there to be asked; otherwise everything is declined.
    pub(crate) attended: bool,
    pub(crate) roots: Vec<Root>,
}

impl Engine {
    /// Gives a person's answer to what a server asks. A form that is not filled as it must be goes on waiting.
    pub fn answer_question(&self, question: &ItemId, answer: Answer) -> Result<(), ErrorReport> {
        self.inner.questions.answer(question, answer)
    }

    /// The folders that servers may work in, as the settings say.
    pub fn roots(&self) -> Vec<Root> {
        crate::folders::roots(&self.settings().folders)
    }

    pub(crate) fn asking(&self) -> Asking {
        let engine = self.clone();
        let roots = self.roots();
        let sample = Arc::new(move |request, model| engine.clone().sample(request, model).boxed());
        Asking { questions: self.inner.questions.clone(), sample, model: None, attended: true, roots }
    }
}

/// Answers for one call: every question becomes an item of its turn.
pub(crate) struct Asker {
    asking: Asking,
    call: ToolCall,
    stop: CancellationToken,
    steps: mpsc::UnboundedSender<Step>,
    asked: AtomicU32,
}

impl Asker {
    pub(crate) fn new(
        asking: Asking,
        call: &ToolCall,
        stop: CancellationToken,
        steps: mpsc::UnboundedSender<Step>,
    ) -> Self {
        Self { asking, call: call.clone(), stop, steps, asked: AtomicU32::new(0) }
    }
}

impl Answers for Asker {
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        if !self.asking.attended {
            return Box::pin(std::future::ready(Reply::Decline));
        }
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let question = Question {
            id: ItemId(format!("{}-q{number}", self.call.id)),
            round: self.call.round,
            call: Some(self.call.id.clone()),
            server: server.to_owned(),
            ask,
            status: QuestionStatus::Waiting,
            at: now(),
            ended_at: None,
        };
        let open = Open { question, asking: self.asking.clone(), steps: self.steps.clone(), shown: false };
        let stop = self.stop.clone();
        Box::pin(async move { open.settle(stop).await })
    }

    fn roots(&self) -> Vec<Root> {
        self.asking.roots.clone()
    }
}

/// A question that has no final status yet. Dropped early, it is cancelled: its call has ended.
struct Open {
    question: Question,
    asking: Asking,
    steps: mpsc::UnboundedSender<Step>,
    shown: bool,
}

impl Open {
    async fn settle(mut self, stop: CancellationToken) -> Reply {
        let queue = self.asking.questions.queue(&self.question.server);
        let _mine = tokio::select! {
            biased;
            () = stop.cancelled() => return Reply::Cancel,
            mine = queue.lock_owned() => mine,
        };
        self.question.at = now();
        // Before anybody is told that it waits.
        let wait = self.asking.questions.register(&self.question);
        self.show();
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return self.cancelled("the turn was stopped"),
            answer = wait => answer.unwrap_or(Answer::Cancel),
        };
        match answer {
            Answer::Cancel => self.cancelled("it was closed without an answer"),
            Answer::Decline => self.end(QuestionStatus::Declined, Reply::Decline),
            Answer::Accept { content, model } => match self.question.ask.clone() {
                Ask::Form { .. } => {
                    self.end(QuestionStatus::Accepted { content: content.clone() }, Reply::Accept { content })
                }
                Ask::Url { .. } => {
                    self.end(QuestionStatus::Accepted { content: None }, Reply::Accept { content: None })
                }
                Ask::Sampling { request } => match model.or_else(|| self.asking.model.clone()) {
                    Some(model) => self.sampled(request, model, stop).await,
                    None => self.cancelled("no model is chosen"),
                },
            },
        }
    }

    async fn sampled(&mut self, request: SamplingRequest, model: ModelRef, stop: CancellationToken) -> Reply {
        self.question.status = QuestionStatus::Answering { model: model.clone() };
        self.show();
        let written = (self.asking.sample)(request, model);
        tokio::select! {
            biased;
            () = stop.cancelled() => self.cancelled("the turn was stopped"),
            written = written => match written {
                Ok(sampled) => {
                    let content = json!({ "model": sampled.model, "text": sampled.text });
                    self.end(QuestionStatus::Accepted { content: Some(content) }, Reply::Sampled(sampled))
                }
                Err(error) => self.cancelled(&error.message),
            }
        }
    }

    fn cancelled(&mut self, reason: &str) -> Reply {
        self.end(QuestionStatus::Cancelled { reason: reason.to_owned() }, Reply::Cancel)
    }

    fn end(&mut self, status: QuestionStatus, reply: Reply) -> Reply {
        self.question.status = status;
        self.question.ended_at = Some(now());
        self.show();
        reply
    }

    fn show(&mut self) {
        self.shown = true;
        // The turn is gone only when the program ends.
        let _ = self.steps.send(Step { item: Item::Question(self.question.clone()), begin: None });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.asking.questions.forget(&self.question.id);
        if self.shown && !self.question.status.is_final() {
            self.cancelled("the call ended before it was answered");
        }
    }
}

fn filled(fields: &[Field], content: Option<&Value>) -> Result<Value, ErrorReport> {
    chat::filled(fields, content).map_err(|problems| {
        let title = |name: &str| {
            fields.iter().find(|field| field.name == name).map_or(name, |field| field.title.as_str()).to_owned()
        };
        let words: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", title(&problem.field), problem.problem)).collect();
        ErrorReport::new(ErrorCode::InvalidInput, "The form cannot be sent like this.")
            .because(words.join(" "))
            .fix("Correct it, or decline.")
    })
}

fn not_waiting() -> ErrorReport {
    ErrorReport::new(ErrorCode::NotFound, "This question does not wait for an answer any more.")
        .because("It was answered already, or its call has ended.")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both maps are whole after every statement, so a panic elsewhere cannot have spoiled them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
