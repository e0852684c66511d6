//! An answer as server-sent events: which chunks, in which order, and the body that sends them one by one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::wire::Usage;

/// One thing a stream does next.
#[derive(Debug)]
pub(crate) enum Piece {
    Chunk(Value),
    Raw(String),
    Pause(Duration),
    /// Waits until the gate lets one through.
    Wait(Arc<Semaphore>),
    /// Closes the connection as a crashed server would: no last chunk, no end of body.
    Cut,
}

/// What every chunk of one answer repeats.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    id: String,
    created: i64,
    model: String,
}

impl Voice {
    pub(crate) fn new(model: &str) -> Self {
        let id = format!("chatcmpl-{}", Uuid::new_v4().simple());
        Self { id, created: jiff::Timestamp::now().as_second(), model: model.to_owned() }
    }

    fn frame(&self, object: &str, choices: Value) -> Value {
        json!({"id": self.id, "object": object, "created": self.created, "model": self.model, "choices": choices})
    }

    pub(crate) fn delta(&self, delta: Value) -> Piece {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
        Piece::Chunk(self.frame("chat.completion.chunk", json!([choice])))
    }

    pub(crate) fn role(&self) -> Piece {
        self.delta(json!({"role": "assistant", "content": ""}))
    }

    /// The deltas of one call: its name first, then its arguments in the given parts.
    pub(crate) fn call(&self, index: usize, call: &Called, parts: Vec<String>) -> Vec<Piece> {
        let mut function = json!({"arguments": ""});
        if let Some(name) = &call.name {
            function["name"] = json!(name);
        }
        let head = json!({"index": index, "id": call.id, "type": "function", "function": function});
        let mut pieces = vec![self.delta(json!({"tool_calls": [head]}))];
        pieces.extend(
            parts
                .into_iter()
                .map(|part| self.delta(json!({"tool_calls": [{"index": index, "function": {"arguments": part}}]}))),
        );
        pieces
    }

    pub(crate) fn finish(&self, reason: &str) -> Piece {
        let choice = json!({"index": 0, "delta": {}, "finish_reason": reason});
        Piece::Chunk(self.frame("chat.completion.chunk", json!([choice])))
    }

    pub(crate) fn usage(&self, usage: Usage) -> Piece {
        let mut frame = self.frame("chat.completion.chunk", json!([]));
        frame["usage"] = json!(usage);
        Piece::Chunk(frame)
    }

    /// The whole answer in one body, for a request that does not stream.
    pub(crate) fn completion(&self, message: Value, reason: &str, usage: Usage) -> Value {
        let choice = json!({"index": 0, "message": message, "finish_reason": reason});
        let mut frame = self.frame("chat.completion", json!([choice]));
        frame["usage"] = json!(usage);
        frame
    }
}

/// A call as it goes out. A well-behaved model always has a name; a scripted one may not.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) arguments: String,
}

impl Called {
    pub(crate) fn message(&self) -> Value {
        json!({"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}})
    }
}

pub(crate) fn done() -> Piece {
    Piece::Raw("data: [DONE]\n\n".to_owned())
}

/// The text in words, each with the space after it.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_inclusive(char::is_whitespace).map(str::to_owned).collect()
}

/// The text in at most `count` parts of about equal length.
pub(crate) fn parts(text: &str, count: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let size = letters.len().div_ceil(count.max(1)).max(1);
    letters.chunks(size).map(|part| part.iter().collect()).collect()
}

/// A response that sends the pieces one after the other.
pub(crate) fn respond(pieces: Vec<Piece>) -> Response {
    let body = stream::unfold(pieces.into_iter(), |mut pieces| async move {
        loop {
            let sent: Result<Bytes, io::Error> = match pieces.next()? {
                Piece::Chunk(value) => Ok(Bytes::from(format!("data: {value}\n\n"))),
                Piece::Raw(text) => Ok(Bytes::from(text)),
                Piece::Pause(time) => {
                    tokio::time::sleep(time).await;
                    continue;
                }
                Piece::Wait(gate) => match gate.acquire().await {
                    Ok(permit) => {
                        permit.forget();
                        continue;
                    }
                    Err(_closed) => Err(io::ErrorKind::ConnectionAborted.into()),
                },
                Piece::Cut => {
                    // Pending once, so that the connection writes out what was sent before it breaks.
                    tokio::task::yield_now().await;
                    Err(io::ErrorKind::ConnectionAborted.into())
                }
            };
            return Some((sent, pieces));
        }
    });
    ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")], Body::from_stream(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_apart_and_together_again() {
        for text in ["", "one", "one two\nthree  four ", "größer ✓ als"] {
            assert_eq!(words(text).concat(), text);
            for count in 1..8 {
                assert_eq!(parts(text, count).concat(), text);
                assert!(parts(text, count).len() <= count);
            }
        }
    }
}
