//! The last words exchanged with a server, both ways: a ring of JSON-RPC messages, masked and bounded.

pub(crate) mod masked;

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use chat::WireLine;
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde::Serialize;

use crate::{mask, mend::mended};

const MAX_LINES: usize = 1_000;
const MAX_BYTES: usize = 1024 * 1024;
/// What is shown of one message.
const MAX_LINE: usize = 16 * 1024;
/// Questions that were never answered; a server that leaves more open gets to answer only newer ones.
const MAX_ASKED: usize = 10_000;

/// A ring of messages. Cheap to clone; all clones are the same ring.
#[derive(Clone, Default)]
pub(crate) struct Wire {
    name: Arc<str>,
    ring: Arc<Mutex<Ring>>,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Kept>,
    bytes: usize,
}

/// The beginning of a message as it was said. It is masked when somebody wants to see it: hardly any is ever looked at,
/// and looking for secrets takes longer than all that is otherwise done with it.
#[derive(Clone)]
struct Kept {
    at: u64,
    out: bool,
    text: Arc<str>,
    bytes: usize,
}

impl Kept {
    fn shown(&self) -> String {
        let text = masked::json(&mask::text(&self.text));
        if self.bytes > self.text.len() { format!("{text}…") } else { text }
    }
}

impl Wire {
    pub(crate) fn of(name: &str) -> Self {
        Self { name: name.into(), ring: Arc::default() }
    }

    pub(crate) fn lines(&self) -> Vec<WireLine> {
        let lines: Vec<Kept> = self.ring.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().cloned().collect();
        let shown = |line: Kept| WireLine { at: line.at, out: line.out, text: line.shown(), bytes: line.bytes as u64 };
        lines.into_iter().map(shown).collect()
    }

    fn push(&self, out: bool, message: &impl Serialize) {
        let mut cut = Cut::default();
        // What cannot be written as JSON cannot be sent either, and that is said elsewhere.
        let _ = serde_json::to_writer(&mut cut, message);
        self.keep(out, &cut);
    }

    /// The same of a message as it is sent.
    pub(crate) fn heard(&self, out: bool, message: &[u8]) {
        let kept = message[..message.len().min(MAX_LINE)].to_vec();
        self.keep(out, &Cut { kept, bytes: message.len() });
    }

    fn keep(&self, out: bool, cut: &Cut) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let line = Kept { at, out, text: cut.text(), bytes: cut.bytes };
        if tracing::enabled!(target: "wire", tracing::Level::DEBUG) {
            let way = if out { "→" } else { "←" };
            tracing::debug!(target: "wire", server = &*self.name, bytes = line.bytes, "{way} {}", line.shown());
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += line.text.len();
        ring.lines.push_back(line);
        while ring.lines.len() > MAX_LINES || ring.bytes > MAX_BYTES {
            let gone = ring.lines.pop_front().map_or(0, |line| line.text.len());
            ring.bytes -= gone;
        }
    }
}

/// Keeps the beginning of what is written and counts the rest.
#[derive(Default)]
struct Cut {
    kept: Vec<u8>,
    bytes: usize,
}

impl Cut {
    /// What was kept, up to the last whole letter.
    fn text(&self) -> Arc<str> {
        let whole = self.kept.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        whole.into()
    }
}

impl io::Write for Cut {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let room = MAX_LINE - self.kept.len();
        self.kept.extend_from_slice(&text[..room.min(text.len())]);
        self.bytes += text.len();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Any transport, listened to. Answers to what was never asked go no further.
pub(crate) struct Tapped<T> {
    inner: T,
    wire: Wire,
    /// What has been asked and not been answered.
    asked: HashSet<String>,
}

impl<T> Tapped<T> {
    pub(crate) fn new(inner: T, wire: Wire) -> Self {
        Self { inner, wire, asked: HashSet::new() }
    }

    fn is_foreign(&mut self, item: &RxJsonRpcMessage<RoleClient>) -> bool {
        let id = match item {
            ServerJsonRpcMessage::Response(response) => Some(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        id.is_some_and(|id| !self.asked.remove(&spelled(id)))
    }
}

/// Some servers give a number back as a text.
fn spelled(id: &RequestId) -> String {
    id.to_string()
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Tapped<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.wire.push(true, &item);
        if let ClientJsonRpcMessage::Request(request) = &item {
            if self.asked.len() >= MAX_ASKED {
                self.asked.clear();
            }
            self.asked.insert(spelled(&request.id));
        }
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let item = self.inner.receive().await?;
            self.wire.push(false, &item);
            if !self.is_foreign(&item) {
                return Some(mended(item));
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_last_messages_are_kept_and_long_ones_are_cut() {
        let wire = Wire::of("s");
        for number in 0..2_000 {
            wire.push(number % 2 == 0, &json!({ "number": number }));
        }
        let lines = wire.lines();
        assert_eq!((lines.len(), lines.last().map(|line| line.text.as_str())), (MAX_LINES, Some(r#"{"number":1999}"#)));
        for _ in 0..200 {
            wire.push(true, &json!({ "long": "ü".repeat(100_000) }));
        }
        let lines = wire.lines();
        let kept: usize = lines.iter().map(|line| line.text.trim_end_matches('…').len()).sum();
        assert!(kept <= MAX_BYTES);
        assert_eq!(lines.last().map(|line| line.bytes), Some(200_011));
    }

    #[test]
    fn secrets_are_masked_on_the_wire() {
        let wire = Wire::of("s");
        wire.push(
            true,
            &json!({ "arguments": { "api_key": "hunter2", "q": "ghp_0123456789abcdef01", "progressToken": "7" } }),
        );
        let text = &wire.lines()[0].text;
        assert!(
            !text.contains("hunter2") && !text.contains("ghp_") && text.contains(r#""progressToken":"7""#),
            "{text}"
        );
    }
}
