//! Where not all tools are offered at once, one of those offered finds others: its results are the tools of the next
//! request.

use serde_json::{Map, Value};

use super::Call;
use super::follow::Unmet;
use super::param::Kind;
use super::question::{anchors, parts};
use super::toolbox::{Known, Toolbox};
use super::words::{Word, only_asks, readable, words};

/// So many words make a query.
const LONGEST: usize = 8;
/// So many parts of a question are looked for.
const MOST: usize = 5;

/// A search for each part of the question that the tools at hand do not cover.
pub(crate) fn searches(finder: &Known, text: &str, toolbox: &Toolbox) -> Vec<Call> {
    let queries = parts(text).into_iter().filter_map(|part| query(part, toolbox));
    let queries = queries.chain(unopened(text, toolbox));
    let mut calls: Vec<Call> = Vec::new();
    for call in queries.filter_map(|query| search(finder, &query)) {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls.truncate(MOST);
    calls
}

/// A search for tools that tell what the question did not.
pub(crate) fn searches_for(finder: &Known, unmet: &[Unmet]) -> Vec<Call> {
    let lacking = unmet.iter().flat_map(|unmet| &unmet.lacking);
    let things = lacking.filter_map(|name| readable(name).strip_suffix(" ID").map(str::to_owned));
    let mut calls: Vec<Call> = Vec::new();
    for call in things.filter_map(|thing| search(finder, &format!("find {thing} by name"))) {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls
}

/// Things that the tools at hand know by their ids, while none of them is about such a thing itself.
fn unopened(text: &str, toolbox: &Toolbox) -> Vec<String> {
    let all = words(text);
    let is_known = |stem: &str| {
        let mut params = toolbox.tools.iter().flat_map(|tool| &tool.params);
        params.any(|param| param.entity() == Some(stem))
    };
    let labels = |at: usize| all.get(at + 1).is_some_and(Word::is_id);
    let unopened = all
        .iter()
        .enumerate()
        .filter(|(at, word)| is_known(&word.stem) && !labels(*at) && anchors(word, toolbox).next().is_none());
    unopened.map(|(_, word)| word.text.to_lowercase()).collect()
}

fn search(finder: &Known, query: &str) -> Option<Call> {
    let takes_words = |kind: &Kind| matches!(kind, Kind::Query | Kind::Text | Kind::Name);
    let mut params: Vec<_> = finder.params.iter().filter(|param| takes_words(&param.kind)).collect();
    params.sort_by_key(|param| (!param.required, param.kind != Kind::Query));
    let arguments = Map::from_iter([(params.first()?.name.clone(), Value::String(query.to_owned()))]);
    Some(Call { tool: finder.name.clone(), arguments })
}

/// The words to find tools with; nothing where the tools at hand know what the part is about.
fn query(part: &str, toolbox: &Toolbox) -> Option<String> {
    let all = words(part);
    let tells = |word: &&Word| {
        let is_value = word.is_id() || word.is_number() || word.text.contains('@');
        !is_value && !word.is_stop() && !only_asks(&word.stem)
    };
    let telling: Vec<&Word> = all.iter().filter(tells).collect();
    let is_name = |word: &Word| word.is_capitalised() && all.first().is_some_and(|first| first.start < word.start);
    let is_new = |word: &&Word| {
        let is_described = toolbox.tools.iter().any(|tool| tool.about.contains(&word.stem));
        !is_name(word) && !is_described && !toolbox.offers(&word.stem) && anchors(word, toolbox).next().is_none()
    };
    let is_covered = all.iter().any(|word| !word.is_stop() && anchors(word, toolbox).next().is_some());
    if is_covered && !telling.iter().any(is_new) {
        return None;
    }
    let said: Vec<String> = telling.iter().take(LONGEST).map(|word| word.text.to_lowercase()).collect();
    (!said.is_empty()).then(|| said.join(" "))
}
