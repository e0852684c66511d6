//! One record: its fields as a list, its prose as text, the lists in it as tables.

use serde_json::{Map, Value};

use super::table::{self, Look, plain};
use crate::plan::words::{capital, readable, stems_of_name};

/// Text from this length on is prose.
const PROSE: usize = 120;

pub(crate) fn render(object: &Map<String, Value>, look: &Look) -> String {
    let (mut fields, mut below) = (Vec::new(), Vec::new());
    add(object, look, &mut fields, &mut below);
    let mut parts = Vec::new();
    if !fields.is_empty() {
        parts.push(fields.join("\n"));
    }
    parts.extend(below);
    parts.join("\n\n")
}

fn add(object: &Map<String, Value>, look: &Look, fields: &mut Vec<String>, below: &mut Vec<String>) {
    let known = &look.names;
    for (key, value) in object {
        if ["total", "count"].contains(&key.as_str()) && object.values().any(Value::is_array) {
            continue;
        }
        let label = capital(&readable(key));
        match value {
            Value::Null => {}
            Value::String(text) if text.chars().count() >= PROSE || text.contains('\n') => {
                below.push(format!("**{label}**\n\n{text}"))
            }
            Value::String(id)
                if known.contains_key(id) && !object.values().any(|other| known.get(id) == Some(other)) =>
            {
                fields.push(format!("- **{label}**: {id} ({})", plain(&known[id])));
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                fields.push(format!("- **{label}**: {}", plain(value)))
            }
            Value::Object(inner) => {
                let is_plain = inner.values().all(|value| !value.is_object() && !value.is_array() && !is_prose(value));
                if is_plain && inner.len() <= 6 {
                    fields.push(format!("- **{label}**: {}", plain(value)));
                } else {
                    below.push(format!("**{label}**\n\n{}", render(inner, look)));
                }
            }
            Value::Array(list) if list.is_empty() => {}
            Value::Array(list) => {
                let rows: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
                if rows.len() == list.len() {
                    below.push(format!("**{label}**\n\n{}", records(&rows, look)));
                } else if list.iter().any(|one| plain(one).chars().count() > 40) {
                    let lines: Vec<String> = list.iter().map(|one| format!("- {}", plain(one))).collect();
                    below.push(format!("**{label}**\n\n{}", lines.join("\n")));
                } else {
                    fields.push(format!("- **{label}**: {}", plain(value)));
                }
            }
        }
    }
}

/// Whether the record, or a record in it, has text that a table would leave out.
pub(crate) fn has_prose(object: &Map<String, Value>) -> bool {
    object.values().any(|value| is_prose(value) || value.as_object().is_some_and(has_prose))
}

fn is_prose(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() >= PROSE || text.contains('\n'))
}

/// Records inside a record: a table, or numbered text where they hold prose, as steps do.
fn records(rows: &[&Map<String, Value>], look: &Look) -> String {
    let is_nested = rows.iter().flat_map(|row| row.values()).any(Value::is_object);
    let is_told = !is_nested && rows.iter().flat_map(|row| row.values()).any(|value| plain(value).chars().count() > 90);
    if !is_told {
        return table::render(rows, look);
    }
    let told = rows.iter().enumerate().map(|(index, row)| {
        let mut values = row.iter().filter(|(_, value)| !value.is_null() && !value.is_number());
        let head = values.next().map(|(_, value)| table::one_line(&plain(value))).unwrap_or_default();
        let rest: Vec<String> = values.map(|(key, value)| told_value(key, value)).collect();
        let rest = rest.join("\n   ");
        if rest.is_empty() { format!("{}. {head}", index + 1) } else { format!("{}. **{head}**\n   {rest}", index + 1) }
    });
    told.collect::<Vec<_>>().join("\n")
}

fn told_value(key: &str, value: &Value) -> String {
    let is_code = ["command", "commands", "code"].contains(&key);
    match value {
        Value::Array(list) if is_code => {
            list.iter().map(|one| format!("`{}`", table::one_line(&plain(one)))).collect::<Vec<_>>().join(" ")
        }
        _ if is_code => format!("`{}`", table::one_line(&plain(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            table::one_line(&plain(value))
        }
    }
}

/// The fields the question named, as a sentence without its full stop: "Outstanding: 1250.00".
///
/// Where the tool tells how something stands, that comes first. What was `given` as an argument is no news.
pub(crate) fn told(object: &Map<String, Value>, asked: &[String], given: &[&str]) -> Option<String> {
    let whom = object
        .iter()
        .find(|(key, value)| ["company", "customer", "name", "title"].contains(&key.as_str()) && value.is_string());
    let asks_status = asked.iter().any(|stem| stem == "status");
    let mut fields: Vec<(bool, String)> = object
        .iter()
        .filter(|(key, value)| {
            let is_plain = value.is_string() || value.is_number() || value.is_boolean();
            let stems = stems_of_name(key);
            let is_named =
                stems.iter().any(|stem| asked.contains(stem) && whom.is_none_or(|(name, _)| !says(name, stem)));
            is_plain
                && (is_named || *key == "status")
                && !given.contains(&key.as_str())
                && stems.last().is_none_or(|last| last != "id")
                && whom.is_none_or(|(name, _)| name != *key)
        })
        .map(|(key, value)| {
            (key == "status", format!("**{}: {}**", capital(&readable(key)), amount(value, object, key)))
        })
        .collect();
    // How it stands is told with what was asked for, not alone.
    fields.sort_by_key(|(is_status, _)| !is_status);
    if fields.iter().all(|(is_status, _)| *is_status && !asks_status) {
        return None;
    }
    let fields: Vec<String> = fields.into_iter().map(|(_, field)| field).take(3).collect();
    let whom = whom.map(|(_, name)| format!("{}: ", plain(name))).unwrap_or_default();
    Some(format!("{whom}{}", fields.join(", ")))
}

/// Whether the stem names the one whom the record is about: "customer since" says nothing about a customer's terms.
fn says(whom: &str, stem: &str) -> bool {
    let others = ["customer", "company", "account"].iter().any(|word| crate::plan::words::stem(word) == stem);
    others || stems_of_name(whom).iter().any(|other| other == stem)
}

/// Money with its currency, where the record names one.
fn amount(value: &Value, object: &Map<String, Value>, key: &str) -> String {
    let is_money =
        ["balance", "outstanding", "overdue", "amount", "total", "owed", "paid"].iter().any(|word| key.contains(word));
    match object
        .get("currency")
        .and_then(Value::as_str)
        .filter(|_| is_money && (value.is_number() || value.is_string()))
    {
        Some(currency) => match value.as_f64() {
            Some(number) => format!("{number:.2} {currency}"),
            None => format!("{} {currency}", plain(value)),
        },
        None => plain(value),
    }
}
