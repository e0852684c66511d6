//! Any OpenAI-compatible chat completions API, on async-openai's bring-your-own-types calls.

use std::time::Duration;

use async_openai::{Client, config::OpenAIConfig, error::OpenAIError, middleware::HttpRequestFactory};
use chat::Usage;
use futures::{StreamExt, stream::BoxStream};
use mcp::Secret;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::assemble::{Assembly, CallDelta};
use super::caller::Caller;
use super::failure::shorten;
use super::think::{Piece, ThinkSplitter};
use super::{ModelEvent, ModelRequest, OnlyInPieces, Preset, Provider, ProviderError, heard, history};
use crate::exchanges::Line;

/// A local model may take minutes to load and to read a long prompt before its first word.
const FIRST_WORD: Duration = Duration::from_secs(600);
/// Between two pieces of an answer.
const NEXT_WORD: Duration = Duration::from_secs(180);

/// One provider's chat completions endpoint.
#[derive(Clone)]
pub struct OpenAi {
    preset: &'static Preset,
    config: OpenAIConfig,
    caller: Caller,
    only_in_pieces: OnlyInPieces,
}

impl OpenAi {
    /// `key` is sent as a bearer token; an empty one is not sent.
    pub fn new(preset: &'static Preset, base_url: &str, key: &str, http: &reqwest::Client) -> Self {
        let config = OpenAIConfig::new().with_api_base(base_url).with_api_key(key);
        let caller = Caller {
            http: http.clone(),
            provider: preset.name,
            address: base_url.to_owned(),
            key: Secret::from(key.to_owned()),
            line: None,
        };
        Self { preset, config, caller, only_in_pieces: OnlyInPieces::default() }
    }

    /// The same, which remembers with others who gives no answer in one piece.
    pub fn remembering(self, only_in_pieces: OnlyInPieces) -> Self {
        Self { only_in_pieces, ..self }
    }

    /// A client for one request, so that what goes over the wire is known to be that request's.
    fn client(&self, line: Option<Line>) -> Client<OpenAIConfig> {
        let caller = Caller { line, ..self.caller.clone() };
        let service = tower::service_fn(move |request: HttpRequestFactory| caller.clone().call(request));
        // `build` rather than `with_config`: the latter makes a client of its own, certificates and all.
        Client::build(self.caller.http.clone(), self.config.clone()).with_http_service(service)
    }

    /// What goes out is kept where somebody may want to look at it.
    fn line(&self, request: &ModelRequest, body: &RawValue) -> Option<Line> {
        let url = format!("{}/chat/completions", self.caller.address);
        request.tap.as_ref().map(|tap| tap.begin(self.preset.id, &url, body.get()))
    }

    /// What goes out, as it is written.
    fn body(&self, request: &ModelRequest) -> Result<Box<RawValue>, ProviderError> {
        let mut fields = Map::from_iter([
            ("model".to_owned(), json!(request.model)),
            ("messages".to_owned(), history::messages(request).into()),
            ("stream".to_owned(), json!(!request.whole)),
        ]);
        if !request.whole {
            fields.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        }
        let sampling = request.sampling;
        if let Some(temperature) = sampling.temperature {
            fields.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(top_p) = sampling.top_p {
            fields.insert("top_p".to_owned(), json!(top_p));
        }
        if let Some(max) = sampling.max_output_tokens {
            fields.insert(self.preset.max_tokens_field.to_owned(), json!(max));
        }
        fields.extend(request.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
        let body = Body { tools: request.tools.functions().collect(), fields };
        to_raw_value(&body).map_err(|error| ProviderError::Failed {
            provider: self.preset.name.into(),
            status: None,
            said: error.to_string(),
        })
    }

    fn error(&self, error: OpenAIError) -> ProviderError {
        understand(self.preset.name, &self.caller.address, error)
    }
}

impl Provider for OpenAi {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ProviderError>> {
        let this = self.clone();
        let whole = request.whole && !this.only_in_pieces.has(&this.caller.address, &request.model);
        let request = ModelRequest { whole, ..request };
        let body = match this.body(&request) {
            Ok(body) => body,
            Err(error) => return futures::stream::iter([Err(error)]).boxed(),
        };
        let line = this.line(&request, &body);
        let asked = tracing::enabled!(target: "model", tracing::Level::DEBUG).then(|| body.clone());
        if request.whole {
            let events =
                futures::stream::once(this.whole(request.model, body, line)).flat_map(futures::stream::iter).boxed();
            return heard::written_down(self.preset.name, asked, events);
        }
        let (send, receive) = tokio::sync::mpsc::unbounded_channel();
        let answer = async move {
            let ended = this.read(body, line.as_ref(), &send).await;
            if let Some(line) = &line {
                line.end(ended.as_ref().err());
            }
            if let Err(error) = ended {
                // Nobody listens any more when the turn was stopped.
                let _ = send.send(Err(error));
            }
        };
        // The answer is read by whoever polls the stream: dropping it ends the request.
        let answer = futures::stream::once(answer).filter_map(|()| async { None });
        let events = futures::stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
        let events = futures::stream::select(events, answer).boxed();
        heard::written_down(self.preset.name, asked, events)
    }
}

/// A request, of which the tools are the largest part and are not copied.
struct Body<'a> {
    fields: Map<String, Value>,
    tools: Vec<&'a RawValue>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        if !self.tools.is_empty() && !self.fields.contains_key("tools") {
            map.serialize_entry("tools", &self.tools)?;
        }
        map.end()
    }
}

