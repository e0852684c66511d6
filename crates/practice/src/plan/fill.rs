//! Arguments for a tool from what stands in the question, and nothing else.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::question::{Clause, Id};
use super::toolbox::{Kind, Known, Param, Toolbox};
use super::words::{Word, is_facet, only_asks, pattern, stem, stems_of_name, synonyms};

/// At most this many calls of one tool from one clause.
const MOST_VARIANTS: usize = 8;

/// What a question gives a tool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filling {
    /// One map per call; several where the question names several values.
    pub(crate) calls: Vec<Map<String, Value>>,
    /// Names of parameters that must still be filled: all of them, or one where `any` is set.
    pub(crate) lacking: Vec<String>,
    pub(crate) any: bool,
    pub(crate) ids: HashSet<String>,
    pub(crate) names: HashSet<String>,
    /// How many choices of parameters the question names.
    pub(crate) choices: usize,
    /// Stems of the words that became arguments.
    pub(crate) used: HashSet<String>,
}

impl Filling {
    pub(crate) fn is_ready(&self) -> bool {
        self.lacking.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.iter().all(Map::is_empty)
    }
}

/// The clause a tool is filled from, among all clauses of the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) clauses: &'a [Clause],
    pub(crate) at: usize,
    pub(crate) toolbox: &'a Toolbox,
}

impl<'a> Source<'a> {
    pub(crate) fn clause(&self) -> &'a Clause {
        &self.clauses[self.at]
    }

    /// Ids of the clause that the parameter takes; without any, those of the nearest clause before, else after.
    fn ids(&self, tool: &Known, param: &Param) -> Vec<String> {
        let order = std::iter::once(self.at).chain((0..self.at).rev()).chain(self.at + 1..self.clauses.len());
        for at in order {
            let taken: Vec<String> =
                self.clauses[at].ids.iter().filter_map(|id| takes(tool, param, id, self.toolbox)).collect();
            if !taken.is_empty() {
                return taken;
            }
        }
        Vec::new()
    }

    pub(crate) fn names(&self) -> &'a [String] {
        let own = self.clause();
        if !own.names.is_empty() || !own.ids.is_empty() {
            return &own.names;
        }
        self.clauses.iter().find(|clause| !clause.names.is_empty()).map_or(&[], |clause| &clause.names)
    }
}

/// The id as the parameter wants it, where it takes it at all.
pub(crate) fn takes(tool: &Known, param: &Param, id: &Id, toolbox: &Toolbox) -> Option<String> {
    let entity = param.entity().filter(|_| !param.takes_numbers)?;
    for text in [id.text.clone(), id.text.to_uppercase()] {
        match param.fits(&text) {
            Some(true) => return Some(text),
            Some(false) => {}
            None => {
                let elsewhere = toolbox.tools.iter().flat_map(|tool| &tool.params);
                let mut claims = elsewhere.filter(|other| other.entity().is_some_and(|named| named != entity));
                if claims.any(|other| other.fits(&text) == Some(true)) {
                    return None;
                }
                let letters: String = id.text.chars().take_while(|letter| letter.is_alphabetic()).collect();
                let is_meant = id.label.as_deref() == Some(entity) || abbreviates(&letters, entity);
                let is_only = tool.params.len() == 1 && id.label.is_none();
                return (is_meant || is_only).then_some(id.text.clone());
            }
        }
    }
    None
}

/// Whether the letters begin as the word does and stand in it in this order, as `TKT` does in "ticket".
pub(crate) fn abbreviates(letters: &str, word: &str) -> bool {
    let mut rest = word.chars();
    let letters = letters.to_lowercase();
    !letters.is_empty()
        && word.starts_with(letters.chars().next().unwrap_or_default())
        && letters.chars().all(|letter| rest.any(|other| other == letter))
}

