//! What goes between the client of one request and whoever works on it: progress and messages one way, questions and
//! their answers both ways.

use std::time::Duration;

use chat::{Ask, Progress};
use futures::{FutureExt, future::BoxFuture};
use mcp::{Answers, PassedOn, Question, Reply, Root};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

/// A client that reads nothing is told no more than so much.
const MOST_UNREAD: usize = 256;
/// How long a question waits at a client before nobody answers it any more.
const PATIENCE: Duration = Duration::from_secs(600);
const METHOD_NOT_FOUND: i32 = -32601;
const INTERNAL_ERROR: i32 = -32603;
const LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// What a client is told while its request runs.
pub(crate) enum Told {
    Progress(Progress),
    /// A server's message for its log, as it came.
    Note(Value),
    Question(Question, oneshot::Sender<PassedOn>),
}

/// To the client of one request.
#[derive(Default)]
pub(crate) struct Line {
    /// What the client can be asked, as the protocol writes it.
    pub(crate) capabilities: Value,
    /// How grave a message must be that the client is told; none where nothing is said.
    pub(crate) log_level: Option<String>,
    /// What else the client said of its request, for whoever works on it.
    pub(crate) meta: Map<String, Value>,
    /// Whether the client repeats its request with answers to what it was asked.
    pub(crate) rounds: bool,
    /// Those answers and what belongs to them, for whoever asked.
    pub(crate) answered: Map<String, Value>,
    /// Whether a person has agreed in an earlier round of the same request.
    pub(crate) agreed: bool,
    told: Option<mpsc::Sender<Told>>,
}

impl Line {
    /// To a client that is told the result and nothing else.
    pub(crate) fn silent() -> Self {
        Self { capabilities: json!({}), ..Self::default() }
    }

    /// To a client that hears what comes out at the other end.
    pub(crate) fn open(self) -> (Self, mpsc::Receiver<Told>) {
        let (told, heard) = mpsc::channel(MOST_UNREAD);
        (Self { told: Some(told), ..self }, heard)
    }

    pub(crate) fn progress(&self, progress: Progress) {
        self.tell(Told::Progress(progress));
    }

    /// Whether a person at the client agrees; nothing where the client cannot ask one.
    pub(crate) fn agrees(&self, message: &str) -> Option<BoxFuture<'static, bool>> {
        let elicitation = &self.capabilities["elicitation"];
        // Whoever says nothing of modes means forms.
        let has_forms = elicitation.is_object() && (elicitation["url"].is_null() || elicitation["form"].is_object());
        if self.told.is_none() || !has_forms {
            return None;
        }
        let schema = json!({
            "type": "object",
            "required": ["approve"],
            "properties": { "approve": { "type": "boolean", "title": "Allow this call" } },
        });
        let params = json!({ "message": message, "requestedSchema": schema });
        let said = self.ask(Question { method: "elicitation/create".to_owned(), params });
        let agrees = async move {
            match said.await {
                Ok(said) => said["action"] == "accept" && said["content"]["approve"] == true,
                // Who cannot be asked has not agreed; somebody else still may.
                Err(_) => std::future::pending().await,
            }
        };
        Some(agrees.boxed())
    }

    fn ask(&self, question: Question) -> BoxFuture<'static, PassedOn> {
        let (reply, answer) = oneshot::channel();
        if !self.tell(Told::Question(question, reply)) {
            return async { Err(METHOD_NOT_FOUND) }.boxed();
        }
        async move {
            match tokio::time::timeout(PATIENCE, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) | Err(_) => Err(INTERNAL_ERROR),
            }
        }
        .boxed()
    }

    /// Whether it was taken: a client that is gone, or does not read, need not be told.
    fn tell(&self, told: Told) -> bool {
        self.told.as_ref().is_some_and(|line| line.try_send(told).is_ok())
    }

    fn can_answer(&self, method: &str) -> bool {
        let capability = match method {
            "elicitation/create" => "elicitation",
            "sampling/createMessage" => "sampling",
            "roots/list" => "roots",
            _ => return false,
        };
        self.capabilities[capability].is_object()
    }
}

impl Answers for Line {
    fn answer(&self, _server: &str, _ask: Ask) -> BoxFuture<'static, Reply> {
        async { Reply::Decline }.boxed()
    }

    fn roots(&self) -> Vec<Root> {
        vec![]
    }

    fn pass_on(&self, question: &Question) -> Option<BoxFuture<'static, PassedOn>> {
        if !self.can_answer(&question.method) {
            return Some(async { Err(METHOD_NOT_FOUND) }.boxed());
        }
        Some(self.ask(question.clone()))
    }

    fn note(&self, message: &Value) {
        let level = message.get("level").and_then(Value::as_str).map_or(1, rank);
        if self.log_level.as_deref().is_some_and(|wanted| level >= rank(wanted)) {
            self.tell(Told::Note(message.clone()));
        }
    }
}

/// How grave a level is; what is not known is no more than information.
pub(crate) fn rank(level: &str) -> usize {
    LEVELS.iter().position(|known| *known == level).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_asked_what_it_can_answer_and_told_what_it_wants_to_hear() {
        let asking = |capabilities| Line { capabilities, log_level: Some("warning".to_owned()), ..Line::default() };
        let (line, mut heard) = asking(json!({ "elicitation": {} })).open();
        let question = |method: &str| Question { method: method.to_owned(), params: json!({}) };
        assert_eq!(line.pass_on(&question("sampling/createMessage")).unwrap().await, Err(METHOD_NOT_FOUND));
        let answer = line.pass_on(&question("elicitation/create")).unwrap();
        let Some(Told::Question(_, reply)) = heard.recv().await else { panic!("a question") };
        reply.send(Ok(json!({ "action": "decline" }))).unwrap();
        assert_eq!(answer.await, Ok(json!({ "action": "decline" })));
        for level in ["info", "made up", "error"] {
            line.note(&json!({ "level": level, "data": level }));
        }
        let Some(Told::Note(note)) = heard.recv().await else { panic!("a message") };
        assert_eq!(note["data"], "error");
        assert!(heard.try_recv().is_err());
        assert!(line.agrees("Sure?").is_some() && asking(json!({})).open().0.agrees("Sure?").is_none());
        assert!(asking(json!({ "elicitation": { "url": {} } })).open().0.agrees("Sure?").is_none());
        assert!(Line::silent().agrees("Sure?").is_none());
    }
}
