//! What a server wrote, line by line: to its standard error, and as log messages of the protocol.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use chat::{LogLevel, LogLine};

use crate::mask;

const MAX_LINES: usize = 500;
const MAX_BYTES: usize = 512 * 1024;
const MAX_TEXT: usize = 8 * 1024;

/// A ring of lines: the last 500, at most 512 kB. Cheap to clone; all clones are the same ring.
#[derive(Clone, Default)]
pub(crate) struct Lines {
    ring: Arc<Mutex<Ring>>,
}

#[derive(Default)]
struct Ring {
    kept: VecDeque<LogLine>,
    bytes: usize,
}

impl Lines {
    /// Adds a line, cut to length, with secrets masked and nothing hidden in it.
    pub(crate) fn note(&self, level: LogLevel, logger: Option<&str>, text: &str) {
        let cut = |text: &str, most: usize| match text.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = LogLine {
            at: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            level,
            logger: logger.filter(|logger| !logger.is_empty()).map(|logger| chat::visible(&cut(logger, 100))),
            text: chat::visible(&mask::text(&cut(text, MAX_TEXT))),
        };
        let mut ring = self.ring();
        ring.bytes += line.text.len();
        ring.kept.push_back(line);
        while ring.kept.len() > MAX_LINES || ring.bytes > MAX_BYTES {
            let gone = ring.kept.pop_front().map_or(0, |line| line.text.len());
            ring.bytes -= gone;
        }
    }

    pub(crate) fn all(&self) -> Vec<LogLine> {
        self.ring().kept.iter().cloned().collect()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_masked_and_visible() {
        let lines = Lines::default();
        lines.note(LogLevel::Error, Some("db\u{200b}"), "token=ghp_0123456789abcdef0123 \u{202e}refused");
        let line = lines.all().remove(0);
        assert_eq!((line.level, line.logger.as_deref()), (LogLevel::Error, Some("db⟨U+200B⟩")));
        assert_eq!(line.text, "token=••• ⟨U+202E⟩refused");
        for number in 0..2_000 {
            lines.note(LogLevel::Info, None, &format!("{number} {}", "x".repeat(10_000)));
        }
        let all = lines.all();
        assert!(all.len() <= MAX_LINES && all.iter().map(|line| line.text.len()).sum::<usize>() <= MAX_BYTES);
        assert!(all.last().unwrap().text.starts_with("1999 "));
    }
}