/// Fills the tool from the clause.
pub(crate) fn fill(tool: &Known, source: Source<'_>) -> Filling {
    let clause = source.clause();
    let mut filling = Filling { calls: vec![Map::new()], ..Filling::default() };
    let (queries, others): (Vec<&Param>, Vec<&Param>) = tool.params.iter().partition(|param| param.kind == Kind::Query);
    for param in others {
        let values = values(tool, param, source, &mut filling);
        put(&mut filling, param, values);
    }
    for param in queries {
        let text = clause.quoted.first().cloned().or_else(|| leftover(tool, param, source, &filling));
        put(&mut filling, param, text.into_iter().map(Value::String).collect());
    }
    let given = &filling.calls[0];
    let lacking = |name: &String| !given.contains_key(name);
    filling.lacking =
        tool.params.iter().filter(|param| param.required).map(|param| param.name.clone()).filter(lacking).collect();
    if filling.lacking.is_empty() {
        let alternatives_unmet = !tool.any_of.is_empty()
            && !tool.any_of.iter().any(|group| group.iter().all(|name| given.contains_key(name)));
        let names_nothing = tool.only_identifies() && given.is_empty();
        if alternatives_unmet || names_nothing {
            filling.any = true;
            let identifies = |param: &&Param| {
                param.entity().is_some()
                    && (tool.any_of.is_empty() || tool.any_of.iter().flatten().any(|name| *name == param.name))
            };
            filling.lacking = tool.params.iter().filter(identifies).map(|param| param.name.clone()).collect();
            if filling.lacking.is_empty() {
                let demanded = tool.params.iter().filter(|param| tool.any_of.is_empty() || tool.demands(param));
                filling.lacking = demanded.map(|param| param.name.clone()).collect();
            }
        }
    }
    filling
}

/// Gives every call so far the value; several values make several calls.
fn put(filling: &mut Filling, param: &Param, mut values: Vec<Value>) {
    values.dedup();
    let before = std::mem::take(&mut filling.calls);
    if values.is_empty() {
        filling.calls = before;
        return;
    }
    for call in before {
        for value in &values {
            let mut call = call.clone();
            call.insert(param.name.clone(), value.clone());
            filling.calls.push(call);
        }
    }
    filling.calls.truncate(MOST_VARIANTS);
}

fn values(tool: &Known, param: &Param, source: Source<'_>, filling: &mut Filling) -> Vec<Value> {
    let clause = source.clause();
    let texts = match &param.kind {
        Kind::Id(entity) => {
            let mut ids = source.ids(tool, param);
            filling.ids.extend(ids.iter().map(|id| id.to_uppercase()));
            if ids.is_empty() {
                let number = number(clause, std::slice::from_ref(entity), param);
                let wanted = number.map(|number| if param.takes_numbers { number } else { json!(number.to_string()) });
                return wanted.into_iter().collect();
            }
            ids.dedup();
            ids
        }
        Kind::Choice => choices(param, clause, filling),
        Kind::Integer | Kind::Number => return number(clause, &param.stems, param).into_iter().collect(),
        Kind::Flag => return flag(param, clause).into_iter().collect(),
        Kind::From => day(clause.range.from, param, "T00:00:00Z"),
        Kind::To => day(clause.range.to, param, "T23:59:59Z"),
        Kind::Date => day(clause.range.from.filter(|from| clause.range.to == Some(*from)), param, "T00:00:00Z"),
        Kind::Email => clause.emails.clone(),
        Kind::Name => names(tool, param, source, filling),
        Kind::Text => text(tool, param, clause),
        Kind::Query | Kind::Other => Vec::new(),
    };
    texts.into_iter().map(Value::String).collect()
}

fn choices(param: &Param, clause: &Clause, filling: &mut Filling) -> Vec<String> {
    let mut found = Vec::new();
    for choice in &param.choices {
        let parts = stems_of_name(choice);
        let said = |words: &[Word]| {
            words.iter().zip(&parts).all(|(word, part)| &word.stem == part || synonyms(&word.stem).contains(part))
        };
        if !parts.is_empty() && choice != "all" && clause.words.windows(parts.len()).any(said) {
            filling.choices += 1;
            filling.used.extend(parts);
            let urgent = clause.words.iter().filter(|word| synonyms(&word.stem).contains(&stem(choice)));
            filling.used.extend(urgent.map(|word| word.stem.clone()));
            found.push(choice.clone());
        }
    }
    found
}

static TOP: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:top|first|latest|newest|limit|max|maximum)$"));

/// A number that stands beside a word of the parameter's name; for limits also behind "top" or "first".
fn number(clause: &Clause, labels: &[String], param: &Param) -> Option<Value> {
    let is_limit = ["limit", "max", "count", "top", "siz"].iter().any(|word| labels.iter().any(|label| label == word));
    let at = clause.words.iter().position(Word::is_number).or(None)?;
    let beside = |index: Option<usize>| {
        index.and_then(|index| clause.words.get(index)).is_some_and(|word| labels.contains(&word.stem))
    };
    let behind_top = at.checked_sub(1).is_some_and(|before| TOP.is_match(&clause.words[before].text));
    let is_id = param.entity().is_some();
    if !(beside(at.checked_sub(1)) || (!is_id && beside(Some(at + 1))) || (is_limit && behind_top)) {
        return None;
    }
    let text = &clause.words[at].text;
    match text.parse::<i64>() {
        Ok(whole) => Some(json!(whole)),
        Err(_) if param.kind == Kind::Number => text.parse::<f64>().ok().map(|number| json!(number)),
        Err(_) => None,
    }
}

