//! The short way to a server: a call is posted as it is and its answer read once.
//!
//! On the usual way rmcp hands every message from task to task and reads and writes it several times, which is most of
//! what a call costs here. This one is for calls within a session where the server's last call was answered in plain
//! JSON. Should the answer come as a stream all the same, what the server says on it is heard as on any other.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use http::{HeaderMap, HeaderValue, header};
use reqwest::Response;
use rmcp::{
    model::{GetExtensions, RequestId, ServerJsonRpcMessage},
    service::InboundStreamOrigin,
    transport::streamable_http_client::StreamableHttpError,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{
    BOTH, Headers, JSON, MAX_MESSAGE, SESSION, Web, WebError,
    answer::{self, Received},
    follow::Followed,
};
use crate::{
    http::{causes, wants_sign_in},
    session::RequestError,
    told::Ear,
    wire::Wire,
};

/// rmcp counts its own requests from zero.
const FIRST: u32 = 1_000_000_000;

/// Where calls of a session go, as the last one went; nothing while they have to go the usual way.
#[derive(Default)]
pub(super) struct Road(Mutex<Option<Arc<Stretch>>>);

struct Stretch {
    uri: Arc<str>,
    session: Option<Arc<str>>,
    headers: Headers,
    /// All that a call says in its head.
    head: HeaderMap,
}

impl Road {
    /// It was found to lead there.
    pub(super) fn open(&self, uri: Arc<str>, session: Option<Arc<str>>, headers: Headers) {
        let mut known = self.known();
        let is_same = |known: &Stretch| known.uri == uri && known.session == session && known.headers == headers;
        if !known.as_deref().is_some_and(is_same) {
            *known = Stretch::new(uri, session, headers).map(Arc::new);
        }
    }

    pub(super) fn close(&self) {
        *self.known() = None;
    }

    fn known(&self) -> MutexGuard<'_, Option<Arc<Stretch>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stretch {
    fn new(uri: Arc<str>, session: Option<Arc<str>>, headers: Headers) -> Option<Self> {
        let mut head = HeaderMap::from_iter(headers.clone());
        head.insert(header::ACCEPT, HeaderValue::from_static(BOTH));
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        if let Some(session) = &session {
            head.insert(SESSION, HeaderValue::from_str(session).ok()?);
        }
        Some(Self { uri, session, headers, head })
    }
}

/// The short way of one connection.
pub(crate) struct Short {
    web: Web,
    hearing: Hearing,
    sent: AtomicU32,
}

/// Who hears what a server says.
#[derive(Clone)]
struct Hearing {
    wire: Wire,
    ear: Ear,
}

impl Hearing {
    /// Hears what was said beside the answer to the call of that number.
    async fn hears(&self, said: &str, number: i64) {
        let Ok(mut message) = serde_json::from_str::<ServerJsonRpcMessage>(said) else {
            tracing::warn!("an event of the server is no message");
            return;
        };
        if let ServerJsonRpcMessage::Request(request) = &mut message {
            let origin = InboundStreamOrigin::OutboundRequest(RequestId::Number(number));
            request.request.extensions_mut().insert(origin);
        }
        self.ear.hear_aside(message).await;
    }
}

/// A call that may go the short way.
pub(crate) struct Shortly<'a> {
    short: &'a Short,
    stretch: Arc<Stretch>,
    /// Its number, and that of its progress.
    pub(crate) number: i64,
}

/// Why there is no result.
pub(crate) enum Missed {
    /// The session is over, so nothing was done; it can be asked again in a new one.
    SessionOver,
    Failed(RequestError),
}

impl Short {
    pub(crate) fn new(web: Web, wire: Wire, ear: Ear) -> Self {
        Self { web, hearing: Hearing { wire, ear }, sent: AtomicU32::new(0) }
    }

    /// The way, where it is open.
    pub(crate) fn way(&self) -> Option<Shortly<'_>> {
        let stretch = self.web.road.known().clone()?;
        // Servers that count in 32 bits can repeat it.
        let number = FIRST + self.sent.fetch_add(1, Ordering::Relaxed) % FIRST;
        Some(Shortly { short: self, stretch, number: number.into() })
    }
}

