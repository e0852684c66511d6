//! JSON nested more deeply than anybody can use, made shallow before it is read: a reader of JSON refuses such a message
//! as a whole, and one tool would cost all the others.

use memchr::memchr2;
use serde_json::Value;

/// Readers of JSON give up a little later than this.
pub(crate) const MOST_LEVELS: usize = 100;

/// Where in a text we are.
#[derive(Default)]
pub(crate) struct Place {
    level: usize,
    in_string: bool,
    escaped: bool,
}

impl Place {
    /// Leaves out of a piece of text what is nested too deeply; what stays stands at its beginning, and is so long. Of what
    /// goes the outermost brackets stay: it reads as empty.
    pub(crate) fn squeeze(&mut self, text: &mut [u8]) -> usize {
        let (mut at, mut end) = (0, 0);
        while at < text.len() {
            let within = self.level < MOST_LEVELS;
            // Most of what is long is a string.
            let run = if self.in_string && !self.escaped {
                memchr2(b'"', b'\\', &text[at..]).unwrap_or(text.len() - at)
            } else {
                0
            };
            if run > 0 {
                if within {
                    text.copy_within(at..at + run, end);
                    end += run;
                }
                at += run;
                continue;
            }
            let byte = text[at];
            if self.keeps(byte) {
                text[end] = byte;
                end += 1;
            }
            at += 1;
        }
        end
    }

    fn keeps(&mut self, byte: u8) -> bool {
        let within = self.level < MOST_LEVELS;
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            return within;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                within
            }
            b'{' | b'[' => {
                self.level += 1;
                within
            }
            b'}' | b']' => {
                self.level = self.level.saturating_sub(1);
                self.level < MOST_LEVELS
            }
            _ => within,
        }
    }
}

/// A message, without what is nested too deeply.
pub(crate) fn message(mut text: Vec<u8>) -> Vec<u8> {
    let left = Place::default().squeeze(&mut text);
    text.truncate(left);
    text
}

/// The same of a text.
pub(crate) fn text(text: String) -> String {
    // Whole strings go, so what is left is a text.
    String::from_utf8(message(text.into_bytes())).unwrap_or_default()
}

/// Whether something of a value may be missing, where it stood at that level of its message.
pub(crate) fn is_cut(value: &Value, level: usize) -> bool {
    match value {
        Value::Array(list) => level >= MOST_LEVELS || list.iter().any(|each| is_cut(each, level + 1)),
        Value::Object(map) => level >= MOST_LEVELS || map.values().any(|each| is_cut(each, level + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}\"in \\\"{{[\"{}", "[{\"a\":".repeat(levels / 2), "}]".repeat(levels / 2))
    }

    fn levels(value: &Value) -> usize {
        match value {
            Value::Array(list) => 1 + list.iter().map(levels).max().unwrap_or_default(),
            Value::Object(map) => 1 + map.values().map(levels).max().unwrap_or_default(),
            _ => 0,
        }
    }

    #[test]
    fn only_what_is_nested_too_deeply_goes() {
        let usual = json!({ "a": [1, "}]\\\"", { "b": {} }] }).to_string();
        assert_eq!(text(usual.clone()), usual);
        for (given, left) in [(98, 98), (100, 100), (102, 100), (100_000, 100)] {
            let whole = format!("{{\"deep\":{},\"next\":\"one\"}}", nested(given - 1 - (given - 1) % 2));
            let read: Value = serde_json::from_str(&text(whole)).unwrap();
            assert_eq!(read["next"], "one");
            assert!(levels(&read) <= left, "{given}: {}", levels(&read));
            assert_eq!(is_cut(&read, 1), given > 100, "{given}");
        }
    }
}
