//! A question in clauses, and the values that stand in each: ids, names, addresses, dates.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::dates::{Range, range};
use super::toolbox::Toolbox;
use super::words::{Word, asks_to_change, changes, only_asks, pattern, synonyms, words};

/// A part of a question that asks for one kind of thing.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) words: Vec<Word>,
    pub(crate) ids: Vec<Id>,
    pub(crate) names: Vec<String>,
    /// The names are only words behind "for" or "of" that nothing else explains.
    pub(crate) guessed: bool,
    pub(crate) emails: Vec<String>,
    pub(crate) quoted: Vec<String>,
    pub(crate) range: Range,
    /// "their", "it", "each": the clause speaks of what another part found.
    pub(crate) points_back: bool,
}

/// An id, and the stem of the word before it: "customer CUST-001".
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Id {
    pub(crate) text: String,
    pub(crate) label: Option<String>,
}

static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern(r#"["“”]([^"“”]+)["“”]|(?:^|\s)['‘]([^'‘’]+)['’](?:\W|$)"#));
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)[,;?!\n]+|\.(?:\s|$)|\b(?:and|then|also|plus|as well as|together with|along with)\b")
});

/// The clauses of a question. A part without a word that names a tool belongs to its neighbour, as in "Windows and
/// Linux tickets".
pub(crate) fn clauses(text: &str, toolbox: &Toolbox, today: Date) -> Vec<Clause> {
    let mut kept: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    let quotes: Vec<(usize, usize)> = QUOTED.find_iter(text).map(|found| (found.start(), found.end())).collect();
    let mut cuts: Vec<(usize, usize)> = PARTS
        .find_iter(text)
        .filter(|cut| !quotes.iter().any(|(from, to)| cut.start() >= *from && cut.end() <= *to))
        .map(|cut| (cut.start(), cut.end()))
        .collect();
    cuts.push((text.len(), text.len()));
    let mut part = 0;
    for (cut, next) in cuts {
        let is_anchored = words(&text[part..cut]).iter().any(|word| anchors(word, toolbox).next().is_some());
        if is_anchored {
            kept.push((start, cut));
            start = next;
        }
        part = next;
    }
    match kept.last_mut() {
        Some(last) => last.1 = text.len(),
        None => kept.push((0, text.len())),
    }
    kept.into_iter().map(|(from, to)| clause(&text[from..to], from == 0, toolbox, today)).collect()
}

/// The stems by which a word names tools: its own, or those of its synonyms where no tool has its own.
pub(crate) fn anchors<'a>(word: &'a Word, toolbox: &'a Toolbox) -> impl Iterator<Item = &'a str> {
    let own = toolbox.names(&word.stem) && !(word.is_stop() && only_asks(&word.stem));
    let others = synonyms(&word.stem).iter().filter(move |other| !own && toolbox.names(other));
    own.then_some(word.stem.as_str()).into_iter().chain(others.map(String::as_str))
}

fn clause(text: &str, is_first: bool, toolbox: &Toolbox, today: Date) -> Clause {
    let words = words(text);
    let quoted = QUOTED
        .captures_iter(text)
        .filter_map(|found| found.get(1).or(found.get(2)).map(|inner| inner.as_str().trim().to_owned()))
        .collect();
    let ids = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.is_id())
        .map(|(index, word)| Id { text: word.text.clone(), label: label(&words, index) })
        .collect();
    let emails = words.iter().filter(|word| word.text.contains('@')).map(|word| word.text.clone()).collect();
    let back = ["their", "they", "them", "its", "it", "his", "her", "those", "these", "each"];
    let points_back = words.iter().any(|word| back.contains(&word.text.to_lowercase().as_str()));
    let (names, guessed) = names(text, &words, is_first, toolbox);
    Clause { names, guessed, ids, emails, quoted, range: range(text, today), points_back, words }
}

fn label(words: &[Word], index: usize) -> Option<String> {
    let before = words[..index]
        .iter()
        .rev()
        .find(|word| !["id", "number", "no", "nr"].contains(&word.text.to_lowercase().as_str()))?;
    (!before.is_stop() && !before.is_id()).then(|| before.stem.clone())
}

/// Runs of capitalised words that are no vocabulary of the tools; else the unknown word behind "for", "of", "in".
fn names(text: &str, words: &[Word], is_first: bool, toolbox: &Toolbox) -> (Vec<String>, bool) {
    let is_name = |index: usize, word: &Word| {
        let is_vocabulary = anchors(word, toolbox).next().is_some() || toolbox.offers(&word.stem);
        let opens = is_first && index == 0 && (only_asks(&word.stem) || changes(&word.stem));
        let is_acronym = word.text.len() > 1 && word.text.chars().all(char::is_uppercase);
        let is_value = word.is_id() || word.is_number() || word.text.contains('@');
        let is_month = super::dates::month(&word.text).is_some();
        (word.is_capitalised(), !word.is_stop() && !opens && !is_value && !is_vocabulary && !is_month, is_acronym)
    };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let (capital, eligible, acronym) = is_name(index, word);
        // "St. Alban" and "Dr. Feld" are one name; other full stops end a sentence.
        let joins = runs.last().is_some_and(|run| match &text[run.1..word.start] {
            " " | " & " => true,
            ". " => run.1 - run.0 <= 3,
            _ => false,
        });
        match runs.last_mut() {
            Some(run) if joins && capital && !word.is_stop() && !word.is_id() => run.1 = word.end,
            _ if capital && eligible && !acronym => runs.push((word.start, word.end)),
            _ => {}
        }
    }
    let guesses = runs.is_empty();
    if guesses {
        for pair in words.windows(2) {
            let leads = ["for", "of", "from", "at", "in", "named", "called"].contains(&pair[0].text.as_str());
            let described = toolbox.tools.iter().any(|tool| tool.about.contains(&pair[1].stem));
            if leads && !described && is_name(1, &pair[1]).1 {
                runs.push((pair[1].start, pair[1].end));
            }
        }
    }
    let names: Vec<String> = runs.into_iter().map(|(from, to)| text[from..to].to_owned()).collect();
    let guessed = guesses && !names.is_empty();
    (names, guessed)
}

impl Clause {
    pub(crate) fn stems(&self) -> HashSet<String> {
        self.words.iter().map(|word| word.stem.clone()).collect()
    }

    /// Whether the clause uses the verb of a tool that changes something.
    pub(crate) fn asks_for_change(&self, verb: &str) -> bool {
        asks_to_change(verb, &self.stems())
    }

    pub(crate) fn is_label(&self, stem: &str) -> bool {
        self.ids.iter().any(|id| id.label.as_deref() == Some(stem))
    }

    /// Whether the word is part of a name.
    pub(crate) fn in_name(&self, word: &Word) -> bool {
        !self.guessed && self.names.iter().any(|name| name.split(' ').any(|part| part == word.text))
    }
}
