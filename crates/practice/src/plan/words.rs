//! Words: taking text apart, light stemming, and the little general English the planner knows.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

/// One word of a question, with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) stem: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Word {
    pub(crate) fn is_stop(&self) -> bool {
        STOP.contains(self.text.to_lowercase().as_str())
    }

    pub(crate) fn is_capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Letters with digits behind a hyphen, such as `CUST-001` or `AST-SRV-001`.
    pub(crate) fn is_id(&self) -> bool {
        ID.is_match(&self.text) || ID_JOINED.is_match(&self.text)
    }

    pub(crate) fn is_number(&self) -> bool {
        self.text.parse::<f64>().is_ok()
    }
}

/// A pattern of this crate; a wrong one matches nothing, and the tests would show it.
pub(crate) fn pattern(text: &str) -> Regex {
    let found = Regex::new(text);
    debug_assert!(found.is_ok(), "{found:?}");
    found.unwrap_or_else(|_| NOTHING.clone())
}

static NOTHING: LazyLock<Regex> = LazyLock::new(|| match Regex::new("[^\\s\\S]") {
    Ok(nothing) => nothing,
    Err(_) => unreachable!("a class without members is a pattern"),
});
static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\w+(?:[-.@+'’:]\w+)*"));
static ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z]{2,}(?:-[A-Za-z0-9]+)*-\d+[A-Za-z0-9]*$"));
static ID_JOINED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Z]{2,}\d{2,}$"));
static HUMP: LazyLock<Regex> = LazyLock::new(|| pattern(r"([a-z0-9])([A-Z])"));

/// The words of a text. Ids, addresses and dates stay whole; other hyphens part words.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for token in TOKEN.find_iter(text) {
        let bare = token.as_str().trim_end_matches("'s").trim_end_matches("’s").trim_end_matches("'S");
        let stays_whole = bare.contains('@') || bare.chars().any(|letter| letter.is_ascii_digit());
        let mut start = token.start();
        for part in bare.split_inclusive(|letter| !stays_whole && "-.:+".contains(letter)) {
            let text = part.trim_end_matches(|letter: char| !stays_whole && "-.:+".contains(letter));
            if !text.is_empty() {
                words.push(Word { text: text.to_owned(), stem: stem(text), start, end: start + text.len() });
            }
            start += part.len();
        }
    }
    words
}

/// The stems of an identifier such as `created_after`, `createdAfter` or `created-after`.
pub(crate) fn stems_of_name(name: &str) -> Vec<String> {
    let apart = HUMP.replace_all(name, "$1 $2");
    apart.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).map(stem).collect()
}

/// An identifier as words a person reads: `customer_id` is "customer id".
pub(crate) fn readable(name: &str) -> String {
    let apart = HUMP.replace_all(name, "$1 $2");
    let parts: Vec<String> =
        apart.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).map(spelled).collect();
    parts.join(" ")
}

fn spelled(part: &str) -> String {
    let lower = part.to_lowercase();
    let is_abbreviation = ["id", "ids", "sla", "os", "kb", "url", "ip"].contains(&lower.as_str());
    if is_abbreviation || (part.len() > 1 && part.chars().all(|letter| !letter.is_lowercase())) {
        return lower.to_uppercase().replace("IDS", "IDs");
    }
    lower
}

/// A first letter in capitals.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A word without its usual endings, so that "tickets" meets "ticket" and "related" meets "relate".
pub(crate) fn stem(word: &str) -> String {
    let mut word = word.to_lowercase();
    let cut = |word: &str, ending: &str, least: usize| {
        word.strip_suffix(ending).filter(|rest| rest.len() >= least).map(str::to_owned)
    };
    if let Some(rest) = cut(&word, "ies", 3) {
        word = format!("{rest}y");
    } else if ["sses", "xes", "ches", "shes"].iter().any(|ending| word.ends_with(ending)) {
        word.truncate(word.len() - 2);
    } else if let Some(rest) = cut(&word, "s", 2).filter(|_| !["ss", "us", "is"].iter().any(|end| word.ends_with(end)))
    {
        word = rest;
    }
    for ending in ["ing", "ed"] {
        if let Some(rest) = cut(&word, ending, 3) {
            word = rest;
            break;
        }
    }
    if let Some(rest) = cut(&word, "e", 3) {
        word = rest;
    }
    if word == "licenc" { "licens".to_owned() } else { word }
}

/// Other words for a word of a question, as stems.
pub(crate) fn synonyms(stem: &str) -> &'static [String] {
    SYNONYMS.get(stem).map_or(&[], Vec::as_slice)
}

