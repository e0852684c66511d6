//! Questions over many records: reports, searches, events, import and export.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{
    Arguments, Wrong,
    crm::contact,
    records::{Records, given, limit},
};

pub(super) fn run(records: &mut Records, operation: &str, arguments: &Arguments) -> Result<Value, Wrong> {
    match operation {
        "search_advanced" => Ok(search(records, arguments)),
        "audit_query" => Ok(audit(records, arguments)),
        "events_pull" => Ok(pull(records, arguments)),
        "events_ack" => Ok(acknowledge(records, arguments)),
        "import_contacts_csv" => import(records, arguments),
        "export_contacts_csv" => Ok(export(records, arguments)),
        "report_pipeline" => Ok(pipeline(records, arguments, false)),
        "forecast_pipeline" => Ok(pipeline(records, arguments, true)),
        "gdpr_export_contact_data" => everything_about(records, given(arguments, "contact_id")?),
        other => Err(Wrong::NotFound(format!("the CRM knows no {other}"))),
    }
}

fn search(records: &Records, arguments: &Arguments) -> Value {
    let kind = arguments.get("object_type").and_then(Value::as_str).unwrap_or_default();
    let filters: Vec<&Value> = arguments.get("filters").and_then(Value::as_array).into_iter().flatten().collect();
    let mut found: Vec<&Map<String, Value>> =
        records.of(kind).filter(|record| filters.iter().all(|filter| holds(record, filter))).collect();
    if let Some(sort) = arguments.get("sort").and_then(Value::as_str) {
        let (name, backwards) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        found.sort_by(|one, other| {
            let order = compare(&one[name], &other[name]).unwrap_or(Ordering::Equal);
            if backwards { order.reverse() } else { order }
        });
    }
    json!({ "total": found.len(), "records": found.into_iter().take(limit(arguments, 50)).collect::<Vec<_>>() })
}

fn holds(record: &Map<String, Value>, filter: &Value) -> bool {
    let own = filter["property"].as_str().and_then(|name| record.get(name)).unwrap_or(&Value::Null);
    let wanted = &filter["value"];
    let order = compare(own, wanted);
    match filter["operator"].as_str() {
        Some("eq") => own == wanted,
        Some("ne") => own != wanted,
        Some("lt") => order == Some(Ordering::Less),
        Some("lte") => order.is_some_and(Ordering::is_le),
        Some("gt") => order == Some(Ordering::Greater),
        Some("gte") => order.is_some_and(Ordering::is_ge),
        Some("contains") => {
            let part = wanted.as_str().unwrap_or_default().to_lowercase();
            own.as_str().is_some_and(|text| text.to_lowercase().contains(&part))
        }
        _ => false,
    }
}

fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn audit(records: &Records, arguments: &Arguments) -> Value {
    let entity = arguments.get("entity_id");
    let since = arguments.get("since").and_then(Value::as_str).unwrap_or_default();
    let fits = |event: &&Value| {
        entity.is_none_or(|entity| event["entityId"] == *entity) && event["at"].as_str().is_some_and(|at| at >= since)
    };
    let found: Vec<&Value> = records.events.iter().rev().filter(fits).take(limit(arguments, 100)).collect();
    json!({ "total": found.len(), "entries": found })
}

fn pull(records: &Records, arguments: &Arguments) -> Value {
    let types = arguments.get("types").and_then(Value::as_array);
    let fits = |event: &&Value| {
        event["acknowledged"] == json!(false) && types.is_none_or(|types| types.contains(&event["type"]))
    };
    json!({ "events": records.events.iter().filter(fits).take(limit(arguments, 50)).collect::<Vec<_>>() })
}

fn acknowledge(records: &mut Records, arguments: &Arguments) -> Value {
    let ids: Vec<&Value> = arguments.get("event_ids").and_then(Value::as_array).into_iter().flatten().collect();
    let mut done = 0;
    for event in records.events.iter_mut().filter(|event| ids.contains(&&event["id"])) {
        event["acknowledged"] = json!(true);
        done += 1;
    }
    json!({ "acknowledged": done, "unknown": ids.len().saturating_sub(done) })
}

