//! Tells thinking aloud from speaking, where a model writes `<think>…</think>` into its text.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Only a tag at the very beginning counts: later it is something the model talks about.
#[derive(Debug, Default)]
pub(super) struct ThinkSplitter {
    state: State,
    /// Characters that may turn out to be part of a tag.
    held: String,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    #[default]
    Start,
    Thinking,
    Speaking,
}

#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Thought(String),
    Speech(String),
}

impl ThinkSplitter {
    /// Sorts what has arrived; up to two pieces come out.
    pub(super) fn push(&mut self, text: &str) -> Vec<Piece> {
        if self.state == State::Speaking {
            return vec![Piece::Speech(text.to_owned())];
        }
        self.held.push_str(text);
        let mut pieces = vec![];
        if self.state == State::Start {
            let begun = self.held.trim_start();
            if let Some(rest) = begun.strip_prefix(OPEN) {
                self.held = rest.to_owned();
                self.state = State::Thinking;
            } else if begun.is_empty() || OPEN.starts_with(begun) {
                return pieces;
            } else {
                self.state = State::Speaking;
                pieces.push(Piece::Speech(std::mem::take(&mut self.held)));
                return pieces;
            }
        }
        if let Some(end) = self.held.find(CLOSE) {
            let speech = self.held[end + CLOSE.len()..].trim_start().to_owned();
            self.held.truncate(end);
            pieces.push(Piece::Thought(std::mem::take(&mut self.held)));
            pieces.push(Piece::Speech(speech));
            self.state = State::Speaking;
        } else {
            let kept = longest_tail_that_begins(&self.held, CLOSE);
            let tail = self.held.split_off(self.held.len() - kept);
            pieces.push(Piece::Thought(std::mem::replace(&mut self.held, tail)));
        }
        pieces.retain(|piece| !matches!(piece, Piece::Thought(text) | Piece::Speech(text) if text.is_empty()));
        pieces
    }

    /// What is still held when the stream ends.
    pub(super) fn finish(self) -> Option<Piece> {
        match (self.held.is_empty(), self.state) {
            (true, _) => None,
            (false, State::Thinking) => Some(Piece::Thought(self.held)),
            (false, State::Start | State::Speaking) => Some(Piece::Speech(self.held)),
        }
    }
}

/// How many of the last bytes of `text` are the beginning of `tag`.
fn longest_tail_that_begins(text: &str, tag: &str) -> usize {
    (1..tag.len().min(text.len() + 1)).rev().find(|&n| text.ends_with(&tag[..n])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], thought: &str, speech: &str) {
        let mut splitter = ThinkSplitter::default();
        let mut pieces: Vec<Piece> = parts.iter().flat_map(|part| splitter.push(part)).collect();
        pieces.extend(splitter.finish());
        let (mut thoughts, mut speeches) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thought(text) => thoughts += &text,
                Piece::Speech(text) => speeches += &text,
            }
        }
        assert_eq!((thoughts.as_str(), speeches.as_str()), (thought, speech), "{parts:?}");
    }

    #[test]
    fn thinking_is_told_from_speaking_however_it_is_cut() {
        check(&["hello"], "", "hello");
        check(&["<think>a</think>b"], "a", "b");
        check(&["<th", "ink>a b</thi", "nk>\n\nc", " d"], "a b", "c d");
        check(&["\n<think>never closed"], "never closed", "");
        check(&["<thinker> is a word"], "", "<thinker> is a word");
        check(&["say <think>x</think>"], "", "say <think>x</think>");
        check(&["<think>a < b </ c</think>d"], "a < b </ c", "d");
        check(&["<thi"], "", "<thi");
        check(&["<think>ü", "é</think>ñ"], "üé", "ñ");
        let whole = "<think>one</think>two";
        let letters: Vec<String> = whole.chars().map(String::from).collect();
        check(&letters.iter().map(String::as_str).collect::<Vec<_>>(), "one", "two");
    }
}
