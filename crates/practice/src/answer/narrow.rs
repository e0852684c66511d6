//! Which of the records found the question speaks of, where no tool could be asked for just those.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::plan::question::{Clause, DENIALS};
use crate::plan::words::{Word, readable, stems_of_name, synonyms};

type Record = Map<String, Value>;

/// A longer text is prose, and says more than one word.
const LONGEST_VALUE: usize = 40;

/// What the question said about the records of one tool.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) clauses: Vec<&'a Clause>,
    /// The arguments the tool got: it did that part itself.
    pub(super) given: BTreeSet<String>,
}

/// The records that fit, and the conditions in words.
pub(super) struct Kept<'r> {
    pub(super) rows: Vec<&'r Record>,
    pub(super) conditions: Vec<String>,
}

impl Wish<'_> {
    /// Keeps the records with the values the question names, and, of "who owes …", those that owe something.
    pub(super) fn keep<'r>(&self, rows: &[&'r Record]) -> Kept<'r> {
        let mut kept = Kept { rows: rows.to_vec(), conditions: Vec::new() };
        for clause in self.clauses.iter().filter(|clause| !denies(clause)) {
            let columns: BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
            for column in columns.into_iter().filter(|column| !self.given.contains(*column)) {
                let said = values(column, &kept.rows, clause);
                let fits = |row: &&'r Record| {
                    row.get(column).and_then(Value::as_str).is_some_and(|value| said.contains(value))
                };
                kept.narrow(fits, || {
                    let said: Vec<&str> = said.iter().map(String::as_str).collect();
                    format!("{}: {}", readable(column), said.join(", "))
                });
                if asks_who_has(clause, column) {
                    let has =
                        |row: &&'r Record| row.get(column).and_then(Value::as_f64).is_some_and(|number| number > 0.0);
                    kept.narrow(has, || format!("{} above 0", readable(column)));
                }
            }
        }
        kept
    }
}

impl<'r> Kept<'r> {
    /// Some must fit and some must not; else there is nothing to leave out.
    fn narrow(&mut self, fits: impl Fn(&&'r Record) -> bool, condition: impl Fn() -> String) {
        let fitting = self.rows.iter().filter(|row| fits(row)).count();
        if fitting > 0 && fitting < self.rows.len() {
            self.rows.retain(|row| fits(row));
            self.conditions.push(condition());
        }
    }
}

/// The values of a column that the clause says; the longest where one holds another.
fn values(column: &str, rows: &[&Record], clause: &Clause) -> BTreeSet<String> {
    if column == "id" || column.ends_with("_id") {
        return BTreeSet::new();
    }
    let texts = rows.iter().filter_map(|row| row.get(column)?.as_str());
    let all: BTreeSet<&str> = texts.filter(|text| text.chars().count() <= LONGEST_VALUE).collect();
    let says = |words: &[Word], parts: &[String]| {
        words.iter().zip(parts).all(|(word, part)| &word.stem == part || synonyms(&word.stem).contains(part))
    };
    let said: BTreeSet<&str> = all
        .into_iter()
        .filter(|value| {
            let parts = stems_of_name(value);
            !parts.is_empty() && clause.words.windows(parts.len()).any(|words| says(words, &parts))
        })
        .collect();
    let is_inner = |value: &str| {
        let parts = stems_of_name(value);
        said.iter().any(|other| *other != value && parts.iter().all(|part| stems_of_name(other).contains(part)))
    };
    said.iter().filter(|value| !is_inner(value)).map(|value| (*value).to_owned()).collect()
}

/// "Tickets that are not closed": which to keep is more than a word can tell.
fn denies(clause: &Clause) -> bool {
    clause.words.iter().any(|word| DENIALS.contains(&word.text.to_lowercase().as_str()))
}

/// "Who owes …", "which customers have an outstanding …" of a column of amounts.
fn asks_who_has(clause: &Clause, column: &str) -> bool {
    let asks = clause.words.iter().any(|word| ["who", "which"].contains(&word.text.to_lowercase().as_str()));
    let stems = stems_of_name(column);
    let [stem] = stems.as_slice() else { return false };
    asks && clause
        .words
        .iter()
        .any(|word| !word.is_stop() && (&word.stem == stem || synonyms(&word.stem).contains(stem)))
}
