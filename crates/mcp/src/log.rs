//! The last words of a server: what it wrote to its standard error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chat::LogLevel;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::Notify,
    time::Instant,
};

use crate::lines::Lines;

const MAX_LINES: usize = 200;
const MAX_BYTES: usize = 256 * 1024;
/// A line longer than this is cut: no server can fill the ring with one line.
const MAX_LINE: usize = 4 * 1024;

/// A ring of lines: the last 200, at most 256 kB. Cheap to clone; all clones are the same ring.
#[derive(Clone, Default)]
pub(crate) struct Log {
    kept: Arc<Mutex<Kept>>,
    /// The same lines and those that came over the protocol, each with its time.
    lines: Lines,
    grown: Arc<Notify>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<String>,
    bytes: usize,
    /// How many lines there have ever been.
    count: u64,
    /// When the last one came.
    heard: Option<Instant>,
}

/// The lines that are kept, and how many there have ever been: so whoever knew some finds what is new.
pub(crate) struct Written {
    pub(crate) lines: Arc<Vec<String>>,
    pub(crate) count: u64,
}

impl Log {
    pub(crate) fn of(lines: Lines) -> Self {
        Self { lines, ..Self::default() }
    }

    pub(crate) fn push(&self, line: &str) {
        let line = clean(line);
        self.lines.note(LogLevel::Stderr, None, &line);
        let mut lines = self.lock();
        lines.bytes += line.len();
        lines.lines.push_back(line);
        lines.count += 1;
        lines.heard = Some(Instant::now());
        while lines.lines.len() > MAX_LINES || lines.bytes > MAX_BYTES {
            let gone = lines.lines.pop_front().map_or(0, |line| line.len());
            lines.bytes -= gone;
        }
        drop(lines);
        self.grown.notify_one();
    }

    pub(crate) fn written(&self) -> Written {
        let kept = self.lock();
        Written { lines: Arc::new(kept.lines.iter().cloned().collect()), count: kept.count }
    }

    /// The last few lines as one text; nothing when there are none.
    pub(crate) fn tail(&self, count: usize) -> Option<String> {
        let lines = self.lock();
        let from = lines.lines.len().saturating_sub(count);
        let tail: Vec<&str> = lines.lines.iter().skip(from).map(String::as_str).collect();
        (!tail.is_empty()).then(|| tail.join("\n"))
    }

    /// When something was written last.
    pub(crate) fn heard(&self) -> Option<Instant> {
        self.lock().heard
    }

    /// Until a line has come since the last time this was asked.
    pub(crate) async fn grown(&self) {
        self.grown.notified().await;
    }

    /// Reads to the end, so that the writer never waits for us.
    pub(crate) async fn drain(self, mut from: impl AsyncRead + Unpin) {
        let (mut chunk, mut line) = (vec![0; 8 * 1024], Vec::new());
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            for byte in &chunk[..count] {
                if *byte == b'\n' {
                    self.push(&String::from_utf8_lossy(&line));
                    line.clear();
                } else if line.len() < MAX_LINE {
                    line.push(*byte);
                }
            }
        }
        if !line.is_empty() {
            self.push(&String::from_utf8_lossy(&line));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Terminal colours and other control characters say nothing outside a terminal.
fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next() == Some('[') {
                chars.by_ref().find(|c| c.is_ascii_alphabetic());
            }
        } else if c == '\t' || !c.is_control() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept() {
        let log = Log::default();
        for number in 0..1000 {
            log.push(&format!("\u{1b}[31mline {number}\u{1b}[0m\r"));
        }
        assert_eq!((log.written().lines.len(), log.tail(1)), (MAX_LINES, Some("line 999".into())));
    }

    #[tokio::test]
    async fn one_endless_line_does_not_fill_memory() {
        let log = Log::default();
        log.clone().drain(&vec![b'x'; 1_000_000][..]).await;
        assert_eq!(log.written().lines.iter().map(String::len).sum::<usize>(), MAX_LINE);
    }
}
