//! One request and everything that belongs to it until its result: progress, questions, further rounds, tasks.
//!
//! A request is sent once. It is sent anew only where the server says so: with answers that it asked for.

use std::{sync::Arc, time::Duration};

use chat::Progress;
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::FuturesUnordered,
};
use rmcp::{
    RoleClient,
    model::{CancelledNotificationParam, ClientRequest, NumberOrString, ProgressToken, RequestId, RequestMetaObject},
    service::{Peer, PeerRequestOptions},
};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{
        broadcast::{
            self,
            error::{RecvError, TryRecvError},
        },
        oneshot,
    },
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Answers, CallError, elicit, host, input, questions,
    questions::{Asked, Question, Unanswerable},
    running::{Inquiry, Registered, Whose},
    session::{RequestError, Session, raw},
    tasks,
    web::Missed,
};

const CALL: &str = "tools/call";

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Without a sign of life.
    pub(crate) idle: Duration,
    /// Altogether; the time in which a person is asked does not count.
    pub(crate) total: Duration,
}

/// Who is told, who answers, and who may end it.
pub(crate) struct Terms<'a> {
    pub(crate) server: &'a str,
    pub(crate) deadlines: Deadlines,
    pub(crate) progress: &'a (dyn Fn(Progress) + Send + Sync),
    pub(crate) stop: CancellationToken,
    pub(crate) answers: Option<Arc<dyn Answers>>,
    /// What is different where somebody else's request is passed on.
    pub(crate) passing: Passing,
}

/// What is different where somebody else's request is passed on.
#[derive(Default)]
pub(crate) struct Passing {
    /// Whose request it is.
    pub(crate) owner: Option<Arc<str>>,
    /// What is said of the request besides, in place of what we would say.
    pub(crate) meta: Map<String, Value>,
    /// Whether what the server wants to know first goes back as it came.
    pub(crate) rounds: bool,
}

/// A request under way.
pub(crate) struct Exchange<'a> {
    pub(crate) session: &'a Session,
    pub(crate) terms: Terms<'a>,
    pub(crate) registered: Registered,
    updates: broadcast::Receiver<(ProgressToken, Progress)>,
    silent_until: Instant,
    ends_at: Instant,
    /// Progress never goes back.
    done: f64,
}

/// A request that has left, or does once its answer is waited for.
struct Sent<'a> {
    id: RequestId,
    token: ProgressToken,
    answer: BoxFuture<'a, Result<Value, Missed>>,
}

/// A server's request that is being answered, and how it will be.
pub(crate) type Answering =
    BoxFuture<'static, (oneshot::Sender<Result<Value, Unanswerable>>, Result<Value, Unanswerable>)>;

impl<'a> Exchange<'a> {
    pub(crate) fn new(session: &'a Session, terms: Terms<'a>) -> Self {
        let now = Instant::now();
        Self {
            session,
            registered: session
                .running
                .register(Whose { owner: terms.passing.owner.clone(), answers: terms.answers.clone() }),
            // Listening begins before the request leaves: the first progress may be faster than we are.
            updates: session.progress.subscribe(),
            silent_until: now + terms.deadlines.idle,
            ends_at: now + terms.deadlines.total,
            done: f64::MIN,
            terms,
        }
    }

    /// From the request to its complete result, as it came.
    pub(crate) async fn run(mut self, method: &str, params: Map<String, Value>) -> Result<Value, CallError> {
        let (mut params, mut rounds, mut sent_to_page) = (params, 0, false);
        let is_passed_on = self.terms.passing.owner.is_some();
        self.tell_folders().await;
        loop {
            let result = match self.once(method, &params).await {
                Err(CallError::NeedsPage { elicitations, .. }) if !sent_to_page && !is_passed_on => {
                    sent_to_page = true;
                    elicit::pages(&mut self, elicitations).await?;
                    continue;
                }
                other => other?,
            };
            match result.get("resultType").and_then(Value::as_str) {
                Some("input_required") if self.terms.passing.rounds => return Ok(result),
                Some("input_required") if rounds < input::MAX_ROUNDS => {
                    rounds += 1;
                    input::fill(&mut self, &mut params, &result).await?;
                }
                Some("input_required") => return Err(self.unusable("questions without end")),
                Some("task") => return tasks::follow(&mut self, &result).await,
                Some("complete") | None => return Ok(result),
                Some(_) => return Err(self.unusable("a kind of result that is not known")),
            }
        }
    }

