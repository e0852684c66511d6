//! What providers send, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::{Value, json};

use super::assemble::{Assembly, CallDelta};
use super::failure::ProviderError;
use super::think::{Piece, ThinkSplitter};

#[test]
fn deltas_of_calls_become_whole_calls_with_ids_of_their_own() {
    let delta = json!([
        { "index": 0, "id": "a", "function": { "name": "kb__get", "arguments": "{\"id\":" } },
        { "index": 0, "function": { "arguments": "1}" } },
        { "index": 1, "id": "b", "type": "function", "function": { "name": "kb__find", "arguments": { "q": "x" } } },
    ]);
    let mut whole = 0;
    for deltas in testkit::bent(&[delta], 5000) {
        let mut assembly = Assembly::default();
        let deltas = deltas.as_array().cloned().unwrap_or_default();
        deltas
            .into_iter()
            .filter_map(|delta| serde_json::from_value::<CallDelta>(delta).ok())
            .for_each(|it| assembly.add(it));
        let calls = assembly.finish("1");
        assert!(calls.iter().all(|call| !call.name.is_empty() && !call.wire_id.is_empty()));
        let mut ids: Vec<&str> = calls.iter().map(|call| call.wire_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), calls.len(), "an id stands for two calls");
        whole += calls.len();
    }
    assert!(whole > 3000, "only {whole} calls");
}

#[test]
fn failures_are_told_whatever_the_body_says() {
    let body = r#"{"error":{"message":"Invalid 'tools[1].function.name': too long. maximum context length is 8192 tokens",
        "type":"invalid_request_error","param":"tools[1]","code":"context_length_exceeded"}}"#;
    for (number, text) in testkit::spoilt(&[body, "<html>502 Bad Gateway</html>", "quota"], 5000).enumerate() {
        let text = String::from_utf8_lossy(&text).into_owned();
        let status = [400, 401, 408, 413, 418, 429, 500][number % 7];
        let error = ProviderError::from_status("Somebody", status, None, &text);
        let _ = error.refused_tool(&["one", "two"]);
        assert!(!error.report().message.is_empty());
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        assert!(!ProviderError::from_stream("Somebody", &value).report().message.is_empty());
    }
}

/// Wherever the pieces of a text are cut, the same is thought and said.
#[test]
fn thinking_is_told_from_speaking_wherever_the_text_is_cut() {
    let sorted = |pieces: &mut dyn Iterator<Item = &str>| {
        let (mut splitter, mut thought, mut said) = (ThinkSplitter::default(), String::new(), String::new());
        let mut take = |piece: Piece| match piece {
            Piece::Thought(text) => thought.push_str(&text),
            Piece::Speech(text) => said.push_str(&text),
        };
        pieces.for_each(|piece| splitter.push(piece).into_iter().for_each(&mut take));
        splitter.finish().into_iter().for_each(&mut take);
        (thought, said.trim().to_owned())
    };
    for text in testkit::spoilt(&["<think>Hm, é…</think>\n\nYes.", "No <think>tag</think> here", "<thi"], 5000) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let whole = sorted(&mut std::iter::once(text.as_str()));
        let cut = sorted(&mut text.split_inclusive(|letter: char| "<hk/>n ".contains(letter)));
        assert_eq!(whole, cut, "{text:?}");
    }
}
