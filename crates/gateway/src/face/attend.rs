//! One request that another server may ask questions about: begun, told of, and brought to its result or to the next
//! question.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream::FuturesUnordered};
use mcp::{PassedOn, Question};
use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{
        CancelledNotificationParam, CustomNotification, CustomRequest, ErrorCode, ProgressNotificationParam,
        ServerNotification, ServerRequest,
    },
    service::{PeerRequestOptions, RequestContext, ServiceError},
};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Answer, Verbatim},
    caller::Caller,
    door::Call,
    line::{Line, Told},
    offer::Offer,
    rounds::{Held, State, binding},
};

use super::speaker::{Speaker, is_modern};

const OURS: &str = "io.modelcontextprotocol/";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// What a client wants, with what it brings from the round before.
pub(super) struct Wanted {
    pub(super) method: &'static str,
    pub(super) offer: Arc<Offer>,
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) responses: Option<BTreeMap<String, Value>>,
    pub(super) state: Option<String>,
}

impl Speaker {
    /// The answer as the protocol writes it: the result, or what the client is to answer first.
    pub(super) async fn attend(
        &self,
        wanted: Wanted,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer, ErrorData> {
        let caller = self.caller(context)?;
        self.wishes.recall(&self.inner, &context.extensions).await;
        let modern = is_modern(context);
        let binding = binding(&caller.credential, wanted.method, &wanted.name, &wanted.arguments);
        let state = match wanted.state.as_deref().filter(|_| modern) {
            Some(sealed) => self.inner.rounds.open(sealed, &binding).ok_or_else(|| gone("was not given for it"))?,
            None => State::default(),
        };
        let responses: Map<String, Value> = wanted.responses.clone().unwrap_or_default().into_iter().collect();
        let held = match &state.held {
            Some(id) => {
                let mut held = self.inner.rounds.resume(id).ok_or_else(|| gone("is not waited for any more"))?;
                held.take_in(&responses);
                held
            }
            None => {
                let mut answered = Map::new();
                if wanted.responses.is_some() {
                    answered.insert("inputResponses".to_owned(), Value::Object(responses));
                }
                answered.extend(state.theirs.map(|theirs| ("requestState".to_owned(), theirs.into())));
                let agreed = match &state.agreed {
                    Some(id) => self.inner.rounds.has_agreed(id).await,
                    None => false,
                };
                let mut line = self.line(context);
                (line.answered, line.agreed) = (answered, agreed);
                self.begin(wanted, caller, line)
            }
        };
        self.follow(held, &binding, context).await
    }

    /// What is known of the client, for whoever works on its request.
    fn line(&self, context: &RequestContext<RoleServer>) -> Line {
        let capabilities = context.client_capabilities().and_then(|said| serde_json::to_value(said).ok());
        let said: Map<String, Value> = context.meta.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let rounds = is_modern(context);
        let log_level = if rounds {
            said.get(LOG_LEVEL).and_then(Value::as_str).map(str::to_owned)
        } else {
            Some(self.wishes.level())
        };
        let meta = said.into_iter().filter(|(key, _)| key != "progressToken" && !key.starts_with(OURS)).collect();
        let mut line = Line::silent();
        if let Some(capabilities) = capabilities {
            line.capabilities = capabilities;
        }
        (line.log_level, line.meta, line.rounds) = (log_level, meta, rounds);
        line
    }

    /// On its own: whatever becomes of the connection, what was done is written down.
    fn begin(&self, wanted: Wanted, caller: Arc<Caller>, line: Line) -> Held {
        let (line, heard) = line.open();
        let (inner, stop, line) = (self.inner.clone(), CancellationToken::new(), Arc::new(line));
        let guard = stop.clone().drop_guard();
        let running = tokio::spawn(async move {
            let call = Call { caller, tool: &wanted.name, arguments: wanted.arguments, line: &line, stop };
            inner.go(wanted.offer, call).await
        });
        Held::new(running, heard, guard)
    }

    async fn follow(
        &self,
        mut held: Held,
        binding: &[u8],
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer, ErrorData> {
        let modern = is_modern(context);
        let token = context.meta.get_progress_token();
        let (mut asking, mut is_open) = (FuturesUnordered::new(), true);
        let answer = loop {
            // What was asked at once is asked of the client at once.
            if modern && held.heard.is_empty() && held.has_questions() {
                return self.ask_later(held, binding);
            }
            tokio::select! {
                biased;
                told = held.heard.recv(), if is_open => match told {
                    Some(Told::Question(question, reply)) if modern => held.put(question, reply),
                    Some(Told::Question(question, reply)) => asking.push(ask(context.peer.clone(), question, reply)),
                    Some(Told::Progress(progress)) => if let Some(token) = &token {
                        let mut told = ProgressNotificationParam::new(token.clone(), progress.done);
                        (told.total, told.message) = (progress.total, progress.message);
                        // A client that is gone need not be told.
                        let _ = context.peer.notify_progress(told).await;
                    },
                    Some(Told::Note(message)) => note(&context.peer, message).await,
                    None => is_open = false,
                },
                Some(()) = asking.next() => (),
                () = context.ct.cancelled(), if held.stop.is_some() => held.stop = None,
                answer = &mut held.running => break answer,
            }
        };
        let answer = answer.map_err(|_| ErrorData::internal_error("the request broke off", None))?;
        self.concluded(answer, binding).await
    }

    /// Lets the call wait until its client comes back with the answers.
    fn ask_later(&self, held: Held, binding: &[u8]) -> Result<Answer, ErrorData> {
        let questions = held.questions();
        let too_many = |_| ErrorData::internal_error("too many requests wait for their clients already", None);
        let id = self.inner.rounds.hold(held).map_err(too_many)?;
        let state = State { held: Some(id), ..State::default() };
        let sealed = self.inner.rounds.seal(&state, binding);
        let result = json!({ "resultType": "input_required", "inputRequests": questions, "requestState": sealed });
        Ok(Answer::whole(result))
    }

    /// What a server wants back from the next round travels with what we want to know of it again.
    async fn concluded(&self, mut answer: Answer, binding: &[u8]) -> Result<Answer, ErrorData> {
        if let Some(verbatim) = answer.verbatim {
            let Verbatim { code, message, data } = *verbatim;
            return Err(ErrorData::new(ErrorCode(code), message, data));
        }
        let Some(result) = answer.whole.as_mut().filter(|result| result["resultType"] == "input_required") else {
            return Ok(answer);
        };
        let theirs = result.get("requestState").and_then(Value::as_str).map(str::to_owned);
        if theirs.is_some() || answer.approved {
            let agreed = if answer.approved { self.inner.rounds.agree().await } else { None };
            result["requestState"] = json!(self.inner.rounds.seal(&State { theirs, agreed, held: None }, binding));
        }
        Ok(answer)
    }
}

fn gone(why: &str) -> ErrorData {
    let words = format!("The request's state {why}, or too long ago. Make the request anew, without it.");
    ErrorData::invalid_params(words, None)
}

/// Asks the client, for as long as whoever asked wants to know.
async fn ask(peer: Peer<RoleServer>, question: Question, mut reply: oneshot::Sender<PassedOn>) {
    let Question { method, params } = question;
    let mut request = json!({ "method": method });
    if !params.is_null() {
        request["params"] = params.clone();
    }
    let request = serde_json::from_value(request)
        .unwrap_or_else(|_| ServerRequest::CustomRequest(CustomRequest::new(method, Some(params))));
    let Ok(mut sent) = peer.send_cancellable_request(request, PeerRequestOptions::no_options()).await else { return };
    tokio::select! {
        biased;
        answer = &mut sent.rx => {
            let answer = match answer {
                Ok(Ok(result)) => serde_json::to_value(result).map_err(|_| ErrorCode::INTERNAL_ERROR.0),
                Ok(Err(ServiceError::McpError(error))) => Err(error.code.0),
                Ok(Err(_)) | Err(_) => Err(ErrorCode::INTERNAL_ERROR.0),
            };
            // It may have been taken back in this moment.
            let _ = reply.send(answer);
        }
        () = reply.closed() => {
            let reason = Some("the answer is no longer wanted".to_owned());
            // A client that is gone need not be told.
            let _ = peer.notify_cancelled(CancelledNotificationParam::new(Some(sent.id), reason)).await;
        }
    }
}

async fn note(peer: &Peer<RoleServer>, message: Value) {
    let method = "notifications/message";
    let notification = serde_json::from_value(json!({ "method": method, "params": message }))
        .unwrap_or_else(|_| ServerNotification::CustomNotification(CustomNotification::new(method, Some(message))));
    // A client that is gone need not be told.
    let _ = peer.send_notification(notification).await;
}
