//! Customers, deals and everything around them.

use serde_json::{Map, Value, json};

use super::{
    Arguments, Wrong,
    records::{Records, fields, given, limit, mentions, now},
    report,
};

pub(super) fn run(records: &mut Records, operation: &str, arguments: &Arguments) -> Result<Value, Wrong> {
    let of_id = |name: &str| given(arguments, name).map(str::to_owned);
    match operation {
        "lookup_customer" => customer(records, given(arguments, "customer_id")?),
        "search_customers" => search(records, arguments),
        "create_note" => about(records, arguments, "note", "NOTE"),
        "log_call" => about(records, arguments, "call", "CALL"),
        "log_meeting" => about(records, arguments, "meeting", "MEET"),
        "log_email_engagement" => engagement(records, arguments),
        "update_pipeline" => move_deal(records, arguments),
        "link_entities" => link(records, arguments),
        "list_associations" => associations(records, arguments),
        "get_timeline" => timeline(records, arguments),
        "define_pipeline" => upsert(records, arguments, ("pipeline", "PIP", "name")),
        "list_pipelines" => Ok(json!({ "pipelines": records.of("pipeline").collect::<Vec<_>>() })),
        "upsert_contact" => contact(records, arguments),
        "upsert_company" => upsert(records, arguments, ("company", "COM", "domain")),
        "create_deal" => deal(records, arguments),
        "merge_contacts" => merge(records, arguments),
        "create_task" => Ok(records.create("task", "TASK", fields(arguments, &[]))),
        "complete_task" => {
            let mut done = fields(arguments, &["task_id"]);
            done.insert("done".to_owned(), json!(true));
            records.change(&of_id("task_id")?, done)
        }
        "define_property" => upsert(records, arguments, ("property", "PROP", "name")),
        "set_property" => {
            let value = arguments.get("value").cloned().unwrap_or_default();
            records.change(&of_id("entity_id")?, Map::from_iter([(of_id("name")?, value)]))
        }
        "create_segment" => Ok(records.create("segment", "SEG", fields(arguments, &[]))),
        other => administer(records, other, arguments),
    }
}

/// Users, webhooks, own kinds of records, and what the law asks for.
fn administer(records: &mut Records, operation: &str, arguments: &Arguments) -> Result<Value, Wrong> {
    let of_id = |name: &str| given(arguments, name).map(str::to_owned);
    match operation {
        "create_api_key" => {
            let mut key = records.create("api_key", "KEY", fields(arguments, &[]));
            key["key"] = json!(format!("dev_{}", uuid::Uuid::new_v4().simple()));
            Ok(key)
        }
        "upsert_user" => upsert(records, arguments, ("user", "USR", "email")),
        "create_team" => Ok(records.create("team", "TEAM", fields(arguments, &[]))),
        "add_team_member" => member(records, arguments),
        "assign_owner" => {
            records.get(given(arguments, "owner_id")?)?;
            records.change(&of_id("entity_id")?, fields(arguments, &["entity_id"]))
        }
        "gdpr_delete_contact" => forget(records, arguments),
        "gdpr_blocklist_email" => upsert(records, arguments, ("blocked", "BLK", "email")),
        "webhook_create" => {
            let mut hook = fields(arguments, &[]);
            hook.insert("active".to_owned(), json!(true));
            Ok(records.create("webhook", "HOOK", hook))
        }
        "webhook_list" => Ok(json!({ "webhooks": records.of("webhook").collect::<Vec<_>>() })),
        "webhook_disable" => {
            records.change(&of_id("webhook_id")?, Map::from_iter([("active".to_owned(), json!(false))]))
        }
        "webhook_dispatch" => {
            let hook = records.get(given(arguments, "webhook_id")?)?;
            Ok(json!({ "id": hook["id"], "url": hook["url"], "delivered": hook["active"], "at": now() }))
        }
        "define_object_type" => upsert(records, arguments, ("object_type", "TYPE", "name")),
        "create_object_record" => {
            let kind = of_id("object_type")?;
            records.by("object_type", "name", &kind).ok_or_else(|| Wrong::NotFound(format!("no kind {kind}")))?;
            Ok(records.create(&kind, "OBJ", fields(arguments, &["object_type"])))
        }
        "get_object_record" => records.get(given(arguments, "record_id")?).map(|record| json!(record)),
        "update_object_record" => update_object(records, arguments),
        other => report::run(records, other, arguments),
    }
}

