//! Records as a table: the columns that tell most, ids first.

use serde_json::{Map, Value};

use crate::plan::words::{capital, readable, stems_of_name};

const MOST_COLUMNS: usize = 6;
const MOST_ROWS: usize = 50;
/// Longer text is prose and belongs under a table, not in it.
const LONGEST_CELL: usize = 60;

/// What a table or a record is written with.
#[derive(Debug)]
pub(crate) struct Look {
    /// Names by id.
    pub(crate) names: Map<String, Value>,
    /// The stems of what was asked for: such columns come first.
    pub(crate) asked: Vec<String>,
}

/// A table of the records.
pub(crate) fn render(rows: &[&Map<String, Value>], look: &Look) -> String {
    let known = &look.names;
    let flat: Vec<Map<String, Value>> = rows.iter().map(|row| flatten(row)).collect();
    let columns = columns(&flat, look);
    let mut lines = vec![
        format!("| {} |", columns.iter().map(|column| capital(&readable(column))).collect::<Vec<_>>().join(" | ")),
        format!("|{}", " --- |".repeat(columns.len())),
    ];
    for row in flat.iter().take(MOST_ROWS) {
        let cells = columns.iter().map(|column| match (row.get(column), column.strip_suffix(" name")) {
            (Some(value), _) => cell(value),
            (None, Some(id)) => {
                row.get(id).and_then(Value::as_str).and_then(|id| known.get(id)).map(cell).unwrap_or_default()
            }
            (None, None) => String::new(),
        });
        lines.push(format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    if flat.len() > MOST_ROWS {
        lines.push(format!("\n…and {} more.", flat.len() - MOST_ROWS));
    }
    lines.join("\n")
}

/// Objects one level down become columns of their own; an only record inside takes the place of what holds it.
fn flatten(row: &Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in row {
        match value {
            Value::Object(inner) => {
                for (name, value) in inner {
                    let name = if flat.contains_key(name) || row.contains_key(name) {
                        format!("{key}_{name}")
                    } else {
                        name.clone()
                    };
                    match value {
                        Value::Object(hours) if hours.values().all(|value| !value.is_object() && !value.is_array()) => {
                            let parts: Vec<String> = hours
                                .iter()
                                .map(|(key, value)| format!("{} {}", readable(key), plain(value)))
                                .collect();
                            flat.insert(name, Value::String(parts.join(", ")));
                        }
                        _ => {
                            flat.insert(name, value.clone());
                        }
                    }
                }
            }
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                flat.insert(key.clone(), value.clone());
            }
        }
    }
    flat
}

fn columns(rows: &[Map<String, Value>], look: &Look) -> Vec<String> {
    let known = &look.names;
    let mut names: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let mut ranked: Vec<(u8, usize, String)> = names
        .into_iter()
        .enumerate()
        .filter(|(_, name)| {
            rows.iter()
                .any(|row| row.get(name).is_some_and(|value| is_short(value) || (is_name(name) && value.is_string())))
        })
        .map(|(at, name)| (rank(&name, rows, &look.asked), at, name))
        .collect();
    ranked.sort();
    ranked.truncate(MOST_COLUMNS);
    let mut columns: Vec<String> = ranked.into_iter().map(|(_, _, name)| name).collect();
    let has_name = columns.iter().any(|column| is_name(column));
    let points = columns.iter().position(|column| {
        let thing = column.strip_suffix("_id");
        let is_named = thing.is_none_or(|thing| rows.iter().any(|row| row.contains_key(thing)));
        let mut ids = rows.iter().filter_map(|row| row.get(column)?.as_str());
        !is_named && ids.any(|id| known.contains_key(id))
    });
    if let Some(at) = points.filter(|at| *at > 0 || !has_name) {
        let column = format!("{} name", columns[at]);
        columns.insert(at + 1, column);
        columns.truncate(MOST_COLUMNS);
    }
    columns
}

fn is_name(column: &str) -> bool {
    ["name", "title", "subject", "company", "hostname", "customer"].contains(&column)
}

/// What a reader looks for first comes first.
fn rank(name: &str, rows: &[Map<String, Value>], asked: &[String]) -> u8 {
    let stems = stems_of_name(name);
    let has = |list: &[&str]| list.iter().any(|word| stems.contains(&crate::plan::words::stem(word)));
    let ends_with = |list: &[&str]| {
        stems.last().is_some_and(|last| list.iter().any(|word| crate::plan::words::stem(word) == *last))
    };
    let is_list = rows.iter().filter_map(|row| row.get(name)).any(Value::is_array);
    let first = rows.first().and_then(|row| row.keys().find(|key| key.ends_with("_id") || *key == "id"));
    if first.is_some_and(|first| first == name) {
        0
    } else if is_name(name) {
        1
    } else if !is_list && is_asked(&stems, asked, first) {
        2
    } else if is_list || ["score", "as_of", "currency", "total"].contains(&name) {
        6
    } else if ends_with(&["status", "priority", "state"]) {
        2
    } else if has(&["amount", "balance", "due", "total", "end", "price", "remaining", "hours", "tier", "email", "role"])
    {
        3
    } else if stems.last().is_some_and(|last| last == "id") {
        4
    } else {
        5
    }
}

/// Whether the question named the column, and not just the thing the record is: "customer since" is no answer to "which
/// customers?".
fn is_asked(stems: &[String], asked: &[String], id: Option<&String>) -> bool {
    let things = id.map(|id| stems_of_name(id)).unwrap_or_default();
    stems.last().is_none_or(|last| last != "id")
        && stems.iter().any(|stem| asked.contains(stem) && !things.contains(stem))
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::Null | Value::Object(_) => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.chars().count() <= LONGEST_CELL && !text.contains('\n'),
        Value::Array(list) => {
            list.iter().all(|one| !one.is_object() && !one.is_array() && is_short(one))
                && plain(value).len() <= LONGEST_CELL
        }
    }
}

fn cell(value: &Value) -> String {
    one_line(&plain(value)).replace('|', "\\|")
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as a person writes it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| format!("{}: {}", readable(key), plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
