//! What servers ask of a person: one card at a time for each server, answered from any face.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chat::{Answer, Ask, CallId, ErrorCode, ErrorReport, Field, Item, ItemId, ModelRef, Question, QuestionStatus};
use chat::{SamplingRequest, ToolCall};
use futures::FutureExt;
use futures::future::BoxFuture;
use mcp::{Answers, Reply, Root, Sampled};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::clock::now;
use crate::engine::{Engine, Inner, fresh_id};
use crate::settle::Step;
use crate::view::AppEvent;

/// Asks a model for a server; `None` stands for the turn's own.
pub(crate) type Sample =
    Arc<dyn Fn(SamplingRequest, ModelRef) -> BoxFuture<'static, Result<Sampled, ErrorReport>> + Send + Sync>;

/// Questions that wait for a person's word.
#[derive(Default)]
pub(crate) struct Questions {
    waiting: Mutex<HashMap<ItemId, Waiting>>,
    /// Whose turn it is with each server.
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Whether somebody sees what is asked outside of any turn.
    attended: AtomicBool,
    /// Those that belong to no turn and have not ended, oldest first.
    outside: Mutex<Vec<Question>>,
}

struct Waiting {
    /// A form's fields, to check the answer before it is taken.
    fields: Option<Vec<Field>>,
    /// The server that somebody must sign in to, and as whom where that is not anybody's choice.
    sign_in: Option<(String, Option<String>)>,
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

    /// `whose`: in whose name the call is made, where that is settled.
    fn register(&self, question: &Question, whose: Option<String>) -> oneshot::Receiver<Answer> {
        let fields = match &question.ask {
            Ask::Form { fields, .. } => Some(fields.clone()),
            Ask::Url { .. } | Ask::Sampling { .. } | Ask::SignIn { .. } => None,
        };
        let sign_in = matches!(question.ask, Ask::SignIn { .. }).then(|| (question.server.clone(), whose));
        let (send, wait) = oneshot::channel();
        locked(&self.waiting).insert(question.id.clone(), Waiting { fields, sign_in, send });
        wait
    }

    /// Somebody has signed in, wherever they did: every call that waited for them goes on.
    pub(crate) fn signed_in(&self, server: &str, account: &str) {
        let waited = |_: &ItemId, waiting: &mut Waiting| {
            let wanted = waiting.sign_in.as_ref().filter(|(wanted, _)| wanted == server);
            wanted.is_some_and(|(_, whose)| whose.as_ref().is_none_or(|whose| whose == account))
        };
        for (_, waiting) in locked(&self.waiting).extract_if(waited) {
            // Its call may have ended in this very moment.
            let _ = waiting.send.send(Answer::Accept { content: None, model: None });
        }
    }

    fn forget(&self, id: &ItemId) {
        locked(&self.waiting).remove(id);
    }

    /// What waits outside of any turn.
    pub(crate) fn outside(&self) -> Vec<Question> {
        locked(&self.outside).clone()
    }

    /// Notes how a question outside of any turn stands.
    fn note(&self, question: &Question) {
        let mut outside = locked(&self.outside);
        outside.retain(|known| known.id != question.id);
        if !question.status.is_final() {
            outside.push(question.clone());
        }
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

    /// From now on somebody sees what servers ask outside of any turn; until then that is declined.
    pub fn attend(&self) {
        self.inner.questions.attended.store(true, Ordering::Relaxed);
    }

    /// Answers for what belongs to no turn: every face is shown such a question by itself.
    pub(crate) fn asker(&self, stop: CancellationToken) -> Arc<dyn Answers> {
        // Whoever is asked last shall not keep the engine alive.
        let (questions, engine) = (self.inner.questions.clone(), Arc::downgrade(&self.inner));
        let show = Arc::new(move |question: Question| {
            questions.note(&question);
            if let Some(inner) = engine.upgrade() {
                inner.hub.announce(AppEvent::Question { question });
            }
        });
        let attended = self.inner.questions.attended.load(Ordering::Relaxed);
        let asking = Asking { attended, ..self.asking() };
        Arc::new(Asker {
            asking,
            id: fresh_id(),
            round: 0,
            call: None,
            whose: None,
            stop,
            show,
            asked: AtomicU32::new(0),
        })
    }
}

/// Answers for servers that ask without any request to which it belongs. The engine holds it, not the reverse.
pub(crate) struct Unasked(pub(crate) Weak<Inner>);

impl Answers for Unasked {
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        let Some(inner) = self.0.upgrade() else { return Box::pin(std::future::ready(Reply::Decline)) };
        let stop = inner.ended.child_token();
        Engine { inner }.asker(stop).answer(server, ask)
    }

    fn roots(&self) -> Vec<Root> {
        self.0.upgrade().map(|inner| Engine { inner }.asking().roots).unwrap_or_default()
    }
}

/// Told how a question stands, again and again until it has ended.
type Show = Arc<dyn Fn(Question) + Send + Sync>;

/// Answers for one call, where every question becomes an item of its turn, or outside of any turn.
pub(crate) struct Asker {
    asking: Asking,
    /// What the ids of its questions begin with.
    id: String,
    round: u32,
    call: Option<CallId>,
    /// In whose name the call is made, where that is settled.
    whose: Option<String>,
    stop: CancellationToken,
    show: Show,
    asked: AtomicU32,
}

impl Asker {
    pub(crate) fn of_call(
        asking: Asking,
        call: &ToolCall,
        stop: CancellationToken,
        steps: mpsc::UnboundedSender<Step>,
    ) -> Self {
        let show = Arc::new(move |question| {
            // The turn is gone only when the program ends.
            let _ = steps.send(Step { item: Item::Question(question), begin: None });
        });
        let (id, round, whose) = (call.id.to_string(), call.round, call.account.clone());
        let call = Some(call.id.clone());
        Self { asking, id, round, call, whose, stop, show, asked: AtomicU32::new(0) }
    }
}

impl Answers for Asker {
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        if !self.asking.attended {
            return Box::pin(std::future::ready(Reply::Decline));
        }
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let question = Question {
            id: ItemId(format!("{}-q{number}", self.id)),
            round: self.round,
            call: self.call.clone(),
            server: server.to_owned(),
            ask,
            status: QuestionStatus::Waiting,
            at: now(),
            ended_at: None,
        };
        let (asking, whose, show) = (self.asking.clone(), self.whose.clone(), self.show.clone());
        let open = Open { question, asking, whose, show, shown: false };
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
    whose: Option<String>,
    show: Show,
    shown: bool,
}

impl Open {
    async fn settle(mut self, stop: CancellationToken) -> Reply {
        let queue = self.asking.questions.queue(&self.question.server);
        // One sign-in answers all who wait for it: they do not queue.
        let _mine = match self.question.ask {
            Ask::SignIn { .. } => None,
            Ask::Form { .. } | Ask::Url { .. } | Ask::Sampling { .. } => tokio::select! {
                biased;
                () = stop.cancelled() => return Reply::Cancel,
                mine = queue.lock_owned() => Some(mine),
            },
        };
        self.question.at = now();
        // Before anybody is told that it waits.
        let wait = self.asking.questions.register(&self.question, self.whose.take());
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
                Ask::Url { .. } | Ask::SignIn { .. } => {
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
        (self.show)(self.question.clone());
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