fn customer(records: &Records, id: &str) -> Result<Value, Wrong> {
    let mut customer = records.get(id)?.clone();
    let linked = |name: &str| customer.get(name).and_then(Value::as_str).and_then(|id| records.all.get(id)).cloned();
    let (company, owner) = (linked("company_id"), linked("owner_id"));
    let deals = records.of("deal").filter(|deal| deal.get("contact_id").and_then(Value::as_str) == Some(id));
    let deals: Vec<_> = deals.cloned().collect();
    customer.insert("company".to_owned(), json!(company));
    customer.insert("owner".to_owned(), json!(owner));
    customer.insert("deals".to_owned(), json!(deals));
    Ok(Value::Object(customer))
}

fn search(records: &Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let words = given(arguments, "query")?;
    let company = |contact: &Map<String, Value>| {
        contact.get("company_id").and_then(Value::as_str).and_then(|id| records.all.get(id)).cloned()
    };
    let fits = |contact: &&Map<String, Value>| {
        mentions(contact, words) || company(contact).is_some_and(|company| mentions(&company, words))
    };
    let found: Vec<_> = records.of("contact").filter(fits).take(limit(arguments, 20)).collect();
    Ok(json!({ "total": found.len(), "customers": found }))
}

/// Something that belongs onto another record.
fn about(records: &mut Records, arguments: &Arguments, kind: &str, prefix: &str) -> Result<Value, Wrong> {
    let id = given(arguments, "entity_id")?.to_owned();
    records.get(&id)?;
    let made = records.create(kind, prefix, fields(arguments, &[]));
    records.happened(&id, kind, made["id"].clone());
    Ok(made)
}

fn engagement(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "contact_id")?.to_owned();
    records.get(&id)?;
    records.happened(&id, "email", Value::Object(fields(arguments, &["contact_id"])));
    Ok(json!({ "contactId": id, "logged": true }))
}

/// The record whose key it is is changed; where there is none, one is created.
fn upsert(
    records: &mut Records,
    arguments: &Arguments,
    (kind, prefix, key): (&str, &str, &str),
) -> Result<Value, Wrong> {
    let known = records.by(kind, key, given(arguments, key)?);
    match known {
        Some(id) => records.change(&id, fields(arguments, &[])),
        None => Ok(records.create(kind, prefix, fields(arguments, &[]))),
    }
}

pub(super) fn contact(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let email = given(arguments, "email")?;
    if !email.contains('@') {
        return Err(Wrong::Invalid(format!("{email} is no e-mail address")));
    }
    if records.by("blocked", "email", email).is_some() {
        return Err(Wrong::Invalid("this address is on the blocklist".to_owned()));
    }
    upsert(records, arguments, ("contact", "CUS", "email"))
}

fn stages(records: &Records, pipeline: &str) -> Result<Vec<Value>, Wrong> {
    Ok(records.get(pipeline)?.get("stages").and_then(Value::as_array).cloned().unwrap_or_default())
}

fn deal(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let mut deal = fields(arguments, &[]);
    let pipeline = arguments.get("pipeline_id").and_then(Value::as_str).unwrap_or("PIP-0001").to_owned();
    let stages = stages(records, &pipeline)?;
    let first = stages.first().cloned().unwrap_or_default();
    let stage = deal.entry("stage").or_insert(first);
    if !stages.contains(stage) {
        return Err(Wrong::Invalid(format!("the pipeline has no stage {stage}")));
    }
    deal.insert("pipeline_id".to_owned(), json!(pipeline));
    deal.entry("currency").or_insert(json!("EUR"));
    Ok(records.create("deal", "DEAL", deal))
}

