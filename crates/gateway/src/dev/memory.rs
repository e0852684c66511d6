//! What was remembered.

use serde_json::{Map, Value, json};

use super::{
    Arguments, Wrong,
    records::{Records, fields, given, limit},
};

pub(super) fn run(records: &mut Records, operation: &str, arguments: &Arguments) -> Result<Value, Wrong> {
    match operation {
        "search" => search(records, arguments),
        "write" => {
            let mut entry = fields(arguments, &[]);
            entry.insert("archived".to_owned(), json!(false));
            Ok(records.create("memory", "MEM", entry))
        }
        "delete" => {
            let id = known(records, arguments)?;
            records.delete(&id)?;
            Ok(json!({ "id": id, "deleted": true }))
        }
        "archive" => {
            let id = known(records, arguments)?;
            records.change(&id, Map::from_iter([("archived".to_owned(), json!(true))]))
        }
        "telemetry" => {
            let archived = records.of("memory").filter(|entry| entry.get("archived") == Some(&json!(true))).count();
            let bytes: usize = records.of("memory").map(|entry| Value::Object(entry.clone()).to_string().len()).sum();
            Ok(json!({ "entries": records.of("memory").count(), "archived": archived, "bytes": bytes }))
        }
        other => Err(Wrong::NotFound(format!("memory knows no {other}"))),
    }
}

fn known(records: &Records, arguments: &Arguments) -> Result<String, Wrong> {
    let id = given(arguments, "memory_id")?;
    let entry = records.get(id)?;
    match entry.get("kind").and_then(Value::as_str) {
        Some("memory") => Ok(id.to_owned()),
        _ => Err(Wrong::NotFound(format!("{id} is no memory"))),
    }
}

/// By how many of the words an entry has.
fn search(records: &Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let query = given(arguments, "query")?.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let tags: Vec<&Value> = arguments.get("tags").and_then(Value::as_array).into_iter().flatten().collect();
    let mut found: Vec<(usize, &Map<String, Value>)> = records
        .of("memory")
        .filter(|entry| entry.get("archived") != Some(&json!(true)))
        .filter(|entry| {
            let own = entry.get("tags").and_then(Value::as_array);
            tags.iter().all(|tag| own.is_some_and(|own| own.contains(tag)))
        })
        .map(|entry| {
            let text = Value::Object(entry.clone()).to_string().to_lowercase();
            (words.iter().filter(|word| text.contains(**word)).count(), entry)
        })
        .filter(|(score, _)| *score > 0)
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let total = found.len();
    let results: Vec<Value> = found.into_iter().take(limit(arguments, 10)).map(|(_, entry)| json!(entry)).collect();
    Ok(json!({ "results": results, "total": total }))
}
