//! JSON as it may be shown, also where it is cut off in the middle.

use crate::mask::{MASK, is_secret_name, is_secret_value};

/// Names that only sound like secrets.
const HARMLESS: [&str; 3] = ["progressToken", "maxTokens", "cancellationToken"];

/// The same JSON; texts that are secrets, by their name or by their form, are masked.
pub(crate) fn json(text: &str) -> String {
    let (mut out, mut rest, mut name) = (String::with_capacity(text.len()), text, None);
    while let Some(quote) = rest.find('"') {
        let between = &rest[..quote];
        out.push_str(between);
        if !between.trim_start().starts_with(':') {
            name = None;
        }
        let (word, after) = string(&rest[quote + 1..]);
        let is_name = after.trim_start_matches('"').trim_start().starts_with(':');
        let hidden = !is_name && (name.is_some_and(is_secret) || word.split([' ', '=', '&', '?']).any(is_secret_value));
        out.push('"');
        out.push_str(if hidden { MASK } else { word });
        if let Some(after) = after.strip_prefix('"') {
            out.push('"');
            rest = after;
        } else {
            rest = after;
        }
        name = is_name.then_some(word);
    }
    out.push_str(rest);
    out
}

fn is_secret(name: &str) -> bool {
    is_secret_name(name) && !HARMLESS.contains(&name)
}

/// What stands up to the closing quote, and from there on.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else_changes() {
        for (text, shown) in [
            (r#"{"a":"b","n":1,"token":null}"#, r#"{"a":"b","n":1,"token":null}"#),
            (r#"{"password":"x\"y","a":"b"}"#, r#"{"password":"•••","a":"b"}"#),
            (r#"{"api_key": "x" , "a" : "b"}"#, r#"{"api_key": "•••" , "a" : "b"}"#),
            (r#"{"properties":{"token":{"type":"string"}}}"#, r#"{"properties":{"token":{"type":"string"}}}"#),
            (r#"["token","x"]"#, r#"["token","x"]"#),
            (r#"{"text":"use ghp_0123456789abcdef now"}"#, r#"{"text":"•••"}"#),
            (r#"{"progressToken":"7","secret":"cut o"#, r#"{"progressToken":"7","secret":"•••"#),
            ("no json \"at", "no json \"at"),
        ] {
            assert_eq!(json(text), shown, "{text}");
        }
    }
}
