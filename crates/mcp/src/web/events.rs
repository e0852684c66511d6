//! Server-sent events out of an answer, none of them longer than agreed.

use futures::{
    StreamExt,
    stream::{BoxStream, try_unfold},
};
use reqwest::Response;
use rmcp::transport::streamable_http_client::SseError;
use sse_stream::{Sse, SseStream};

use super::{NotMcp, WebError};

/// The events of an answer as they come.
pub(crate) fn events(response: Response, max_event: usize) -> BoxStream<'static, Result<Sse, SseError>> {
    let bytes = try_unfold((response, Size::default()), move |(mut response, mut size)| async move {
        let Some(chunk) = response.chunk().await.map_err(WebError::Network)? else { return Ok(None) };
        if size.after(&chunk) > max_event {
            return Err(WebError::from(NotMcp::new(format!("an event longer than {max_event} bytes"), b"")));
        }
        Ok(Some((chunk, (response, size))))
    });
    // After an error nothing more is read.
    SseStream::from_bytes_stream(bytes.boxed()).boxed()
}

/// How long the event under way is by now.
#[derive(Default)]
struct Size {
    event: usize,
    line: usize,
}

impl Size {
    fn after(&mut self, chunk: &[u8]) -> usize {
        let mut longest = 0;
        for byte in chunk {
            match byte {
                // An empty line ends the event.
                b'\n' if self.line == 0 => self.event = 0,
                b'\n' => self.line = 0,
                b'\r' => (),
                _ => (self.line, self.event) = (self.line + 1, self.event + 1),
            }
            longest = longest.max(self.event);
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_measured_across_chunks_and_lines() {
        let mut size = Size::default();
        assert_eq!(size.after(b"data: 12\r\n"), 8);
        assert_eq!(size.after(b"data: 34\n\nda"), 16);
        assert_eq!(size.after(b"ta"), 4);
    }
}
