//! A question as it is understood: cut where it is too long, in English, without slips of the pen.

use std::collections::BTreeMap;

use super::german::translated;
use super::question::quotes;
use super::toolbox::Toolbox;
use super::words::{changes, is_facet, only_asks, readable, stem, synonyms, words};

/// Of a longer text it reads the beginning and the end: what lies between is pasted, not asked.
const LONGEST: usize = 4000;
/// Shorter words have too many neighbours.
const SHORTEST_MENDED: usize = 5;

/// What a question is taken for.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) text: String,
    /// Whether words were taken for others.
    pub(crate) is_changed: bool,
}

pub(crate) fn read(question: &str, toolbox: &Toolbox) -> Reading {
    let cut = shortened(question);
    let english = translated(&cut);
    let mended = if english.is_some() { None } else { mended(&cut, toolbox) };
    let changed = english.or(mended);
    let is_changed = changed.is_some();
    Reading { text: changed.unwrap_or(cut), is_changed }
}

fn shortened(question: &str) -> String {
    let length = question.chars().count();
    if length <= LONGEST {
        return question.to_owned();
    }
    let half = LONGEST / 2;
    let head: String = question.chars().take(half).collect();
    let tail: String = question.chars().skip(length - half).collect();
    // No word is cut in two.
    let head = head.rsplit_once(char::is_whitespace).map_or("", |(head, _)| head);
    let tail = tail.split_once(char::is_whitespace).map_or("", |(_, tail)| tail);
    format!("{head}\n{tail}")
}

/// The text with words nobody knows replaced by the one word of the tools that is a slip away from them.
fn mended(text: &str, toolbox: &Toolbox) -> Option<String> {
    let vocabulary = vocabulary(toolbox);
    let quotes = quotes(text);
    let (mut mended, mut from) = (String::new(), 0);
    for word in words(text) {
        let is_quoted = quotes.iter().any(|(start, end)| word.start >= *start && word.end <= *end);
        let is_named = word.is_capitalised() && !text[..word.start].trim().is_empty();
        let is_plain = word.text.chars().all(char::is_alphabetic) && word.stem.chars().count() >= SHORTEST_MENDED;
        if is_quoted || is_named || !is_plain || word.is_stop() || is_known(&word.stem, &vocabulary, toolbox) {
            continue;
        }
        let mut near = vocabulary.iter().filter(|(known, _)| is_slip(&word.stem, known));
        if let (Some((_, meant)), None) = (near.next(), near.next()) {
            mended += &text[from..word.start];
            mended += meant;
            from = word.end;
        }
    }
    (from > 0).then(|| mended + &text[from..])
}

/// The words of the names and choices of the tools, by their stems.
fn vocabulary(toolbox: &Toolbox) -> BTreeMap<String, String> {
    let names = toolbox.tools.iter().map(|tool| readable(&tool.bare));
    let choices = toolbox.tools.iter().flat_map(|tool| &tool.params).flat_map(|param| &param.choices);
    let said: Vec<String> = names.chain(choices.map(|choice| readable(choice))).collect();
    let words = said.iter().flat_map(|said| said.split(' '));
    words.filter(|word| word.chars().count() >= SHORTEST_MENDED).map(|word| (stem(word), word.to_owned())).collect()
}

fn is_known(stem: &str, vocabulary: &BTreeMap<String, String>, toolbox: &Toolbox) -> bool {
    let is_said = vocabulary.contains_key(stem) || toolbox.tools.iter().any(|tool| tool.about.contains(stem));
    is_said || !synonyms(stem).is_empty() || only_asks(stem) || is_facet(stem) || changes(stem)
}

/// One letter too many, too few, another one, or two that changed places.
fn is_slip(written: &str, meant: &str) -> bool {
    let (written, meant): (Vec<char>, Vec<char>) = (written.chars().collect(), meant.chars().collect());
    let same = written.iter().zip(&meant).take_while(|(one, other)| one == other).count();
    let (rest, other) = (&written[same..], &meant[same..]);
    match (rest, other) {
        ([], [_]) | ([_], []) => true,
        ([_, left @ ..], [_, right @ ..]) if left == right => true,
        ([a, b, left @ ..], [c, d, right @ ..]) if a == d && b == c && left == right => true,
        ([_, left @ ..], right) if left == right => true,
        (left, [_, right @ ..]) if left == right => true,
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_near_and_two_are_not() {
        for slip in ["tickt", "ticcket", "tcket", "tikcet", "tocket", "tickets", "icket"] {
            assert!(is_slip(slip, "ticket"), "{slip}");
        }
        for other in ["ticket", "tickling", "tkt", "ticketed", "itkcet"] {
            assert!(!is_slip(other, "ticket"), "{other}");
        }
    }
}