fn flag(param: &Param, clause: &Clause) -> Option<Value> {
    let at = clause.words.iter().position(|word| !word.is_stop() && param.stems.contains(&word.stem))?;
    let is_denied =
        at.checked_sub(1).is_some_and(|before| ["not", "no", "without"].contains(&clause.words[before].text.as_str()));
    Some(json!(!is_denied))
}

fn day(day: Option<Date>, param: &Param, time: &str) -> Vec<String> {
    let time = if param.takes_time { time } else { "" };
    day.map(|day| format!("{day}{time}")).into_iter().collect()
}

fn names(tool: &Known, param: &Param, source: Source<'_>, filling: &mut Filling) -> Vec<String> {
    let clause = source.clause();
    let is_demanded = tool.demands(param);
    let has = |list: &str| list.split(' ').map(stem).any(|word| param.stems.contains(&word));
    let is_labelled =
        clause.words.iter().any(|word| param.stems.contains(&word.stem) && !tool.names.contains(&word.stem));
    let is_place = has("city location place country")
        && clause.words.iter().any(|word| ["in", "at", "near"].contains(&word.text.as_str()));
    let is_asked = is_demanded || is_labelled || is_place || has("name company");
    if !is_asked {
        return Vec::new();
    }
    if is_demanded && !clause.quoted.is_empty() {
        return clause.quoted.clone();
    }
    let may_guess = has("name company customer person city location place");
    let mut found = if clause.guessed && !may_guess { Vec::new() } else { source.names().to_vec() };
    if found.is_empty() && is_demanded && has("product title name") {
        let spoken =
            clause.words.iter().filter(|word| word.is_capitalised() && !word.is_stop() && !only_asks(&word.stem));
        found = spoken.filter(|word| !tool.names.contains(&word.stem)).map(|word| word.text.clone()).take(1).collect();
    }
    filling.names.extend(found.iter().cloned());
    filling.used.extend(found.iter().flat_map(|name| stems_of_name(name)));
    found
}

/// The word behind the parameter's name, as in "serial number SN-77" or "hostname is web-01".
fn text(tool: &Known, param: &Param, clause: &Clause) -> Vec<String> {
    if param.required && !clause.quoted.is_empty() {
        return vec![clause.quoted[0].clone()];
    }
    let Some(at) =
        clause.words.iter().position(|word| param.stems.contains(&word.stem) && !tool.names.contains(&word.stem))
    else {
        return Vec::new();
    };
    let passes =
        |word: &&Word| !["is", "number", "named", "called", "no", "name"].contains(&word.text.to_lowercase().as_str());
    let Some(word) = clause.words[at + 1..].iter().find(passes) else { return Vec::new() };
    let is_value = word.text.chars().any(|letter| letter.is_ascii_digit()) || clause.words[at + 1].text != word.text;
    if is_value && !word.is_stop() { vec![word.text.clone()] } else { Vec::new() }
}

/// What the question says beyond the words that chose and filled the tool.
fn leftover(tool: &Known, param: &Param, source: Source<'_>, filling: &Filling) -> Option<String> {
    let clause = source.clause();
    let toolbox = source.toolbox;
    let topic = clause
        .words
        .iter()
        .find(|word| ["about", "regarding", "concerning", "on", "with"].contains(&word.text.as_str()));
    let speaks = |word: &&Word| {
        let is_value = word.is_id() || word.is_number() || word.text.contains('@') || filling.used.contains(&word.stem);
        let chose =
            tool.names.contains(&word.stem) || synonyms(&word.stem).iter().any(|other| tool.names.contains(other));
        let is_topic = param.required && topic.is_some_and(|topic| topic.start < word.start);
        let is_thing =
            !is_topic && (toolbox.names(&word.stem) || synonyms(&word.stem).iter().any(|other| toolbox.names(other)));
        let is_param = tool.params.iter().any(|other| other.name != param.name && other.stems.contains(&word.stem));
        let is_time = clause.range != super::dates::Range::default() && is_time(word);
        !(word.is_stop() || is_value || chose || is_thing || is_param || is_time || only_asks(&word.stem))
            && (param.required || !(is_facet(&word.stem) || clause.in_name(word)))
    };
    let spoken: Vec<&str> = clause.words.iter().filter(speaks).map(|word| word.text.as_str()).collect();
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
