//! What to search for: the words of a clause that did nothing else.

use super::fill::{Filling, Source};
use super::param::Param;
use super::toolbox::Known;
use super::words::{Word, is_facet, only_asks, synonyms};

/// A query of more words than this is pasted text, and finds everything and nothing.
const LONGEST_QUERY: usize = 12;

/// What the question says beyond the words that chose and filled the tool.
pub(crate) fn leftover(tool: &Known, param: &Param, source: Source<'_>, filling: &Filling) -> Option<String> {
    let clause = source.clause();
    let toolbox = source.toolbox;
    let topic = clause
        .words
        .iter()
        .find(|word| ["about", "regarding", "concerning", "on", "with"].contains(&word.text.as_str()));
    let speaks = |word: &&Word| {
        let is_value = (word.is_id() && toolbox.takes(word)) || word.is_number() || word.text.contains('@');
        let chose =
            tool.names.contains(&word.stem) || synonyms(&word.stem).iter().any(|other| tool.names.contains(other));
        let is_topic = clause.is_topic(word) || param.required && topic.is_some_and(|topic| topic.start < word.start);
        let is_thing =
            !is_topic && (toolbox.names(&word.stem) || synonyms(&word.stem).iter().any(|other| toolbox.names(other)));
        let is_param = tool.params.iter().any(|other| other.name != param.name && other.stems.contains(&word.stem));
        let is_time = clause.range != super::dates::Range::default() && is_time(word);
        // Words with which other tools narrow what they find would find nothing here.
        let narrows = toolbox.offers(&word.stem) || toolbox.labels(&word.stem);
        !(word.is_stop() || is_value || chose || is_thing || is_param || is_time || only_asks(&word.stem))
            && !filling.used.contains(&word.stem)
            && (param.required || is_topic || !(is_facet(&word.stem) || clause.in_name(word) || narrows))
    };
    let mut spoken: Vec<&str> = Vec::new();
    for word in clause.words.iter().filter(speaks) {
        if spoken.len() < LONGEST_QUERY && !spoken.contains(&word.text.as_str()) {
            spoken.push(&word.text);
        }
    }
    if !spoken.is_empty() {
        return Some(spoken.join(" "));
    }
    let names = source.names();
    (param.required && !names.is_empty()).then(|| names.join(" "))
}

fn is_time(word: &Word) -> bool {
    let lower = word.text.to_lowercase();
    let units = [
        "last",
        "past",
        "previous",
        "today",
        "yesterday",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "starting",
        "between",
    ];
    units.contains(&lower.as_str())
        || super::dates::month(&lower).is_some()
        || lower.starts_with(|c: char| c.is_ascii_digit())
}
