//! JSON as people write it: with comments and trailing commas.

use serde_json::Value;

use crate::ConfigError;

pub(super) fn read(text: &str) -> Result<Value, ConfigError> {
    serde_json::from_str(&plain(text)).map_err(|error| ConfigError::NotJson { cause: error.to_string() })
}

/// The same text as plain JSON. What is left out becomes blanks, so that errors name the right place.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let (string, after) = rest.split_at(string_end(rest));
            out.push_str(string);
            rest = after;
        } else if rest.starts_with("//") || rest.starts_with("/*") {
            let (comment, after) = rest.split_at(comment_end(rest));
            out.extend(comment.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = after;
        } else if c == ',' && closes_next(&rest[1..]) {
            out.push(' ');
            rest = &rest[1..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => (),
        }
    }
    text.len()
}

fn comment_end(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else {
        text.find("*/").map_or(text.len(), |at| at + 2)
    }
}

/// Whether nothing but blanks and comments stands before the next closing bracket, or before the end.
fn closes_next(mut text: &str) -> bool {
    loop {
        text = text.trim_start();
        if !text.starts_with("//") && !text.starts_with("/*") {
            return text.is_empty() || text.starts_with(['}', ']']);
        }
        text = &text[comment_end(text)..];
    }
}
