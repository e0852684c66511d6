//! A question in clauses, and the values that stand in each: ids, names, addresses, dates.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::dates::{Range, range};
use super::toolbox::Toolbox;
use super::words::{Word, asks_to_change, changes, only_asks, pattern, synonyms, words};

/// Words that turn what follows into its contrary.
pub(crate) const DENIALS: [&str; 8] = ["not", "no", "non", "without", "except", "never", "isn't", "aren't"];

/// A part of a question that asks for one kind of thing.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) words: Vec<Word>,
    pub(crate) ids: Vec<Id>,
    pub(crate) names: Vec<String>,
    /// The names are only words behind "for" or "of", or at the head of a sentence, that nothing else explains.
    pub(crate) guessed: bool,
    /// Those of the names that are what is spoken of: "tickets that mention Outlook".
    pub(crate) topics: Vec<String>,
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
/// "St. Alban", "Dr. Feld": a full stop that ends no sentence.
static SHORTENED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\p{Lu}\p{Ll}{0,2}$"));
static TOPIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:mention|mentions|mentioning|about|regarding|concerning|contains?|containing)\s+$")
});

/// The clauses of a question. A part without a word that names a tool belongs to its neighbour, as in "Windows and
/// Linux tickets".
pub(crate) fn clauses(text: &str, toolbox: &Toolbox, today: Date) -> Vec<Clause> {
    let mut kept: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    let mut part = 0;
    for (cut, next) in cuts(text) {
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
    kept.into_iter().map(|(from, to)| clause(&text[from..to], is_head(&text[..from]), toolbox, today)).collect()
}

/// The parts of a question, each of which may ask for something of its own.
pub(crate) fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (cut, next) in cuts(text) {
        parts.push(&text[start..cut]);
        start = next;
    }
    parts
}

/// Where quoted words stand.
pub(crate) fn quotes(text: &str) -> Vec<(usize, usize)> {
    QUOTED.find_iter(text).map(|found| (found.start(), found.end())).collect()
}

/// Where a part ends and the next one begins; the last at the end of the text.
fn cuts(text: &str) -> Vec<(usize, usize)> {
    let quotes = quotes(text);
    let mut cuts: Vec<(usize, usize)> = PARTS
        .find_iter(text)
        .filter(|cut| !quotes.iter().any(|(from, to)| cut.start() >= *from && cut.end() <= *to))
        .filter(|cut| !(cut.as_str().starts_with('.') && SHORTENED.is_match(&text[..cut.start()])))
        .map(|cut| (cut.start(), cut.end()))
        .collect();
    cuts.push((text.len(), text.len()));
    cuts
}

/// The stems by which a word names tools: its own, or those of its synonyms where no tool has its own.
pub(crate) fn anchors<'a>(word: &'a Word, toolbox: &'a Toolbox) -> impl Iterator<Item = &'a str> {
    let own = toolbox.names(&word.stem) && !(word.is_stop() && only_asks(&word.stem));
    let others = synonyms(&word.stem).iter().filter(move |other| !own && toolbox.names(other));
    own.then_some(word.stem.as_str()).into_iter().chain(others.map(String::as_str))
}

fn clause(text: &str, opens_sentence: bool, toolbox: &Toolbox, today: Date) -> Clause {
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
    let (names, guessed) = names(text, &words, opens_sentence, toolbox);
    let topics = names.iter().filter(|name| text.find(*name).is_some_and(|at| TOPIC.is_match(&text[..at])));
    let topics = topics.cloned().collect();
    Clause { names, guessed, topics, ids, emails, quoted, range: range(text, today), points_back, words }
}

/// Whether what comes behind this text begins a sentence.
fn is_head(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t', '"', '(']);
    before.is_empty() || before.ends_with(['.', ':', ';', '?', '!', '\n'])
}

fn label(words: &[Word], index: usize) -> Option<String> {
    let before = words[..index]
        .iter()
        .rev()
        .find(|word| !["id", "number", "no", "nr"].contains(&word.text.to_lowercase().as_str()))?;
    (!before.is_stop() && !before.is_id()).then(|| before.stem.clone())
}

/// Runs of capitalised words that are no vocabulary of the tools; else the unknown word behind "for", "of", "in".
fn names(text: &str, words: &[Word], opens_sentence: bool, toolbox: &Toolbox) -> (Vec<String>, bool) {
    let is_name = |index: usize, word: &Word| {
        let is_vocabulary = anchors(word, toolbox).next().is_some() || toolbox.offers(&word.stem);
        let opens = opens_sentence && index == 0 && (only_asks(&word.stem) || changes(&word.stem));
        let is_acronym = word.text.len() > 1 && word.text.chars().all(char::is_uppercase);
        let is_value = word.is_id() || word.is_number() || word.text.contains('@');
        let is_month = super::dates::month(&word.text).is_some();
        (word.is_capitalised(), !word.is_stop() && !opens && !is_value && !is_vocabulary && !is_month, is_acronym)
    };
    // "Wi-Fi" is no name, "St. Alban" is one.
    let is_long = |word: &Word| word.text.chars().count() > 2 || text[word.end..].starts_with(". ");
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
            _ if capital && eligible && !acronym && is_long(word) => runs.push((word.start, word.end)),
            _ => {}
        }
    }
    // A capital at the head of a sentence is no sign of a name, unless another follows.
    let is_sure = |(from, to): &(usize, usize)| {
        let inner = text[*from..*to].split(' ').skip(1).any(|part| part.chars().skip(1).any(char::is_lowercase));
        let is_camel = text[*from..*to].chars().skip(1).any(char::is_uppercase);
        inner
            || (is_camel && !text[*from..*to].contains(' '))
            || !(if text[..*from].trim().is_empty() { opens_sentence } else { is_head(&text[..*from]) })
    };
    let heads_only = !runs.iter().any(is_sure);
    if !heads_only {
        runs.retain(is_sure);
    }
    let guesses = runs.is_empty() || heads_only;
    let heads = runs.len();
    if guesses {
        for pair in words.windows(2) {
            let leads = ["for", "of", "from", "at", "in", "named", "called"].contains(&pair[0].text.as_str());
            let described = toolbox.tools.iter().any(|tool| tool.about.contains(&pair[1].stem));
            if leads && !described && is_name(1, &pair[1]).1 {
                runs.push((pair[1].start, pair[1].end));
            }
        }
    }
    if heads_only && runs.len() > heads {
        runs.drain(..heads);
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

    /// Whether the word at this place is denied: "not closed", "not yet paid".
    pub(crate) fn denies(&self, at: usize) -> bool {
        let before = &self.words[at.saturating_sub(2)..at];
        before.iter().any(|word| DENIALS.contains(&word.text.to_lowercase().as_str()))
    }

    /// Whether the word is part of a name that is what is spoken of.
    pub(crate) fn is_topic(&self, word: &Word) -> bool {
        self.topics.iter().any(|name| has_word(name, word))
    }

    pub(crate) fn is_label(&self, stem: &str) -> bool {
        self.ids.iter().any(|id| id.label.as_deref() == Some(stem))
    }

    /// Whether the word is part of a name.
    pub(crate) fn in_name(&self, word: &Word) -> bool {
        !self.guessed && self.names.iter().any(|name| has_word(name, word))
    }
}

/// "St. Alban" has the words "St" and "Alban".
fn has_word(name: &str, word: &Word) -> bool {
    name.split(' ').any(|part| part.trim_end_matches(['.', ',']) == word.text)
}