    /// Sends it and waits for what comes back.
    pub(crate) async fn once(&mut self, method: &str, params: &Map<String, Value>) -> Result<Value, CallError> {
        let meta = match &self.terms.passing {
            Passing { owner: Some(_), meta, .. } => RequestMetaObject::from(meta.clone()),
            Passing { owner: None, .. } => self.session.request_meta(),
        };
        let session = self.session;
        let short = session.short.as_ref().filter(|_| method == CALL).and_then(|short| short.way());
        if let Some(shortly) = short {
            let (id, token) = (RequestId::Number(shortly.number), NumberOrString::Number(shortly.number));
            let answer = shortly.call(method, params, &meta).boxed();
            // What was asked of a session that is over was not done.
            if let Some(result) = self.answered(Sent { id, token: ProgressToken(token), answer }).await? {
                return Ok(result);
            }
        }
        let options = PeerRequestOptions::no_options().with_meta(meta);
        let sent = session.peer.send_cancellable_request(request(method, params), options).await;
        let sent = sent.map_err(|error| self.failed(error.into()))?;
        let answer = async move {
            let closed = || RequestError::Lost("the connection was closed".to_owned());
            let answer = sent.rx.await.map_err(|_| Missed::Failed(closed()))?;
            answer.map(raw).map_err(|error| Missed::Failed(error.into()))
        };
        let sent = Sent { id: sent.id, token: sent.progress_token, answer: answer.boxed() };
        self.answered(sent).await?.ok_or_else(|| self.lost("its session ended"))
    }

    /// What comes back; nothing where the session was over before it came.
    async fn answered(&mut self, sent: Sent<'_>) -> Result<Option<Value>, CallError> {
        let Sent { id, token, mut answer } = sent;
        self.registered.sent_as(&id);
        let mut pending = Pending { peer: self.session.peer.clone(), id: Some(id) };
        let mut answering: FuturesUnordered<Answering> = FuturesUnordered::new();
        let mut asked_at = Instant::now();
        loop {
            let (is_asking, deadline) = (!answering.is_empty(), self.deadline());
            tokio::select! {
                biased;
                result = &mut answer => {
                    pending.id = None;
                    self.hear_the_rest(&token);
                    return match result {
                        Ok(result) => Ok(Some(result)),
                        Err(Missed::SessionOver) => Ok(None),
                        Err(Missed::Failed(error)) => Err(self.failed(error)),
                    };
                }
                () = self.terms.stop.cancelled() => return Err(CallError::Stopped),
                () = self.session.closed.cancelled() => return Err(self.lost("it ended or was restarted")),
                Some(inquiry) = self.registered.inquiries.recv() => {
                    if !is_asking {
                        asked_at = Instant::now();
                    }
                    answering.push(self.answering(inquiry));
                }
                Some((reply, answer)) = answering.next(), if is_asking => {
                    // The server may have taken its question back.
                    let _ = reply.send(answer);
                    if answering.is_empty() {
                        self.forgive(asked_at);
                    }
                }
                update = self.updates.recv() => self.hear(update, &token)?,
                () = deadline, if !is_asking => return Err(self.too_late()),
            }
        }
    }

    fn hear(
        &mut self,
        update: Result<(ProgressToken, Progress), RecvError>,
        token: &ProgressToken,
    ) -> Result<(), CallError> {
        match update {
            Ok((of, update)) if of == *token => self.heard(update),
            Ok(_) => (),
            Err(RecvError::Lagged(_)) => self.alive(),
            Err(RecvError::Closed) => return Err(self.lost("it ended")),
        }
        Ok(())
    }

