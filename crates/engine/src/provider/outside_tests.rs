//! What providers send, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::json;

use super::outside;

#[test]
fn deltas_of_calls_become_whole_calls_with_ids_of_their_own() {
    let delta = json!([
        { "index": 0, "id": "a", "function": { "name": "kb__get", "arguments": "{\"id\":" } },
        { "index": 0, "function": { "arguments": "1}" } },
        { "index": 1, "id": "b", "type": "function", "function": { "name": "kb__find", "arguments": { "q": "x" } } },
    ]);
    let seeds = [delta];
    let deltas = testkit::bent(&seeds, 5000).map(|deltas| deltas.as_array().cloned().unwrap_or_default());
    let whole: usize = deltas.map(outside::deltas).sum();
    assert!(whole > 3000, "only {whole} calls");
}

#[test]
fn failures_are_told_whatever_the_body_says() {
    let body = r#"{"error":{"message":"Invalid 'tools[1].function.name': too long. maximum context length is 8192 tokens",
        "type":"invalid_request_error","param":"tools[1]","code":"context_length_exceeded"}}"#;
    for (number, text) in testkit::spoilt(&[body, "<html>502 Bad Gateway</html>", "quota"], 5000).enumerate() {
        outside::failures([400, 401, 408, 413, 418, 429, 500][number % 7], &String::from_utf8_lossy(&text));
    }
}

#[test]
fn thinking_is_told_from_speaking_wherever_the_text_is_cut() {
    for text in testkit::spoilt(&["<think>Hm, é…</think>\n\nYes.", "No <think>tag</think> here", "<thi"], 5000) {
        outside::thinking(&String::from_utf8_lossy(&text));
    }
}