/// The verb of a tool that changes something, and words that ask for it.
pub(crate) fn asks_to_change(verb: &str, question: &HashSet<String>) -> bool {
    CHANGES.iter().any(|group| {
        let group: Vec<String> = group.split(' ').map(self::stem).collect();
        group.iter().any(|word| word == verb) && group.iter().any(|word| question.contains(word))
    })
}

pub(crate) fn changes(verb: &str) -> bool {
    CHANGES.iter().any(|group| group.split(' ').any(|word| stem(word) == verb))
}

/// Whether a question that opens with this word orders a change, whatever tools there are.
pub(crate) fn orders_change(stem_of_word: &str) -> bool {
    [
        "create", "add", "update", "change", "edit", "delete", "remove", "send", "close", "assign", "cancel", "set",
        "approve",
    ]
    .iter()
    .any(|word| stem(word) == stem_of_word)
}

/// Verbs that only ask; they say nothing about which tool is meant.
pub(crate) fn only_asks(verb: &str) -> bool {
    ASKS.contains(verb)
}

/// Words that name an aspect of a thing rather than a thing.
pub(crate) fn is_facet(stem: &str) -> bool {
    FACETS.contains(stem)
}

fn stemmed(list: &str) -> HashSet<String> {
    list.split_whitespace().map(stem).collect()
}

/// One group a line: words that change things in the same way.
const CHANGES: [&str; 14] = [
    "create add new make open insert register",
    "update change edit modify set patch rename",
    "delete remove erase drop clear purge",
    "send mail email notify post publish share",
    "close resolve complete finish mark",
    "assign reassign",
    "cancel abort",
    "write save store upload append replace put",
    "move copy",
    "pay refund charge transfer",
    "run execute start stop restart trigger",
    "book order buy schedule reserve",
    "approve reject merge",
    "enable disable",
];

static ASKS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    stemmed("get list search find lookup look check fetch show read query calculate compute retrieve describe view")
});
static FACETS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    stemmed(
        "status detail details info information data record term terms list all summary full current state value result",
    )
});

static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a an the and or but if then also of for from to in on at by with about into over under as is are was were be been \
     being am do does did has have had having can could will would shall should may might must what which who whom \
     whose when where why how that this these those it its they them their theirs he she his her hers we us our ours i \
     me my mine you your yours there here all any some each every both no not only just so than too very please show \
     give tell list find get search look see check fetch display want need like know let's what's who's there's i'd \
     i'm let many much more most again still currently now right up out between since until before after during \
     regarding concerning named called including using use per via due thanks thank hello hi hey s t one ones same \
     mention mentions mentioning contain contains containing happen happens happened \
     top first newest latest oldest recent recently newly issue issues problem problems info information details detail data"
        .split_whitespace()
        .collect()
});

static SYNONYMS: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let table = [
        ("who", "customer contact"),
        ("client company account", "customer"),
        ("owe owed owing debt unpaid arrears", "balance outstanding"),
        ("unpaid open", "pending overdue"),
        ("due", "outstanding balance"),
        ("outstanding", "balance"),
        ("bill bills", "invoice billing"),
        ("paid pay", "payment"),
        ("kb knowledge", "article solution"),
        ("fix solve resolve solution", "solution fix"),
        ("device machine computer laptop workstation hardware", "asset"),
        ("guarantee", "warranty"),
        ("phone reach", "contact"),
        ("incident case", "ticket"),
        ("statistics stats count average", "metric statistic"),
        ("alike", "similar"),
        ("task", "todo"),
        ("todo", "task"),
        ("temperature rain raining sunny forecast", "weather forecast"),
        ("urgent", "critical"),
        ("mac", "macos"),
    ];
    let mut synonyms: HashMap<String, Vec<String>> = HashMap::new();
    for (words, others) in table {
        for word in words.split(' ') {
            synonyms.entry(stem(word)).or_default().extend(others.split(' ').map(stem));
        }
    }
    synonyms
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_in_their_stem() {
        for (one, other) in [
            ("tickets", "ticket"),
            ("companies", "company"),
            ("fixes", "fix"),
            ("related", "relate"),
            ("licence", "licenses"),
            ("status", "status"),
            ("billing", "bill"),
            ("Invoices", "invoice"),
        ] {
            assert_eq!(stem(one), stem(other));
        }
    }

    #[test]
    fn ids_and_addresses_stay_whole() {
        let found: Vec<String> = words("Show CUST-001's high-priority tickets, mail a.b@c.org since 2024-05-01.")
            .into_iter()
            .map(|w| w.text)
            .collect();
        let expect = ["Show", "CUST-001", "high", "priority", "tickets", "mail", "a.b@c.org", "since", "2024-05-01"];
        assert_eq!(found, expect);
        assert!(words("AST-SRV-001")[0].is_id() && !words("2024-05-01")[0].is_id() && !words("high")[0].is_id());
    }
}
