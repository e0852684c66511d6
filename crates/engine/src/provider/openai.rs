//! Any OpenAI-compatible chat completions API, on async-openai's bring-your-own-types calls.

use std::time::Duration;

use async_openai::{Client, config::OpenAIConfig, error::OpenAIError, middleware::HttpRequestFactory};
use chat::Usage;
use futures::{StreamExt, stream::BoxStream};
use mcp::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::assemble::{Assembly, CallDelta};
use super::failure::{shorten, without};
use super::think::{Piece, ThinkSplitter};
use super::{ModelEvent, ModelRequest, Preset, Provider, ProviderError, heard, history};

/// A local model may take minutes to load and to read a long prompt before its first word.
const FIRST_WORD: Duration = Duration::from_secs(600);
/// Between two pieces of an answer.
const NEXT_WORD: Duration = Duration::from_secs(180);

/// One provider's chat completions endpoint.
#[derive(Clone)]
pub struct OpenAi {
    preset: &'static Preset,
    address: String,
    client: Client<OpenAIConfig>,
}

impl OpenAi {
    /// `key` is sent as a bearer token; an empty one is not sent.
    pub fn new(preset: &'static Preset, base_url: &str, key: &str, http: &reqwest::Client) -> Self {
        let config = OpenAIConfig::new().with_api_base(base_url).with_api_key(key);
        let service = Caller {
            http: http.clone(),
            provider: preset.name,
            address: base_url.to_owned(),
            key: Secret::from(key.to_owned()),
        };
        let service = tower::service_fn(move |request: HttpRequestFactory| service.clone().call(request));
        // `build` rather than `with_config`: the latter makes a client of its own, certificates and all.
        let client = Client::build(http.clone(), config).with_http_service(service);
        Self { preset, address: base_url.to_owned(), client }
    }

    fn body(&self, request: &ModelRequest) -> Value {
        let mut body = json!({
            "model": request.model,
            "messages": history::messages(request),
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        let tools: Vec<Value> = request.tools.functions().cloned().collect();
        if !tools.is_empty() {
            body["tools"] = Value::Array(tools);
        }
        let sampling = request.sampling;
        if let Some(temperature) = sampling.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(top_p) = sampling.top_p {
            body["top_p"] = json!(top_p);
        }
        if let Some(max) = sampling.max_output_tokens {
            body[self.preset.max_tokens_field] = json!(max);
        }
        for (key, value) in request.extra.iter() {
            body[key] = value.clone();
        }
        body
    }

    fn error(&self, error: OpenAIError) -> ProviderError {
        understand(self.preset.name, &self.address, error)
    }
}

impl Provider for OpenAi {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ProviderError>> {
        let this = self.clone();
        let body = this.body(&request);
        let asked = tracing::enabled!(target: "model", tracing::Level::DEBUG).then(|| body.clone());
        let (send, receive) = tokio::sync::mpsc::unbounded_channel();
        let answer = async move {
            if let Err(error) = this.read(body, &send).await {
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

type Sender = tokio::sync::mpsc::UnboundedSender<Result<ModelEvent, ProviderError>>;

impl OpenAi {
    async fn read(&self, body: Value, send: &Sender) -> Result<(), ProviderError> {
        let provider = self.preset.name;
        let timed_out = |waited| ProviderError::TimedOut { provider: provider.into(), waited };
        let opening = self.client.chat();
        let opening = opening.create_stream_byot::<Value, Chunk>(body);
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
            for event in answer.take(chunk) {
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
    fn take(&mut self, chunk: Chunk) -> Vec<ModelEvent> {
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
            events.push(ModelEvent::Usage(Usage {
                input: usage.prompt_tokens.unwrap_or(0),
                output: usage.completion_tokens.unwrap_or(0),
                cached,
            }));
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

/// Of a chunk only what Loquat uses; everything may be absent, since providers differ.
#[derive(Debug, Deserialize)]
struct Chunk {
    id: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<ChunkUsage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
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

/// Sends requests and turns refusals into errors while their headers are still there.
#[derive(Clone)]
struct Caller {
    http: reqwest::Client,
    provider: &'static str,
    address: String,
    key: Secret,
}

impl Caller {
    async fn call(self, request: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request = request.build().await?;
        if self.key.expose().is_empty() {
            request.headers_mut().remove("authorization");
        }
        let response = self.http.execute(request).await.map_err(|error| {
            boxed(ProviderError::Unreachable {
                provider: self.provider.into(),
                address: self.address.clone(),
                cause: causes(&error),
            })
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let wait = retry_after(response.headers());
        let body = response.text().await.unwrap_or_default();
        Err(boxed(ProviderError::from_status(self.provider, status, wait, &without(&body, self.key.expose()))))
    }
}

fn boxed(error: ProviderError) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}

/// `Retry-After` in seconds, or OpenAI's own `x-ratelimit-reset-…` such as `1s` or `6m0s`: the longer.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let resets = ["requests", "tokens"].into_iter().filter_map(|what| {
        let left = text(&format!("x-ratelimit-remaining-{what}"))?;
        let reset = text(&format!("x-ratelimit-reset-{what}"))?;
        (left.trim() == "0").then(|| span(reset)).flatten()
    });
    let asked = text("retry-after")
        .and_then(|value| value.trim().parse().ok())
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    asked.into_iter().chain(resets).max()
}

/// `1h2m3.5s` and `250ms` as a duration.
fn span(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_rate_limit_headers() {
        let ms = |text| span(text).map(|span| span.as_millis());
        assert_eq!(ms("1s"), Some(1000));
        assert_eq!(ms("6m0s"), Some(360_000));
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("1h2m3.5s"), Some(3_723_500));
        assert_eq!((ms("soon"), ms("5")), (None, None));
    }
}
