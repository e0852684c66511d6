//! What of a conversation's results can be read on: the rest of long ones.

use chat::{CallId, CallStatus, Content, ErrorCode, ErrorReport, Item, ToolCall, Turn};
use serde_json::Value;

use super::own::Own;

/// The most that one reading gives, in characters.
const MOST: usize = 20_000;
/// How many places a search tells.
const MOST_PLACES: usize = 12;
/// How many addresses are named where another was asked for.
const MOST_LINKS: usize = 20;
/// How much stands around each.
const AROUND: usize = 200;

/// By what the model names a result: short, and one of its conversation.
pub(crate) fn short_id(call: &CallId) -> String {
    let tail = call.as_str().char_indices().rev().nth(9).map_or(0, |(at, _)| at);
    call.as_str()[tail..].trim_start_matches('-').to_owned()
}

/// The own tools that have something to read in these items.
pub(crate) fn is_offered<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> Vec<Own> {
    let outputs = items.filter_map(output);
    let mut own = vec![];
    if outputs.clone().any(|(_, output)| output.whole.is_some()) {
        own.push(Own::ReadResult);
    }
    if outputs.flat_map(|(call, output)| links(call, output)).next().is_some() {
        own.push(Own::ReadResource);
    }
    own
}

/// The results of a conversation, as of the moment in which a round's calls begin.
#[derive(Debug, Default)]
pub(crate) struct Readable {
    wholes: Vec<(String, String)>,
    /// Whose resources are linked to: server and address.
    links: Vec<(String, String)>,
}

impl Readable {
    pub(crate) fn of(earlier: &[Turn], turn: &Turn) -> Self {
        let mut readable = Self::default();
        let items = earlier.iter().flat_map(|turn| &turn.items).chain(&turn.items);
        for (call, output) in items.filter_map(output) {
            readable.links.extend(links(call, output));
            readable.wholes.extend(output.whole.iter().map(|whole| (short_id(&call.id), whole.clone())));
        }
        readable
    }

    /// The server at which the resource can be read, with its address as it was linked to.
    pub(crate) fn linked(&self, arguments: &Value) -> Result<(String, String), ErrorReport> {
        let uri = arguments.get("uri").and_then(Value::as_str).unwrap_or_default().trim();
        let known = self.links.iter().rev().find(|(_, known)| known == uri);
        known.cloned().ok_or_else(|| {
            let uris: Vec<&str> = self.links.iter().map(|(_, uri)| uri.as_str()).take(MOST_LINKS).collect();
            wrong("No result links to that resource.", &format!("There are: {}.", uris.join(", ")))
        })
    }

    /// A part of a result, or where a text stands in it.
    pub(crate) fn read(&self, arguments: &Value) -> Result<String, ErrorReport> {
        let id = arguments.get("result").and_then(Value::as_str).unwrap_or_default();
        let known = self.wholes.iter().rev().find(|(known, _)| known == id.trim());
        let Some((_, whole)) = known else {
            let ids: Vec<&str> = self.wholes.iter().map(|(id, _)| id.as_str()).collect();
            return Err(wrong("There is no such result.", &format!("There are: {}.", ids.join(", "))));
        };
        let number = |key: &str| {
            let value = arguments.get(key)?;
            value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).and_then(|it| usize::try_from(it).ok())
        };
        match arguments.get("search").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            Some(text) => Ok(places(whole, text)),
            None => Ok(part(whole, number("offset").unwrap_or(0), number("length").unwrap_or(MOST))),
        }
    }
}

fn links(call: &ToolCall, output: &chat::Output) -> Vec<(String, String)> {
    let uris = output.content.iter().filter_map(|content| match content {
        Content::Link { uri, .. } if !call.own => Some(uri),
        _ => None,
    });
    uris.map(|uri| (call.server.clone(), uri.clone())).collect()
}

fn output(item: &Item) -> Option<(&ToolCall, &chat::Output)> {
    let Item::ToolCall(call) = item else { return None };
    match &call.status {
        CallStatus::Succeeded { output } => Some((call, output)),
        _ => None,
    }
}

fn wrong(what: &str, why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::ArgumentsInvalid, what).because(why)
}

fn part(whole: &str, offset: usize, length: usize) -> String {
    let count = whole.chars().count();
    let from = offset.min(count);
    let to = from.saturating_add(length.clamp(1, MOST)).min(count);
    let text: String = whole.chars().skip(from).take(to - from).collect();
    format!("Characters {from} to {to} of {count}:\n{text}")
}

fn places(whole: &str, text: &str) -> String {
    let haystack: Vec<char> = whole.chars().collect();
    let lower = |c: &char| c.to_lowercase().next().unwrap_or(*c);
    let lowered: Vec<char> = haystack.iter().map(lower).collect();
    let needle: Vec<char> = text.chars().map(|c| lower(&c)).collect();
    let (mut found, mut told, mut at) = (0, vec![], 0);
    while at + needle.len() <= lowered.len() {
        if lowered[at..at + needle.len()] != needle[..] {
            at += 1;
            continue;
        }
        found += 1;
        if told.len() < MOST_PLACES {
            let around = &haystack[at.saturating_sub(AROUND)..(at + needle.len() + AROUND).min(haystack.len())];
            told.push(format!("At {at}: …{}…", around.iter().collect::<String>()));
        }
        at += needle.len();
    }
    match found {
        0 => format!("“{text}” does not stand in this result of {} characters.", haystack.len()),
        _ => format!("“{text}” stands there {found} times; the first {}:\n\n{}", told.len(), told.join("\n\n")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn readable(whole: &str) -> Readable {
        Readable { wholes: vec![("a1-2".into(), whole.into())], links: vec![] }
    }

    #[test]
    fn parts_are_counted_in_characters_and_never_go_beyond() {
        let readable = readable("ä0123456789");
        let rows = [
            (json!({ "result": "a1-2" }), "Characters 0 to 11 of 11:\nä0123456789"),
            (json!({ "result": " a1-2", "offset": 1, "length": 3 }), "Characters 1 to 4 of 11:\n012"),
            (json!({ "result": "a1-2", "offset": "9", "length": 99 }), "Characters 9 to 11 of 11:\n89"),
            (json!({ "result": "a1-2", "offset": 99, "length": 0 }), "Characters 11 to 11 of 11:\n"),
            (
                json!({ "result": "a1-2", "search": "Ä0" }),
                "“Ä0” stands there 1 times; the first 1:\n\nAt 0: …ä0123456789…",
            ),
            (json!({ "result": "a1-2", "search": "x" }), "“x” does not stand in this result of 11 characters."),
        ];
        for (arguments, expected) in rows {
            assert_eq!(readable.read(&arguments).unwrap(), expected);
        }
        assert!(readable.read(&json!({ "result": "other" })).unwrap_err().cause.unwrap().contains("a1-2"));
    }

    #[test]
    fn ids_are_short_and_keep_what_tells_them_apart() {
        assert_eq!(short_id(&"0197f2a8c0de7000b1e2d3c4f5a6-12".into()), "3c4f5a6-12");
        assert_eq!(short_id(&"t-1".into()), "t-1");
    }
}
