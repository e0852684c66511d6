//! Server-sent events out of an answer, none of them longer than agreed.
//!
//! Read as browsers read them: a line that means nothing costs that line. Ready-made readers drop what came with it,
//! and that may be the answer.

use std::collections::VecDeque;

use futures::{
    StreamExt,
    stream::{BoxStream, try_unfold},
};
use reqwest::Response;
use rmcp::{model::ServerJsonRpcMessage, transport::streamable_http_client::SseError};
use sse_stream::Sse;

use super::{NotMcp, WebError};
use crate::shallow;

/// The events of an answer as they come. After an error nothing more is read.
pub(crate) fn events(response: Response, max_event: usize) -> BoxStream<'static, Result<Sse, SseError>> {
    let failed = |error: WebError| SseError::Body(error.into());
    try_unfold((response, Lines::default()), move |(mut response, mut lines)| async move {
        loop {
            if let Some(event) = lines.ready.pop_front() {
                return Ok(Some((event, (response, lines))));
            }
            let chunk = response.chunk().await.map_err(|error| failed(WebError::Network(error)))?;
            let Some(chunk) = chunk else { return Ok(None) };
            lines.read(&chunk);
            if lines.size() > max_event {
                return Err(failed(NotMcp::new(format!("an event longer than {max_event} bytes"), b"").into()));
            }
        }
    })
    .boxed()
}

/// The events of an answer; those that are no messages come without their data, as one that says nothing would.
pub(super) fn messages(response: Response, max_event: usize) -> BoxStream<'static, Result<Sse, SseError>> {
    events(response, max_event).map(|event| event.map(only_message)).boxed()
}

fn only_message(event: Sse) -> Sse {
    let is_message = |data: &String| {
        let named = matches!(event.event.as_deref(), None | Some("" | "message"));
        named && serde_json::from_str::<ServerJsonRpcMessage>(data).is_ok()
    };
    if event.data.as_ref().is_none_or(is_message) {
        return event;
    }
    tracing::warn!("an event of the server is no message");
    Sse { data: None, ..event }
}

/// Lines on their way to becoming events.
#[derive(Default)]
struct Lines {
    ready: VecDeque<Sse>,
    event: Sse,
    /// The line under way.
    line: Vec<u8>,
}

impl Lines {
    fn read(&mut self, chunk: &[u8]) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}'));
            }
        }
    }

    /// How long the event under way is by now.
    fn size(&self) -> usize {
        self.line.len() + self.event.data.as_ref().map_or(0, String::len)
    }

    fn take(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                let event = std::mem::take(&mut self.event);
                let event = Sse { data: event.data.map(shallow::text), ..event };
                if event != Sse::default() {
                    self.ready.push_back(event);
                }
            }
            "event" => self.event.event = Some(value.to_owned()),
            "id" => self.event.id = Some(value.to_owned()),
            "retry" => self.event.retry = value.parse().ok().or(self.event.retry),
            "data" => match &mut self.event.data {
                Some(data) => data.extend(["\n", value]),
                None => self.event.data = Some(value.to_owned()),
            },
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_across_chunks_and_odd_lines_cost_themselves() {
        let text =
            "\u{feff}: hello\n\nevent: ping\r\ndata: 1\r\n\r\nretry: x\nwhat\nid: 7\ndata: a\ndata:b\n\ndata: cut off";
        for size in [1, 2, 7, 1000] {
            let mut lines = Lines::default();
            text.as_bytes().chunks(size).for_each(|chunk| lines.read(chunk));
            let read: Vec<_> =
                lines.ready.iter().map(|sse| (sse.event.as_deref(), sse.id.as_deref(), sse.data.as_deref())).collect();
            assert_eq!(read, [(Some("ping"), None, Some("1")), (None, Some("7"), Some("a\nb"))], "{size}");
            assert_eq!(lines.size(), "data: cut off".len());
        }
    }
}
