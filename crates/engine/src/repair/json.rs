//! JSON as models write it that is no JSON.

use serde_json::Value;

/// The value that was meant, where the text can be read in one way only: without the fence around it, without a comma
/// too many, with Python's names for constants, with brackets that were not closed. A text that breaks off in the
/// middle of a word says too little.
pub(crate) fn mended(text: &str) -> Option<Value> {
    let text = unfenced(text.trim());
    let (mut tidy, open) = tidied(text)?;
    tidy.extend(open.iter().rev());
    serde_json::from_str(&tidy).ok()
}

fn unfenced(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.trim_end().strip_suffix("```")) else {
        return text;
    };
    let inner = inner.strip_prefix("json").unwrap_or(inner);
    inner.trim()
}

/// The text without what JSON does not know, and the brackets that are still open, outermost first. Nothing where it
/// ends within a text, a word or a number, or where brackets cross.
fn tidied(text: &str) -> Option<(String, Vec<char>)> {
    let mut tidy = String::with_capacity(text.len());
    let mut open = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let end = text_end(rest)?;
                tidy.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                if open.pop() != Some(c) {
                    return None;
                }
                drop_comma(&mut tidy);
            }
            letter if letter.is_ascii_alphabetic() => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                tidy.push_str(match &rest[..end] {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    word => word,
                });
                rest = &rest[end..];
                continue;
            }
            _ => (),
        }
        tidy.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if !open.is_empty() {
        // A number that was cut is another number.
        let last = tidy.trim_end().chars().last()?;
        if !matches!(last, '"' | '}' | ']' | ',' | '{' | '[') {
            return None;
        }
        drop_comma(&mut tidy);
    }
    Some((tidy, open))
}

/// Where a text in quotes ends, with its quotes.
fn text_end(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match (c, escaped) {
            (_, true) => escaped = false,
            ('\\', false) => escaped = true,
            ('"', false) => return Some(at + 1),
            _ => (),
        }
    }
    None
}

fn drop_comma(tidy: &mut String) {
    let trimmed = tidy.trim_end();
    if let Some(before) = trimmed.strip_suffix(',') {
        tidy.truncate(before.len());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_one_meaning_is_read_so() {
        let rows = [
            (r#"{"a": 1,}"#, json!({ "a": 1 })),
            (r#"{"a": [1, 2,], }"#, json!({ "a": [1, 2] })),
            ("```json\n{\"a\": 1}\n```", json!({ "a": 1 })),
            (r#"{"a": True, "b": None, "c": "True, None,}"}"#, json!({ "a": true, "b": null, "c": "True, None,}" })),
            (r#"{"a": {"b": "c"}"#, json!({ "a": { "b": "c" } })),
            (r#"{"a": ["b", "#, json!({ "a": ["b"] })),
            (r#"{"a": "say \"hi\" {"}"#, json!({ "a": "say \"hi\" {" })),
        ];
        for (text, meant) in rows {
            assert_eq!(mended(text), Some(meant), "{text}");
        }
    }

    #[test]
    fn what_may_mean_two_things_is_left_alone() {
        for text in [
            r#"{"amount": 10"#,
            r#"{"name": "Ann"#,
            r#"{"a": tru"#,
            r#"{"a": 1]"#,
            r#"{"a": "b" "c": 1}"#,
            r#"{'a': 1}"#,
            r#"{"a":"#,
            "not json",
            "",
        ] {
            assert_eq!(mended(text), None, "{text}");
        }
    }
}