type Sender = tokio::sync::mpsc::UnboundedSender<Result<ModelEvent, ProviderError>>;

impl OpenAi {
    async fn read(&self, body: Box<RawValue>, line: Option<&Line>, send: &Sender) -> Result<(), ProviderError> {
        let provider = self.preset.name;
        let timed_out = |waited| ProviderError::TimedOut { provider: provider.into(), waited };
        let client = self.client(line.cloned());
        let opening = client.chat();
        let opening = opening.create_stream_byot::<Box<RawValue>, Chunk>(body);
        let mut chunks = tokio::time::timeout(FIRST_WORD, opening)
            .await
            .map_err(|_| timed_out(FIRST_WORD))?
            .map_err(|error| self.error(error))?;
        let mut answer = Answer::default();
        let mut deadline = FIRST_WORD;
        loop {
            let chunk = tokio::time::timeout(deadline, chunks.next()).await.map_err(|_| timed_out(deadline))?;
            let Some(chunk) = chunk else { break };
            deadline = NEXT_WORD;
            let chunk = chunk.map_err(|error| self.error(error))?;
            if let Some(error) = chunk.error {
                return Err(ProviderError::from_stream(provider, &error));
            }
            for event in answer.take(chunk, line) {
                if send.send(Ok(event)).is_err() {
                    return Ok(());
                }
            }
        }
        let (events, ended) = answer.finish();
        for event in events {
            let _ = send.send(Ok(event));
        }
        ended
    }

    /// The answer in one piece.
    async fn whole(
        self,
        model: String,
        body: Box<RawValue>,
        line: Option<Line>,
    ) -> Vec<Result<ModelEvent, ProviderError>> {
        let mut answer = Answer::default();
        let (mut events, ended) = match self.read_whole(body, line.as_ref()).await {
            Ok(chunk) => {
                let said = answer.take(chunk, line.as_ref());
                let (rest, ended) = answer.finish();
                (said.into_iter().chain(rest).map(Ok).collect(), ended)
            }
            Err(error) => {
                if error.wants_pieces() {
                    self.only_in_pieces.note(&self.caller.address, &model);
                }
                (vec![], Err(error))
            }
        };
        if let Some(line) = &line {
            line.end(ended.as_ref().err());
        }
        events.extend(ended.err().map(Err));
        events
    }

    async fn read_whole(&self, body: Box<RawValue>, line: Option<&Line>) -> Result<Chunk, ProviderError> {
        let client = self.client(line.cloned());
        let chat = client.chat();
        let answer = tokio::time::timeout(FIRST_WORD, chat.create_byot::<Box<RawValue>, Chunk>(body));
        let timed_out = |_| ProviderError::TimedOut { provider: self.preset.name.into(), waited: FIRST_WORD };
        let mut chunk = answer.await.map_err(timed_out)?.map_err(|error| self.error(error))?;
        if let Some(error) = chunk.error {
            return Err(ProviderError::from_stream(self.preset.name, &error));
        }
        for choice in chunk.choices.iter_mut().flatten() {
            choice.is_whole();
        }
        if chunk.choices.as_ref().is_none_or(Vec::is_empty) {
            let said = "There is no answer in what it answered.".into();
            return Err(ProviderError::NotUnderstood { provider: self.preset.name.into(), said });
        }
        Ok(chunk)
    }
}

/// What has come of one answer.
#[derive(Default)]
struct Answer {
    think: ThinkSplitter,
    calls: Assembly,
    id: String,
    /// Why the provider says that it is done.
    finished: Option<String>,
}

