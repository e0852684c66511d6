//! Values for one parameter, from what stands in a clause.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::{Value, json};

use super::fill::{Filling, Source};
use super::param::{Kind, Param};
use super::question::Clause;
use super::toolbox::Known;
use super::words::{Word, only_asks, pattern, stem, stems_of_name, synonyms};

/// What the question gives the parameter; several values make several calls, but for a list, which holds them all.
pub(crate) fn values(tool: &Known, param: &Param, source: Source<'_>, filling: &mut Filling) -> Vec<Value> {
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
        Kind::List => return list(tool, param, source, filling).into_iter().collect(),
        Kind::Object => return object(tool, param, source, filling).into_iter().collect(),
        Kind::Integer | Kind::Number => return number(clause, &param.stems, param).into_iter().collect(),
        Kind::Flag => return flag(param, clause).into_iter().collect(),
        Kind::From => day(clause.range.from, param, "T00:00:00Z"),
        Kind::To => day(clause.range.to, param, "T23:59:59Z"),
        Kind::Date => day(clause.range.from.filter(|from| clause.range.to == Some(*from)), param, "T00:00:00Z"),
        Kind::Email => {
            filling.names.extend(clause.emails.iter().cloned());
            clause.emails.clone()
        }
        Kind::Name => names(tool, param, source, filling),
        Kind::Text => text(tool, param, clause),
        Kind::Query | Kind::Other => Vec::new(),
    };
    texts.into_iter().map(Value::String).collect()
}

/// All values the question has for the elements of a list, as one list.
fn list(tool: &Known, param: &Param, source: Source<'_>, filling: &mut Filling) -> Option<Value> {
    let item = param.inner.first()?;
    let clause = source.clause();
    let mut values = match item.kind {
        Kind::Integer | Kind::Number => {
            let numbers = clause.words.iter().filter(|word| word.is_number());
            numbers.filter_map(|word| serde_json::from_str(&word.text).ok()).collect()
        }
        Kind::Text | Kind::Query | Kind::Name if !clause.quoted.is_empty() => {
            clause.quoted.iter().map(|quoted| json!(quoted)).collect()
        }
        _ => values(tool, item, source, filling),
    };
    values.dedup();
    (!values.is_empty()).then_some(Value::Array(values))
}

/// An object, where the question gives all that must be in it.
fn object(tool: &Known, param: &Param, source: Source<'_>, filling: &mut Filling) -> Option<Value> {
    let mut object = serde_json::Map::new();
    for field in &param.inner {
        let given = match field.kind {
            Kind::Query => source.clause().quoted.first().map(|quoted| json!(quoted)),
            _ => values(tool, field, source, filling).into_iter().next(),
        };
        let default = || field.default.clone().filter(|_| field.required);
        match given.or_else(default) {
            Some(value) => {
                object.insert(field.name.clone(), value);
            }
            None if field.required => return None,
            None => {}
        }
    }
    (!object.is_empty()).then_some(Value::Object(object))
}

/// The choices the clause says; by synonyms only where it says none, and for "not closed" all the others.
fn choices(param: &Param, clause: &Clause, filling: &mut Filling) -> Vec<String> {
    let is_same = |word: &Word, part: &String| &word.stem == part;
    let is_like = |word: &Word, part: &String| synonyms(&word.stem).contains(part);
    let mut said = said_choices(param, clause, is_same);
    if said.is_empty() {
        said = said_choices(param, clause, |word, part| is_same(word, part) || is_like(word, part));
    }
    for (choice, at) in &said {
        let parts = stems_of_name(choice);
        filling.choices += 1;
        filling.used.extend(clause.words[*at..at + parts.len()].iter().map(|word| word.stem.clone()));
        filling.used.extend(parts);
    }
    let denied: Vec<&String> = said.iter().filter(|(_, at)| clause.denies(*at)).map(|(choice, _)| choice).collect();
    if denied.is_empty() {
        return said.into_iter().map(|(choice, _)| choice).collect();
    }
    param.choices.iter().filter(|choice| !denied.contains(choice)).cloned().collect()
}

/// The choices whose words stand in the clause, and where.
fn said_choices(param: &Param, clause: &Clause, fits: impl Fn(&Word, &String) -> bool) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    // The longest first: who says "expiring soon" does not say "expiring".
    let mut ranked: Vec<&String> = param.choices.iter().filter(|choice| *choice != "all").collect();
    ranked.sort_by_key(|choice| std::cmp::Reverse(stems_of_name(choice).len()));
    for choice in ranked {
        let parts = stems_of_name(choice);
        let is_in = |(longer, _): &(String, usize)| parts.iter().all(|part| stems_of_name(longer).contains(part));
        if parts.is_empty() || found.iter().any(is_in) {
            continue;
        }
        let said = |words: &[Word]| words.iter().zip(&parts).all(|(word, part)| fits(word, part));
        if let Some(at) = clause.words.windows(parts.len()).position(said) {
            found.push((choice.clone(), at));
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
