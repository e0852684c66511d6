//! What a server says on the stream with which it answers a call.

use std::time::Duration;

use futures::{
    FutureExt, StreamExt,
    future::ready,
    stream::{BoxStream, once},
};
use reqwest::Response;
use rmcp::transport::streamable_http_client::{SseError, StreamableHttpError};
use sse_stream::Sse;
use tokio::time::{sleep, timeout};

use super::{MAX_MESSAGE, Outcome, WebError, events};
use crate::http::causes;

/// So often a stream may break off, or not be had, without a word in between.
const MOST_FAULTS: u32 = 5;
/// The pause after the first of them; each other is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// What a server says after its answer is heard for so long.
const AFTERWARDS: Duration = Duration::from_secs(5);

type Events = BoxStream<'static, Result<Sse, SseError>>;

/// A stream, and where it can be taken up again.
pub(super) struct Followed {
    events: Events,
    last: Option<String>,
    /// How long the server wants to be left alone before that.
    retry: Duration,
    faults: u32,
}

/// Nothing more comes on a stream.
pub(super) struct Broken {
    why: String,
    /// Otherwise the server ended it, as one does that wants to be asked again later.
    is_fault: bool,
}

impl Followed {
    pub(super) fn new(response: Response) -> Self {
        Self { events: events(response, MAX_MESSAGE), last: None, retry: Duration::ZERO, faults: 0 }
    }

    /// What the server says next.
    pub(super) async fn next(&mut self) -> Result<String, Broken> {
        loop {
            let event = match self.events.next().await {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Err(Broken { why: causes(&error), is_fault: true }),
                None => {
                    let why = "the stream ended before the answer".to_owned();
                    return Err(Broken { why, is_fault: false });
                }
            };
            self.faults = 0;
            self.last = event.id.or(self.last.take());
            self.retry = event.retry.map_or(self.retry, Duration::from_millis);
            let is_message = matches!(event.event.as_deref(), None | Some("" | "message"));
            if let Some(said) = event.data.filter(|data| is_message && !data.is_empty()) {
                return Ok(said);
            }
        }
    }

    /// Waits until it may be taken up again, and says after which event; or why it cannot be.
    pub(super) async fn resumes(&mut self, broken: Broken) -> Result<String, String> {
        self.faults += u32::from(broken.is_fault);
        let last = self.last.clone().filter(|_| self.faults <= MOST_FAULTS);
        let last = last.ok_or(broken.why)?;
        sleep(self.retry.max(PAUSE * (2_u32.pow(self.faults) - 1))).await;
        Ok(last)
    }

    /// Goes on with what came of that.
    pub(super) fn go_on(&mut self, outcome: Outcome<Events>) -> Outcome<()> {
        self.events = match outcome {
            Err(StreamableHttpError::Client(error @ WebError::Network(_))) => {
                once(ready(Err(SseError::Body(error.into())))).boxed()
            }
            outcome => outcome?,
        };
        Ok(())
    }

    /// Hears what comes after the answer. A stream that is read to its end leaves a connection that can be used again.
    pub(super) fn hear_out<F: Future<Output = ()> + Send>(mut self, hear: impl Fn(String) -> F + Send + 'static) {
        let first = match self.next().now_or_never() {
            Some(Err(_)) => return,
            Some(Ok(said)) => Some(said),
            None => None,
        };
        tokio::spawn(timeout(AFTERWARDS, async move {
            if let Some(said) = first {
                hear(said).await;
            }
            while let Ok(said) = self.next().await {
                hear(said).await;
            }
        }));
    }
}
