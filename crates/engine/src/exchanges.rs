//! What went over the wire to models and back: the last requests and answers, bounded, for whoever wants to look.
//!
//! Kept in memory alone, without headers, and masked before anybody sees it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::{TurnId, Usage};
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::engine::Engine;
use crate::provider::ProviderError;

const MOST: usize = 300;
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// What is kept of one request, and of one answer.
const LONGEST: usize = 512 * 1024;

/// One request to a model and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ModelExchange {
    pub turn: TurnId,
    /// Which of the turn's requests to the model, from 1; one that was tried again is there more than once.
    pub round: u32,
    pub provider: String,
    /// Where it was posted.
    pub url: String,
    /// JSON as sent, secrets masked; where it was long, only its beginning.
    pub request: String,
    pub request_bytes: u64,
    /// As it came, secrets masked; where it was long, only its beginning.
    pub response: String,
    pub response_bytes: u64,
    /// The status of HTTP, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<u16>,
    pub at: u64,
    /// When the answer's head came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub head_at: Option<u64>,
    /// When the first of its body came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub first_at: Option<u64>,
    /// Absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ended_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub usage: Option<Usage>,
    /// Why it failed, or that it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub error: Option<String>,
}

/// The last exchanges of an engine. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Exchanges {
    kept: Arc<Mutex<VecDeque<Arc<Mutex<Kept>>>>>,
    /// Of all that are kept.
    bytes: Arc<AtomicUsize>,
}

/// One of them.
struct Kept {
    exchange: ModelExchange,
    /// Whether it had to make room: then what else comes of it counts no more.
    gone: bool,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.exchange.request.len() + self.exchange.response.len()
    }
}

/// Where a request belongs, so that it can be found again.
#[derive(Clone)]
pub struct Tap {
    exchanges: Exchanges,
    turn: TurnId,
    round: u32,
}

/// One exchange while it goes on. Dropped before its end, it was stopped.
#[derive(Clone)]
pub(crate) struct Line(Arc<Open>);

struct Open {
    kept: Arc<Mutex<Kept>>,
    bytes: Arc<AtomicUsize>,
}

impl Exchanges {
    pub(crate) fn tap(&self, turn: &TurnId, round: u32) -> Tap {
        Tap { exchanges: self.clone(), turn: turn.clone(), round }
    }

    fn of(&self, turn: &TurnId) -> Vec<ModelExchange> {
        let kept = lock(&self.kept);
        let all = kept.iter().map(|kept| lock(kept).exchange.clone());
        all.filter(|exchange| exchange.turn == *turn).map(masked).collect()
    }

    fn keep(&self, new: Arc<Mutex<Kept>>) {
        let size = lock(&new).bytes();
        let mut kept = lock(&self.kept);
        kept.push_back(new);
        let mut bytes = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        while kept.len() > MOST || (bytes > MOST_BYTES && kept.len() > 1) {
            let Some(oldest) = kept.pop_front() else { break };
            let mut oldest = lock(&oldest);
            oldest.gone = true;
            bytes = self.bytes.fetch_sub(oldest.bytes(), Ordering::Relaxed) - oldest.bytes();
        }
    }
}

impl Tap {
    /// A request goes out, as it is written.
    pub(crate) fn begin(&self, provider: &str, url: &str, text: &str) -> Line {
        let exchange = ModelExchange {
            turn: self.turn.clone(),
            round: self.round,
            provider: provider.to_owned(),
            url: url.to_owned(),
            request_bytes: text.len() as u64,
            request: text[..text.floor_char_boundary(LONGEST)].to_owned(),
            response: String::new(),
            response_bytes: 0,
            status: None,
            at: now(),
            head_at: None,
            first_at: None,
            ended_at: None,
            usage: None,
            error: None,
        };
        let kept = Arc::new(Mutex::new(Kept { exchange, gone: false }));
        self.exchanges.keep(kept.clone());
        Line(Arc::new(Open { kept, bytes: self.exchanges.bytes.clone() }))
    }
}

