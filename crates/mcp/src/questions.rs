//! What servers ask of us: who answers, and the answers as the protocol wants them.

use std::fmt;

use chat::{Ask, Content};
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::output;

/// Who answers what a server asks while it works for us. Where nobody does, every question is declined.
pub trait Answers: Send + Sync {
    /// A person's answer. What comes back is dropped unheard once the call has ended.
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply>;

    /// The folders that the server may work in.
    fn roots(&self) -> Vec<Root>;

    /// The whole answer as the protocol writes it, of whoever passes questions on unread; nothing where they are
    /// answered here.
    fn pass_on(&self, _question: &Question) -> Option<BoxFuture<'static, PassedOn>> {
        None
    }

    /// A message that the server wrote for its log meanwhile, as it came.
    fn note(&self, _message: &Value) {}
}

/// A server's request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub method: String,
    pub params: Value,
}

/// What somebody else answered: a result, or an error with JSON-RPC's code.
pub type PassedOn = Result<Value, i32>;

impl fmt::Debug for dyn Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

/// What a server is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `content`: the fields of a form, complete and checked; nothing for a page.
    Accept {
        content: Option<Value>,
    },
    /// The model's words, for sampling.
    Sampled(Sampled),
    Decline,
    Cancel,
}

/// What a model wrote for a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    pub model: String,
    pub text: String,
    /// Which of the server's tools it wants.
    pub calls: Vec<SampledCall>,
    /// Whether it had to stop because it may write no more.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SampledCall {
    pub id: String,
    pub name: String,
    pub input: Value,
}

/// A folder that servers may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// A `file://` URI.
    pub uri: String,
    pub name: Option<String>,
}

/// A request of a server, as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    Roots,
    Person(Box<Ask>),
}

/// Why a request of a server is answered with an error. The code is JSON-RPC's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswerable {
    pub(crate) code: i32,
    pub(crate) why: &'static str,
}

const INVALID_PARAMS: i32 = -32602;
const METHOD_NOT_FOUND: i32 = -32601;

/// Reads a server's request, whatever of it is malformed beyond what is needed.
pub(crate) fn read(method: &str, params: &Value, sampling: bool) -> Result<Asked, Unanswerable> {
    match method {
        "roots/list" => Ok(Asked::Roots),
        "elicitation/create" => elicitation(params).map(|ask| Asked::Person(Box::new(ask))),
        "sampling/createMessage" if sampling => {
            let request = crate::sampling::read(params)?;
            Ok(Asked::Person(Box::new(Ask::Sampling { request })))
        }
        _ => Err(Unanswerable { code: METHOD_NOT_FOUND, why: "this client does not do that" }),
    }
}

/// A form unless it says that it is a page; older servers know forms only and say nothing.
pub(crate) fn elicitation(params: &Value) -> Result<Ask, Unanswerable> {
    let wrong = |why| Unanswerable { code: INVALID_PARAMS, why };
    let message = shown(params.get("message"));
    match params.get("mode").and_then(Value::as_str) {
        Some("url") => {
            let url = params.get("url").and_then(Value::as_str).ok_or_else(|| wrong("there is no URL"))?;
            let parsed = url::Url::parse(url).map_err(|_| wrong("this is no URL"))?;
            if !matches!(parsed.scheme(), "http" | "https") {
                return Err(wrong("only http and https are opened"));
            }
            let host = parsed.host_str().ok_or_else(|| wrong("the URL has no host"))?.to_owned();
            Ok(Ask::Url { message, url: parsed.into(), host })
        }
        None | Some("form") => {
            let schema = params.get("requestedSchema").cloned().unwrap_or(Value::Null);
            if !schema.is_object() {
                return Err(wrong("there is no schema"));
            }
            Ok(Ask::Form { message, fields: chat::Field::all(&schema), schema })
        }
        Some(_) => Err(wrong("this mode is not known")),
    }
}

fn shown(value: Option<&Value>) -> String {
    chat::visible(value.and_then(Value::as_str).unwrap_or_default())
}

/// The reply to `ask` as a result of the protocol; an error where only an error says it.
pub(crate) fn result(ask: &Ask, reply: Reply) -> Result<Value, Unanswerable> {
    let action = |action: &str| Ok(json!({ "action": action }));
    match (ask, reply) {
        (Ask::Form { .. }, Reply::Accept { content }) => {
            Ok(json!({ "action": "accept", "content": content.unwrap_or_else(|| Value::Object(Map::new())) }))
        }
        (Ask::Url { .. }, Reply::Accept { .. }) => action("accept"),
        (Ask::Sampling { .. }, Reply::Sampled(sampled)) => Ok(crate::sampling::result(sampled)),
        (Ask::Sampling { .. }, _) => Err(Unanswerable { code: -1, why: "the user rejected the sampling request" }),
        // No server asks for that; we do.
        (Ask::SignIn { .. }, Reply::Accept { .. }) => action("decline"),
        (_, Reply::Cancel) => action("cancel"),
        (_, Reply::Decline | Reply::Sampled(_)) => action("decline"),
    }
}

pub(crate) fn roots(roots: &[Root]) -> Value {
    let root = |root: &Root| match &root.name {
        Some(name) => json!({ "uri": root.uri, "name": name }),
        None => json!({ "uri": root.uri }),
    };
    json!({ "roots": roots.iter().map(root).collect::<Vec<Value>>() })
}

/// A block of a message, as blocks of results are read.
pub(crate) fn content(raw: &Value) -> Content {
    output::block(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_for_what_they_are() {
        let form = json!({ "message": "Who?", "requestedSchema": { "properties": { "a": { "type": "string" } } } });
        let Ok(Asked::Person(ask)) = read("elicitation/create", &form, false) else { panic!("a form") };
        assert!(matches!(*ask, Ask::Form { message, fields, .. } if message == "Who?" && fields.len() == 1));
        let page = json!({ "mode": "url", "message": "Pay", "url": "https://pay.example/x?y=1", "elicitationId": "1" });
        let Ok(Asked::Person(ask)) = read("elicitation/create", &page, false) else { panic!("a page") };
        assert!(matches!(*ask, Ask::Url { host, .. } if host == "pay.example"));
        assert_eq!(read("roots/list", &Value::Null, false), Ok(Asked::Roots));
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        let refused = |method: &str, params: Value| read(method, &params, false).unwrap_err().code;
        for url in ["javascript:alert(1)", "file:///etc/passwd", "no url", "https://"] {
            assert_eq!(refused("elicitation/create", json!({ "mode": "url", "url": url })), INVALID_PARAMS, "{url}");
        }
        assert_eq!(refused("elicitation/create", json!({ "message": "no schema" })), INVALID_PARAMS);
        assert_eq!(refused("elicitation/create", json!({ "mode": "telepathy" })), INVALID_PARAMS);
        assert_eq!(refused("sampling/createMessage", json!({ "messages": [] })), METHOD_NOT_FOUND);
        assert_eq!(refused("shell/run", json!({})), METHOD_NOT_FOUND);
    }
}