fn move_deal(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "deal_id")?.to_owned();
    let own = records.get(&id)?.get("pipeline_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let pipeline = arguments.get("pipeline_id").and_then(Value::as_str).unwrap_or(&own).to_owned();
    let stage = json!(given(arguments, "stage")?);
    if !stages(records, &pipeline)?.contains(&stage) {
        return Err(Wrong::Invalid(format!("the pipeline has no stage {stage}")));
    }
    let moved = [("stage".to_owned(), stage), ("pipeline_id".to_owned(), json!(pipeline))];
    records.change(&id, Map::from_iter(moved))
}

fn link(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    records.get(given(arguments, "from_id")?)?;
    records.get(given(arguments, "to_id")?)?;
    let fields = fields(arguments, &[]);
    let same = |link: &&Map<String, Value>| fields.iter().all(|(name, value)| link.get(name) == Some(value));
    if let Some(known) = records.of("link").find(same) {
        return Ok(json!(known));
    }
    Ok(records.create("link", "LINK", fields))
}

fn associations(records: &Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "entity_id")?;
    records.get(id)?;
    let touches =
        |link: &&Map<String, Value>| ["from_id", "to_id"].iter().any(|end| link.get(*end) == Some(&json!(id)));
    let links: Vec<_> = records.of("link").filter(touches).take(limit(arguments, 50)).collect();
    Ok(json!({ "entityId": id, "associations": links }))
}

fn timeline(records: &Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "entity_id")?;
    records.get(id)?;
    let own = records.events.iter().rev().filter(|event| event["entityId"] == json!(id));
    Ok(json!({ "entityId": id, "events": own.take(limit(arguments, 50)).collect::<Vec<_>>() }))
}

fn merge(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let (primary, duplicate) =
        (given(arguments, "primary_id")?.to_owned(), given(arguments, "duplicate_id")?.to_owned());
    if primary == duplicate {
        return Err(Wrong::Invalid("a contact cannot be merged into itself".to_owned()));
    }
    records.get(&primary)?;
    let gone = records.delete(&duplicate)?;
    let kept = records.get(&primary)?.clone();
    let missing = gone.into_iter().filter(|(name, _)| !kept.contains_key(name)).collect();
    for record in records.all.values_mut() {
        for name in ["contact_id", "entity_id", "from_id", "to_id"] {
            if record.get(name) == Some(&json!(duplicate)) {
                record.insert(name.to_owned(), json!(primary));
            }
        }
    }
    records.change(&primary, missing)
}

fn member(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let (team, user) = (given(arguments, "team_id")?.to_owned(), given(arguments, "user_id")?);
    records.get(user)?;
    let mut members = records.get(&team)?.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    if !members.contains(&json!(user)) {
        members.push(json!(user));
    }
    records.change(&team, Map::from_iter([("members".to_owned(), json!(members))]))
}

/// The contact and everything that names them.
fn forget(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "contact_id")?.to_owned();
    records.delete(&id)?;
    let names = ["contact_id", "entity_id", "from_id", "to_id"];
    let named: Vec<String> = records
        .all
        .iter()
        .filter(|(_, record)| names.iter().any(|name| record.get(*name) == Some(&json!(id))))
        .map(|(id, _)| id.clone())
        .collect();
    for id in &named {
        records.delete(id)?;
    }
    records.events.retain(|event| event["entityId"] != json!(id));
    Ok(json!({ "contactId": id, "deleted": true, "alsoDeleted": named }))
}

fn update_object(records: &mut Records, arguments: &Arguments) -> Result<Value, Wrong> {
    let id = given(arguments, "record_id")?.to_owned();
    let mut properties = records.get(&id)?.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    properties.extend(arguments.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    records.change(&id, Map::from_iter([("properties".to_owned(), json!(properties))]))
}