impl Line {
    pub(crate) fn answered(&self, status: u16) {
        let exchange = &mut lock(&self.0.kept).exchange;
        exchange.status = Some(status);
        exchange.head_at = Some(now());
    }

    pub(crate) fn hear(&self, bytes: &[u8]) {
        let mut kept = lock(&self.0.kept);
        let Kept { exchange, gone } = &mut *kept;
        exchange.first_at.get_or_insert_with(now);
        exchange.response_bytes += bytes.len() as u64;
        let room = LONGEST.saturating_sub(exchange.response.len());
        if room > 0 {
            // A letter cut between two pieces is shown as unreadable; nothing is decided by it.
            let text = String::from_utf8_lossy(bytes);
            let text = &text[..text.floor_char_boundary(room)];
            exchange.response.push_str(text);
            if !*gone {
                self.0.bytes.fetch_add(text.len(), Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn count(&self, usage: Usage) {
        lock(&self.0.kept).exchange.usage = Some(usage);
    }

    pub(crate) fn end(&self, error: Option<&ProviderError>) {
        let exchange = &mut lock(&self.0.kept).exchange;
        exchange.ended_at = Some(now());
        exchange.error = error.map(|error| error.report().message);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let exchange = &mut lock(&self.kept).exchange;
        if exchange.ended_at.is_none() {
            exchange.ended_at = Some(now());
            exchange.error = Some("It was stopped.".to_owned());
        }
    }
}

impl Engine {
    /// What a turn said to its model and what came back, in order; nothing of turns from before the start, and only
    /// the last of many.
    pub fn model_exchanges(&self, turn: &TurnId) -> Vec<ModelExchange> {
        self.inner.exchanges.of(turn)
    }
}

fn masked(exchange: ModelExchange) -> ModelExchange {
    ModelExchange {
        url: mcp::masked(&exchange.url).into_owned(),
        request: mcp::masked(&exchange.request).into_owned(),
        response: mcp::masked(&exchange.response).into_owned(),
        ..exchange
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is whole in itself, so what a panic elsewhere left behind is whole.
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_is_kept_is_bounded_also_while_it_grows() {
        let exchanges = Exchanges::default();
        let open: Vec<Line> =
            (0..MOST_BYTES / LONGEST * 2).map(|_| exchanges.tap(&"t".into(), 1).begin("p", "u", "{}")).collect();
        open.iter().for_each(|line| line.hear("x".repeat(LONGEST).as_bytes()));
        exchanges.tap(&"t".into(), 2).begin("p", "u", "{}").end(None);
        let bytes = || exchanges.of(&"t".into()).iter().map(|it| it.request.len() + it.response.len()).sum::<usize>();
        assert_eq!(bytes(), exchanges.bytes.load(Ordering::Relaxed));
        assert!(bytes() <= MOST_BYTES && bytes() > MOST_BYTES / 2, "{}", bytes());
        // What comes of one that had to go is nowhere.
        open[0].hear(b"more");
        assert_eq!(bytes(), exchanges.bytes.load(Ordering::Relaxed));
    }

    #[test]
    fn only_the_last_are_kept_masked_and_cut() {
        let exchanges = Exchanges::default();
        let tap = exchanges.tap(&"t".into(), 1);
        for number in 0..MOST + 20 {
            tap.begin("p", "http://h/v1", &json!({ "number": number }).to_string()).end(None);
        }
        let kept = exchanges.of(&"t".into());
        assert_eq!((kept.len(), kept[0].request.as_str()), (MOST, r#"{"number":20}"#));
        assert!(exchanges.of(&"u".into()).is_empty());

        let line = exchanges.tap(&"long".into(), 2).begin("p", "u", r#"{"key":"sk-0123456789abcdef0123"}"#);
        for _ in 0..3 {
            line.hear("ü".repeat(LONGEST / 4).as_bytes());
        }
        drop(line);
        let long = &exchanges.of(&"long".into())[0];
        assert!(long.response.len() <= LONGEST && long.response_bytes > LONGEST as u64);
        assert!(!long.request.contains("0123456789"), "{}", long.request);
        assert_eq!(long.error.as_deref(), Some("It was stopped."));
    }
}
