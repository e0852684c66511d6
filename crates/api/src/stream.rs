//! An answer as it is made: server-sent events in the shape of OpenAI's chunks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream::unfold;
use serde_json::{Value, json};

use crate::answer::{Answer, End, Piece};
use crate::api::Api;
use crate::asked::{Asked, Head, finish_reason, hand_over, noted, tool_call, usage};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::requests::Running;

/// A comment now and then keeps proxies from giving up on a long call.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) type Events<S> = Sse<axum::response::sse::KeepAliveStream<S>>;

/// The chunks of an answer. Whoever stops reading stops the turn and its calls.
pub(crate) async fn chunks(
    api: Arc<Api>,
    caller: Caller,
    asked: Asked,
    mut running: Running,
) -> Result<Events<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let answer = running.noting(asked.begin(&api, &caller).await)?;
    let head = Head::new(&api, &caller, &answer, &asked.model);
    let telling = Telling { api, caller, asked, head, answer, begun: false, again: true, done: Done::No, running };
    Ok(events(unfold(telling, |mut telling| async move {
        let chunks = telling.next().await?;
        Some((futures::stream::iter(chunks.into_iter().map(Ok)), telling))
    })))
}

/// Sends what comes in batches, and something now and then while nothing comes.
pub(crate) fn events<S, B>(batches: S) -> Events<impl Stream<Item = Result<Event, Infallible>>>
where
    S: Stream<Item = B> + Send + 'static,
    B: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    let stream = futures::StreamExt::flatten(batches);
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("working"))
}

#[derive(PartialEq)]
enum Done {
    No,
    /// Everything has been said but the end of the stream.
    Said,
    Yes,
}

struct Telling {
    api: Arc<Api>,
    caller: Caller,
    asked: Asked,
    head: Head,
    answer: Answer,
    begun: bool,
    /// Whether an empty answer may be asked for once more.
    again: bool,
    done: Done,
    running: Running,
}

impl Telling {
    async fn next(&mut self) -> Option<Vec<Event>> {
        match self.done {
            Done::Yes => return None,
            Done::Said => {
                self.done = Done::Yes;
                return Some(vec![Event::default().data("[DONE]")]);
            }
            Done::No => (),
        }
        let mut chunks = vec![];
        if !self.begun {
            self.begun = true;
            chunks.push(self.chunk(json!({ "role": "assistant", "content": "" }), None));
            return Some(chunks);
        }
        match self.answer.next().await {
            Piece::Text(text) => chunks.push(self.chunk(json!({ "content": text }), None)),
            Piece::Reasoning(text) => chunks.push(self.chunk(json!({ "reasoning_content": text }), None)),
            Piece::Call(call) => {
                let mut value = self.value(json!({}), None);
                noted(&self.api, &mut vec![], call.clone());
                value["loquat"] = json!({ "call": call });
                chunks.push(event(&value));
            }
            Piece::End(End::Stop) if self.answer.is_empty() => chunks.extend(self.ask_again().await),
            Piece::End(end) => chunks.extend(self.end(&end)),
        }
        Some(chunks)
    }

    async fn ask_again(&mut self) -> Vec<Event> {
        self.running.used(self.answer.usage);
        if !std::mem::take(&mut self.again) {
            return self.end(&End::Failed(ApiError::empty()));
        }
        match self.asked.begin(&self.api, &self.caller).await {
            Ok(answer) => {
                self.answer = answer;
                vec![]
            }
            Err(error) => self.end(&End::Failed(error)),
        }
    }

    fn end(&mut self, end: &End) -> Vec<Event> {
        self.done = Done::Said;
        self.running.used(self.answer.usage);
        if let End::Failed(error) = end {
            self.running.failed(error);
            return vec![event(&error.body())];
        }
        self.running.answered();
        let mut chunks = vec![];
        let handed = hand_over(&self.api, end, &self.answer);
        for (index, call) in handed.iter().enumerate() {
            let mut call = tool_call(call);
            call["index"] = json!(index);
            chunks.push(self.chunk(json!({ "tool_calls": [call] }), None));
        }
        chunks.push(self.chunk(json!({}), Some(finish_reason(end))));
        if self.asked.tells_usage {
            let mut last = self.head.value("chat.completion.chunk");
            last["usage"] = usage(self.answer.usage);
            chunks.push(event(&last));
        }
        chunks
    }

    fn chunk(&self, delta: Value, finish: Option<&str>) -> Event {
        event(&self.value(delta, finish))
    }

    fn value(&self, delta: Value, finish: Option<&str>) -> Value {
        let mut value = self.head.value("chat.completion.chunk");
        value["choices"] = json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]);
        value
    }
}

pub(crate) fn event(value: &Value) -> Event {
    Event::default().data(value.to_string())
}
