//! Whether the messages of a request keep the one rule every provider of this API enforces: each call has exactly one
//! result, directly after the message that made it, in the order of the calls.

use std::collections::{HashMap, HashSet};

use crate::wire::Message;

/// How a request breaks the rule. Positions count messages from zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("message {at}: a tool call has no id")]
    NoId { at: usize },
    #[error("message {at}: the tool call id '{id}' was used before")]
    RepeatedId { at: usize, id: String },
    #[error("message {at}: a tool call has no function name")]
    NoName { at: usize },
    #[error("message {at}: 'tool_calls' is empty")]
    NoCalls { at: usize },
    #[error("message {at}: the tool call '{id}' has no result directly after it")]
    NoResult { at: usize, id: String },
    #[error("message {at}: the result for '{id}' answers no call of the message before it")]
    Orphan { at: usize, id: String },
    #[error("message {at}: the call '{id}' has a second result")]
    SecondResult { at: usize, id: String },
    #[error("message {at}: the result for '{id}' is out of order")]
    OutOfOrder { at: usize, id: String },
}

/// Everything wrong with the messages, in their order.
pub fn violations(messages: &[Message]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut at = 0;
    while let Some(message) = messages.get(at) {
        if message.role == "tool" {
            found.push(Violation::Orphan { at, id: message.tool_call_id.clone().unwrap_or_default() });
            at += 1;
            continue;
        }
        let results = messages[at + 1..].iter().take_while(|next| next.role == "tool").count();
        if message.tool_calls.is_some() {
            check_calls(message, at, &mut seen, &mut found);
            check_results(messages, at, results, &mut found);
            at += results;
        }
        at += 1;
    }
    found
}

fn check_calls(message: &Message, at: usize, seen: &mut HashSet<String>, found: &mut Vec<Violation>) {
    if message.calls().is_empty() {
        found.push(Violation::NoCalls { at });
    }
    for call in message.calls() {
        if call.id.is_empty() {
            found.push(Violation::NoId { at });
        } else if !seen.insert(call.id.clone()) {
            found.push(Violation::RepeatedId { at, id: call.id.clone() });
        }
        if call.function.name.is_empty() {
            found.push(Violation::NoName { at });
        }
    }
}

/// The `results` messages after `at` against the calls of the message at `at`.
fn check_results(messages: &[Message], at: usize, results: usize, found: &mut Vec<Violation>) {
    let calls = messages[at].calls();
    let place: HashMap<&str, usize> = calls.iter().enumerate().map(|(index, call)| (call.id.as_str(), index)).collect();
    let mut answered = HashSet::new();
    let mut last = None;
    for (offset, result) in messages[at + 1..at + 1 + results].iter().enumerate() {
        let at = at + 1 + offset;
        let id = result.tool_call_id.clone().unwrap_or_default();
        let Some(&index) = place.get(id.as_str()) else {
            found.push(Violation::Orphan { at, id });
            continue;
        };
        if !answered.insert(index) {
            found.push(Violation::SecondResult { at, id });
            continue;
        }
        if last.is_some_and(|last| index < last) {
            found.push(Violation::OutOfOrder { at, id });
        }
        last = Some(index);
    }
    for (index, call) in calls.iter().enumerate() {
        let judged_elsewhere = call.id.is_empty() || place.get(call.id.as_str()) != Some(&index);
        if !judged_elsewhere && !answered.contains(&index) {
            found.push(Violation::NoResult { at, id: call.id.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Messages written as words: `u` user, `a:x,y` an assistant calling x and y, `t:x` a result for x.
    fn check(words: &str, expect: &[&str]) {
        let messages: Vec<Message> = words
            .split(' ')
            .map(|word| {
                let (role, ids) = word.split_once(':').unwrap_or((word, ""));
                let message = match role {
                    "a" => {
                        let calls: Vec<_> = ids
                            .split(',')
                            .filter(|id| *id != "none")
                            .map(|id| json!({"id": id, "function": {"name": "f", "arguments": "{}"}}))
                            .collect();
                        json!({"role": "assistant", "content": null, "tool_calls": calls})
                    }
                    "t" => json!({"role": "tool", "tool_call_id": ids, "content": "{}"}),
                    _ => json!({"role": "user", "content": "hi"}),
                };
                serde_json::from_value(message).unwrap()
            })
            .collect();
        let found: Vec<String> = violations(&messages).iter().map(ToString::to_string).collect();
        assert_eq!(found, expect, "{words}");
    }

    #[test]
    fn one_result_per_call_in_order_is_right() {
        check("u", &[]);
        check("u a:x,y t:x t:y u a:z t:z", &[]);
    }

    #[test]
    fn every_way_to_break_it_has_a_name() {
        check("u a:x u", &["message 1: the tool call 'x' has no result directly after it"]);
        check(
            "u a:x u t:x",
            &[
                "message 1: the tool call 'x' has no result directly after it",
                "message 3: the result for 'x' answers no call of the message before it",
            ],
        );
        check("u t:x", &["message 1: the result for 'x' answers no call of the message before it"]);
        check("u a:x t:x t:w", &["message 3: the result for 'w' answers no call of the message before it"]);
        check("u a:x t:x t:x", &["message 3: the call 'x' has a second result"]);
        check("u a:x,y t:y t:x", &["message 3: the result for 'x' is out of order"]);
        check("u a:x t:x a:x t:x", &["message 3: the tool call id 'x' was used before"]);
        check("u a:none", &["message 1: 'tool_calls' is empty"]);
        check("u a: t:", &["message 1: a tool call has no id"]);
    }
}
