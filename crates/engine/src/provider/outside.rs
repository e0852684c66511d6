//! What must hold of whatever providers send.

use serde_json::Value;

use super::assemble::{Assembly, CallDelta};
use super::failure::ProviderError;
use super::think::{Piece, ThinkSplitter};

/// Pieces of calls become whole calls with ids of their own; answers how many.
pub fn deltas(deltas: Vec<Value>) -> usize {
    let mut assembly = Assembly::default();
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
    calls.len()
}

/// A failure is told in words, whatever the body says.
pub fn failures(status: u16, text: &str) {
    let error = ProviderError::from_status("Somebody", status, None, text);
    let _ = error.refused_tool(&["one", "two"]);
    assert!(!error.report().message.is_empty());
    let value: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    assert!(!ProviderError::from_stream("Somebody", &value).report().message.is_empty());
}

/// Wherever the pieces of a text are cut, the same is thought and said.
pub fn thinking(text: &str) {
    let whole = sorted(std::iter::once(text));
    let cut = sorted(text.split_inclusive(|letter: char| "<hk/>n ".contains(letter)));
    assert_eq!(whole, cut, "{text:?}");
}

fn sorted<'a>(pieces: impl Iterator<Item = &'a str>) -> (String, String) {
    let (mut splitter, mut thought, mut said) = (ThinkSplitter::default(), String::new(), String::new());
    let mut take = |piece: Piece| match piece {
        Piece::Thought(text) => thought.push_str(&text),
        Piece::Speech(text) => said.push_str(&text),
    };
    pieces.for_each(|piece| splitter.push(piece).into_iter().for_each(&mut take));
    splitter.finish().into_iter().for_each(&mut take);
    (thought, said.trim().to_owned())
}