impl Shortly<'_> {
    /// Sends the call and waits for its result, as it came.
    pub(crate) async fn call(
        self,
        method: &str,
        params: &Map<String, Value>,
        meta: &Map<String, Value>,
    ) -> Result<Value, Missed> {
        let params = Params { params, meta, number: self.number };
        let message = Message { jsonrpc: "2.0", id: self.number, method, params };
        let text = serde_json::to_vec(&message).map_err(|error| lost(error.to_string()))?;
        let Self { short: Short { web, hearing: Hearing { wire, .. }, .. }, stretch, .. } = &self;
        wire.heard(true, &text);
        web.listening.begun().await;
        let request = web.client.post(&*stretch.uri).headers(stretch.head.clone()).body(text);
        let response = web.send(request).await.map_err(|error| failed(&StreamableHttpError::Client(error)))?;
        match answer::received(response, stretch.session.is_some(), true).await {
            Ok(Received::Text(text)) => {
                wire.heard(false, &text.text);
                let answer = text.read().map_err(|error| failed(&error))?;
                self.own(answer).ok_or_else(|| lost("the server answered another request"))?
            }
            Ok(Received::Events(response)) => self.follow(response).await,
            Ok(Received::Refusal(refusal)) => {
                wire.heard(false, &serde_json::to_vec(&refusal).unwrap_or_default());
                let error = refusal.error;
                Err(rejected(error.code.0, error.message.into_owned(), error.data))
            }
            Ok(Received::Nothing) => Err(lost("the server took the call without an answer")),
            Err(StreamableHttpError::SessionExpired) => {
                web.road.close();
                Err(Missed::SessionOver)
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// What the server says until the result, and that; a stream that breaks off is taken up again where it may be.
    async fn follow(&self, response: Response) -> Result<Value, Missed> {
        let Self { short: Short { web, hearing, .. }, stretch, number } = self;
        let mut followed = Followed::new(response);
        loop {
            let said = match followed.next().await {
                Ok(said) => said,
                Err(broken) => {
                    let last = followed.resumes(broken).await.map_err(lost)?;
                    let (uri, session) = (stretch.uri.clone(), stretch.session.clone());
                    let again = web.get(uri, session, Some(last), stretch.headers.clone(), MAX_MESSAGE).await;
                    followed.go_on(again).map_err(|error| failed(&error))?;
                    continue;
                }
            };
            hearing.wire.heard(false, said.as_bytes());
            if let Some(result) = serde_json::from_str(&said).ok().and_then(|answer| self.own(answer)) {
                let (hearing, number) = (hearing.clone(), *number);
                followed.hear_out(move |said| {
                    let hearing = hearing.clone();
                    async move {
                        hearing.wire.heard(false, said.as_bytes());
                        hearing.hears(&said, number).await;
                    }
                });
                return result;
            }
            hearing.hears(&said, *number).await;
        }
    }

    /// What the answer says, where it is the answer to this call.
    fn own(&self, answer: Answer) -> Option<Result<Value, Missed>> {
        let is_own = match &answer.id {
            Value::Number(id) => id.as_i64() == Some(self.number),
            // Some servers give a number back as a text.
            Value::String(id) => id.parse() == Ok(self.number),
            // Whoever could not read the request does not know its number.
            Value::Null => answer.error.is_some(),
            _ => false,
        };
        match answer {
            _ if !is_own => None,
            Answer { error: Some(Fault { code, message, data }), .. } => Some(Err(rejected(code, message, data))),
            Answer { result: Some(result), method: None, .. } => Some(Ok(result)),
            Answer { .. } => None,
        }
    }
}

fn rejected(code: i32, message: String, data: Option<Value>) -> Missed {
    Missed::Failed(RequestError::Rejected { code, message, data })
}

fn lost(cause: impl Into<String>) -> Missed {
    Missed::Failed(RequestError::Lost(cause.into()))
}

fn failed(error: &StreamableHttpError<WebError>) -> Missed {
    let error = if wants_sign_in(error) { RequestError::SignIn } else { RequestError::Lost(causes(error)) };
    Missed::Failed(error)
}

#[derive(Serialize)]
struct Message<'a> {
    jsonrpc: &'static str,
    id: i64,
    method: &'a str,
    params: Params<'a>,
}

/// The parameters with what goes beside them.
struct Params<'a> {
    params: &'a Map<String, Value>,
    meta: &'a Map<String, Value>,
    number: i64,
}

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.params.iter().filter(|(name, _)| *name != "_meta") {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("_meta", &Meta(self))?;
        map.end()
    }
}

struct Meta<'a>(&'a Params<'a>);

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Params { params, meta, number } = self.0;
        let mut map = serializer.serialize_map(None)?;
        let own = params.get("_meta").and_then(Value::as_object).into_iter().flatten();
        let own = own.filter(|(name, _)| !meta.contains_key(*name));
        for (name, value) in own.chain(*meta).filter(|(name, _)| *name != "progressToken") {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("progressToken", number)?;
        map.end()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: Value,
    /// Also where it is nothing.
    #[serde(default, deserialize_with = "given")]
    result: Option<Value>,
    error: Option<Fault>,
    method: Option<IgnoredAny>,
}

fn given<'de, D: Deserializer<'de>>(result: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(result).map(Some)
}

#[derive(Deserialize)]
struct Fault {
    code: i32,
    #[serde(default)]
    message: String,
    data: Option<Value>,
}