/// Plain CSV: a heading line, commas, quotes around what has commas.
fn import(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let text = given(arguments, "csv")?;
    let dry = arguments.get("dry_run") == Some(&json!(true));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading = cells(lines.next().unwrap_or_default());
    if !heading.iter().any(|name| name == "email") {
        return Err(Wrong::Invalid("the heading line has no `email`".to_owned()));
    }
    let (mut created, mut changed, mut refused) = (0, 0, vec![]);
    for (number, line) in lines.enumerate() {
        let row: Map<String, Value> = heading.iter().cloned().zip(cells(line).into_iter().map(Value::from)).collect();
        let email = row.get("email").and_then(Value::as_str).unwrap_or_default();
        let known = records.by("contact", "email", email).is_some();
        let result = if dry { Ok(Value::Null) } else { contact(records, &row) };
        match result {
            Ok(_) if known => changed += 1,
            Ok(_) => created += 1,
            Err(Wrong::Invalid(why) | Wrong::NotFound(why)) => refused.push(json!({ "row": number + 2, "why": why })),
        }
    }
    Ok(json!({ "created": created, "changed": changed, "refused": refused, "dryRun": dry }))
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

fn export(records: &Records, arguments: &Arguments) -> Value {
    const NAMES: [&str; 4] = ["id", "email", "name", "phone"];
    let rows = records.of("contact").take(limit(arguments, 1000)).map(|contact| {
        let cells = NAMES.map(|name| {
            let text = contact.get(name).and_then(Value::as_str).unwrap_or_default();
            // A spreadsheet would run what begins like a formula.
            let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
            if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        });
        cells.join(",")
    });
    let lines: Vec<String> = std::iter::once(NAMES.join(",")).chain(rows).collect();
    json!({ "rows": lines.len() - 1, "csv": lines.join("\n") })
}

/// How much stands in each stage; weighted by how far along it is, where it is a forecast.
fn pipeline(records: &Records, arguments: &Arguments, forecast: bool) -> Value {
    let wanted = arguments.get("pipeline_id");
    let pipelines =
        records.of("pipeline").filter(|pipeline| wanted.is_none_or(|wanted| pipeline.get("id") == Some(wanted)));
    let reports = pipelines.map(|pipeline| {
        let stages = pipeline.get("stages").and_then(Value::as_array).cloned().unwrap_or_default();
        let steps = stages.len().saturating_sub(2).max(1);
        let mut expected = 0.0;
        let rows: Vec<Value> = stages
            .iter()
            .enumerate()
            .map(|(at, stage)| {
                let here = |deal: &&Map<String, Value>| {
                    deal.get("pipeline_id") == pipeline.get("id") && deal.get("stage") == Some(stage)
                };
                let amounts = records.of("deal").filter(here).filter_map(|deal| deal.get("amount")?.as_f64());
                let amounts: Vec<f64> = amounts.collect();
                let share = match stage.as_str() {
                    Some("won") => 1.0,
                    Some("lost") => 0.0,
                    _ => ((at + 1) as f64 / (steps + 1) as f64).min(1.0),
                };
                let total: f64 = amounts.iter().sum();
                expected += total * share;
                json!({ "stage": stage, "deals": amounts.len(), "amount": total, "probability": share })
            })
            .collect();
        let mut report = json!({ "pipelineId": pipeline["id"], "name": pipeline["name"], "stages": rows });
        if forecast {
            report["expected"] = json!(expected);
        }
        report
    });
    json!({ "pipelines": reports.collect::<Vec<_>>() })
}

fn everything_about(records: &Records, id: &str) -> Result<Value, Wrong> {
    let contact = records.get(id)?;
    let named = records.all.values().filter(|record| {
        ["contact_id", "entity_id", "from_id", "to_id"].iter().any(|name| record.get(*name) == Some(&json!(id)))
    });
    let events = records.events.iter().filter(|event| event["entityId"] == json!(id));
    Ok(json!({
        "contact": contact, "records": named.collect::<Vec<_>>(), "events": events.collect::<Vec<_>>(),
    }))
}
