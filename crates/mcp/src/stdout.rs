//! What a program says on its standard output: a message a line. What is nested too deeply in one is left out, and lines
//! that are none are written down where a person looks for what went wrong.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use memchr::memchr;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{log::Log, shallow::Place};

/// What is written down of one line.
const MOST_BYTES: usize = 1024;
/// How many lines are; a program that goes on has been heard by then.
const MOST_LINES: usize = 20;

pub(crate) struct Messages<R> {
    inner: R,
    log: Log,
    place: Place,
    line: Line,
    noted: usize,
}

/// What the line under way is.
#[derive(Default)]
enum Line {
    #[default]
    Empty,
    Message,
    Noise(Vec<u8>),
}

impl<R> Messages<R> {
    pub(crate) fn new(inner: R, log: Log) -> Self {
        Self { inner, log, place: Place::default(), line: Line::Empty, noted: 0 }
    }

    /// A part of the line under way: what is passed on of it stands at its beginning, and is so long.
    fn part(&mut self, part: &mut [u8]) -> usize {
        if matches!(self.line, Line::Empty)
            && let Some(first) = part.iter().find(|byte| !byte.is_ascii_whitespace())
        {
            // Some begin with a mark of their byte order.
            let may_be_one = matches!(first, b'{' | b'[' | 0xef);
            self.line = if may_be_one { Line::Message } else { Line::Noise(vec![]) };
        }
        match &mut self.line {
            Line::Empty => part.len(),
            Line::Message => self.place.squeeze(part),
            Line::Noise(words) => {
                let room = MOST_BYTES.saturating_sub(words.len());
                words.extend_from_slice(&part[..room.min(part.len())]);
                0
            }
        }
    }

    /// The line under way is over; whether its end is passed on.
    fn end(&mut self) -> bool {
        self.place = Place::default();
        match std::mem::take(&mut self.line) {
            Line::Empty | Line::Message => true,
            Line::Noise(words) => {
                self.note(&words);
                false
            }
        }
    }

    /// What of the text is passed on stands at its beginning, and is so long.
    fn take(&mut self, text: &mut [u8]) -> usize {
        let (mut at, mut end) = (0, 0);
        while at < text.len() {
            let stop = memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
            let kept = self.part(&mut text[at..stop]);
            text.copy_within(at..at + kept, end);
            end += kept;
            if stop < text.len() && self.end() {
                text[end] = b'\n';
                end += 1;
            }
            at = stop + 1;
        }
        end
    }

    fn note(&mut self, words: &[u8]) {
        self.noted += 1;
        let words = String::from_utf8_lossy(words);
        match self.noted {
            ..=MOST_LINES => self.log.push(&format!("[no message, on its standard output] {}", words.trim())),
            _ if self.noted == MOST_LINES + 1 => self.log.push("[more of that follows, and is not written down]"),
            _ => (),
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Messages<R> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let begin = into.filled().len();
        loop {
            std::task::ready!(Pin::new(&mut this.inner).poll_read(context, into))?;
            if into.filled().len() == begin {
                return Poll::Ready(Ok(()));
            }
            let kept = this.take(&mut into.filled_mut()[begin..]);
            into.set_filled(begin + kept);
            // Nothing would mean the end.
            if kept > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn deep(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    async fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let log = Log::default();
        let mut read = String::new();
        Messages::new(text.as_bytes(), log.clone()).read_to_string(&mut read).await.unwrap();
        (read.lines().map(str::to_owned).collect(), log.written().lines.to_vec())
    }

    #[tokio::test]
    async fn each_line_begins_anew_and_is_made_shallow() {
        let (lines, log) = read(&format!("{}\n[[[[ \"\n{}\n \n{{\"a\":1}}\n", deep(10), deep(5_000))).await;
        assert_eq!(lines, [deep(10).as_str(), "[[[[ \"", &deep(100), " ", "{\"a\":1}"]);
        assert!(log.is_empty(), "{log:?}");
    }

    #[tokio::test]
    async fn what_is_no_message_is_written_down() {
        let (lines, log) = read("Welcome!\r\n{\"a\":1}\n  Listening…\n").await;
        assert_eq!(lines, ["{\"a\":1}"]);
        assert_eq!(
            log,
            ["[no message, on its standard output] Welcome!", "[no message, on its standard output] Listening…"]
        );
        let (_, log) = read(&format!("{}\n", "x".repeat(5_000)).repeat(50)).await;
        assert_eq!(log.len(), MOST_LINES + 1);
        assert!(log[0].len() < 2 * MOST_BYTES);
    }
}