impl Answer {
    fn take(&mut self, chunk: Chunk, line: Option<&Line>) -> Vec<ModelEvent> {
        let mut events = vec![];
        if self.id.is_empty() {
            self.id = chunk.id.unwrap_or_default();
        }
        for choice in chunk.choices.unwrap_or_default() {
            let delta = choice.delta.unwrap_or_default();
            let thought = delta.reasoning_content.or(delta.reasoning).filter(|text| !text.is_empty());
            events.extend(thought.map(ModelEvent::Reasoning));
            if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
                events.extend(self.think.push(&text).into_iter().map(ModelEvent::from));
            }
            for call in delta.tool_calls.unwrap_or_default() {
                self.calls.add(call);
            }
            self.finished = choice.finish_reason.or(self.finished.take());
        }
        if let Some(usage) = chunk.usage {
            let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
            let usage =
                Usage { input: usage.prompt_tokens.unwrap_or(0), output: usage.completion_tokens.unwrap_or(0), cached };
            if let Some(line) = line {
                line.count(usage);
            }
            events.push(ModelEvent::Usage(usage));
        }
        events
    }

    /// What was held back of the words, then the calls, once all of them are whole. A stream that never said why it
    /// finished was cut; one that did may have ended early, and then no call of it is whole for certain.
    fn finish(self) -> (Vec<ModelEvent>, Result<(), ProviderError>) {
        let mut events: Vec<ModelEvent> = self.think.finish().map(ModelEvent::from).into_iter().collect();
        let ended = match self.finished.as_deref() {
            None => {
                let cause = "The connection closed before the provider said that it was done.";
                Err(ProviderError::Cut { cause: cause.into() })
            }
            Some("length") => Err(ProviderError::TooLong),
            Some("content_filter") => Err(ProviderError::Filtered),
            Some(_) => Ok(()),
        };
        if ended.is_err() {
            return (events, ended);
        }
        let round: String = self.id.chars().filter(char::is_ascii_alphanumeric).rev().take(12).collect();
        // An empty one beside others is a slip of the server, not of the model.
        let (nameless, calls) = (self.calls.nameless(), self.calls.finish(&round));
        if nameless > 0 && calls.is_empty() {
            events.push(ModelEvent::Nameless(nameless));
        }
        events.extend(calls.into_iter().map(ModelEvent::Call));
        events.push(ModelEvent::Finished);
        (events, Ok(()))
    }
}

impl From<Piece> for ModelEvent {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Thought(text) => Self::Reasoning(text),
            Piece::Speech(text) => Self::Text(text),
        }
    }
}

/// Of a chunk, or of a whole answer, only what Loquat uses; everything may be absent, since providers differ.
#[derive(Debug, Deserialize)]
struct Chunk {
    id: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<ChunkUsage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

impl Choice {
    /// Whatever it says: each of its calls is another, and no more of it comes.
    fn is_whole(&mut self) {
        self.finish_reason.get_or_insert_with(|| "stop".to_owned());
        let calls = self.delta.iter_mut().flat_map(|delta| delta.tool_calls.iter_mut().flatten());
        calls.enumerate().for_each(|(place, call)| call.stands_at(place));
    }
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Deserialize)]
struct ChunkUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<UsageDetails>,
}

#[derive(Debug, Deserialize)]
struct UsageDetails {
    cached_tokens: Option<u64>,
}

/// async-openai's errors as ours; those that [`Caller`] made are unwrapped.
pub(super) fn understand(provider: &str, address: &str, error: OpenAIError) -> ProviderError {
    let provider = provider.to_owned();
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<ProviderError>() {
            Ok(error) => *error,
            Err(error) => ProviderError::Failed { provider, status: None, said: error.to_string() },
        },
        OpenAIError::Reqwest(error) if error.is_connect() || error.is_builder() => {
            ProviderError::Unreachable { provider, address: address.into(), cause: causes(&error) }
        }
        OpenAIError::Reqwest(error) => ProviderError::Cut { cause: causes(&error) },
        OpenAIError::StreamError(error) => ProviderError::Cut { cause: error.to_string() },
        OpenAIError::JSONDeserialize(_, content) => ProviderError::NotUnderstood { provider, said: shorten(&content) },
        other => ProviderError::Failed { provider, status: None, said: other.to_string() },
    }
}

/// An error with all that lies beneath it; never the address, which may carry a secret.
pub(super) fn causes(error: &reqwest::Error) -> String {
    use std::error::Error;
    let mut words = vec![];
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    if words.is_empty() { "The connection failed.".into() } else { words.join(": ") }
}