    /// What was said before the answer came is told before the answer is.
    fn hear_the_rest(&mut self, token: &ProgressToken) {
        loop {
            match self.updates.try_recv() {
                Ok((of, update)) if of == *token => self.heard(update),
                Ok(_) | Err(TryRecvError::Lagged(_)) => (),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Tells of progress, unless it is older than what was told before.
    pub(crate) fn heard(&mut self, update: Progress) {
        self.alive();
        if update.done >= self.done {
            self.done = update.done;
            (self.terms.progress)(update);
        }
    }

    /// There was a sign of life.
    pub(crate) fn alive(&mut self) {
        self.silent_until = Instant::now() + self.terms.deadlines.idle;
    }

    /// The time since then was a person's, not the server's.
    pub(crate) fn forgive(&mut self, since: Instant) {
        let spent = since.elapsed();
        self.silent_until += spent;
        self.ends_at += spent;
    }

    pub(crate) fn answering(&self, inquiry: Inquiry) -> Answering {
        let Inquiry { asked, question, mut reply } = inquiry;
        let answer = self.answer(asked, Some(&question));
        async move {
            let answer = tokio::select! {
                biased;
                () = reply.closed() => Err(Unanswerable { code: -1, why: "the question was taken back" }),
                answer = answer => answer,
            };
            (reply, answer)
        }
        .boxed()
    }

    /// The answer to one question, from whoever answers for this request.
    pub(crate) fn answer(
        &self,
        asked: Asked,
        question: Option<&Question>,
    ) -> BoxFuture<'static, Result<Value, Unanswerable>> {
        let Some(answers) = self.terms.answers.clone() else {
            let common = self.session.roots();
            return async move { host::unattended(&asked, &common) }.boxed();
        };
        if let Some(elsewhere) = question.and_then(|question| answers.pass_on(question)) {
            let why = "whoever was asked did not answer it";
            return async move { elsewhere.await.map_err(|code| Unanswerable { code, why }) }.boxed();
        }
        match asked {
            Asked::Roots => {
                let roots = questions::roots(&answers.roots());
                async move { Ok(roots) }.boxed()
            }
            Asked::Person(ask) => {
                let reply = answers.answer(self.terms.server, (*ask).clone());
                async move { questions::result(&ask, reply.await) }.boxed()
            }
        }
    }

    /// Waits for `work` of a person, in which no deadline runs.
    pub(crate) async fn asking<T>(&mut self, work: impl Future<Output = T>) -> Result<T, CallError> {
        let begun = Instant::now();
        let done = tokio::select! {
            biased;
            () = self.terms.stop.cancelled() => return Err(CallError::Stopped),
            () = self.session.closed.cancelled() => return Err(self.lost("it ended or was restarted")),
            done = work => done,
        };
        self.forgive(begun);
        Ok(done)
    }

    /// Waits for the moment, unless something ends the request before.
    pub(crate) async fn pause(&mut self, pause: Duration) -> Result<(), CallError> {
        tokio::select! {
            biased;
            () = self.terms.stop.cancelled() => Err(CallError::Stopped),
            () = self.session.closed.cancelled() => Err(self.lost("it ended or was restarted")),
            () = self.deadline() => Err(self.too_late()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Until it has taken too long.
    fn deadline(&self) -> Sleep {
        sleep_until(self.silent_until.min(self.ends_at))
    }

    fn too_late(&self) -> CallError {
        let total = self.ends_at <= self.silent_until;
        let after = if total { self.terms.deadlines.total } else { self.terms.deadlines.idle };
        CallError::TimedOut { after, total }
    }

    pub(crate) fn unusable(&self, what: &'static str) -> CallError {
        CallError::NotSupported { server: self.terms.server.to_owned(), what }
    }

    fn failed(&self, error: RequestError) -> CallError {
        match error {
            RequestError::Rejected { code: elicit::URL_REQUIRED, data: Some(data), message } => {
                match data.get("elicitations").and_then(Value::as_array) {
                    Some(list) => CallError::NeedsPage { elicitations: list.clone(), message },
                    None => CallError::Rejected { code: elicit::URL_REQUIRED, message, data: Some(data) },
                }
            }
            RequestError::Rejected { code, message, data } => CallError::Rejected { code, message, data },
            RequestError::SignIn => {
                self.session.suspect.notify_one();
                CallError::SignInRequired { server: self.terms.server.to_owned() }
            }
            RequestError::Lost(cause) => {
                self.session.suspect.notify_one();
                self.lost(&cause)
            }
            RequestError::TimedOut(after) => CallError::TimedOut { after, total: false },
        }
    }

    fn lost(&self, cause: &str) -> CallError {
        CallError::Lost { server: self.terms.server.to_owned(), cause: cause.to_owned() }
    }
}

/// Any request by its name: in rmcp's own shape where it has one, so that headers are made of it.
pub(crate) fn request(method: &str, params: &Map<String, Value>) -> ClientRequest {
    let request = serde_json::from_value(json!({ "method": method, "params": params }));
    request.unwrap_or_else(|_| {
        let params = Some(Value::Object(params.clone()));
        ClientRequest::CustomRequest(rmcp::model::CustomRequest::new(method.to_owned(), params))
    })
}

/// Tells the server when its answer is no longer waited for, for whatever reason.
struct Pending {
    peer: Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let reason = Some("the result is no longer wanted".to_owned());
            // A server that is gone need not be told.
            let _ = peer.notify_cancelled(CancelledNotificationParam::new(Some(id), reason)).await;
        });
    }
}
