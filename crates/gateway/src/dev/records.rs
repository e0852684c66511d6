//! The records of one tenant: objects with an id and a kind, and what happened with them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Arguments, Wrong};

#[derive(Default)]
pub(super) struct Records {
    pub(super) all: BTreeMap<String, Map<String, Value>>,
    pub(super) events: Vec<Value>,
    pub(super) actor: String,
    numbers: BTreeMap<String, u32>,
}

impl Records {
    /// With enough in it that every tool has something to show.
    pub(super) fn filled() -> Self {
        let mut records = Self { actor: "setup".to_owned(), ..Self::default() };
        for (kind, prefix, rows) in BEGINNING {
            for row in *rows {
                let fields = row.split(" | ").filter_map(|field| field.split_once('='));
                let fields = fields.map(|(name, value)| {
                    let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
                    (name.to_owned(), value)
                });
                records.create(kind, prefix, fields.collect());
            }
        }
        records.events.clear();
        records
    }

    pub(super) fn create(&mut self, kind: &str, prefix: &str, fields: Map<String, Value>) -> Value {
        let number = self.numbers.entry(prefix.to_owned()).or_default();
        *number += 1;
        let id = format!("{prefix}-{number:04}");
        let mut record = Map::new();
        record.insert("id".to_owned(), json!(id));
        record.insert("kind".to_owned(), json!(kind));
        record.extend(fields);
        record.insert("createdAt".to_owned(), json!(now()));
        self.all.insert(id.clone(), record.clone());
        self.happened(&id, "created", json!({ "kind": kind }));
        Value::Object(record)
    }

    pub(super) fn get(&self, id: &str) -> Result<&Map<String, Value>, Wrong> {
        self.all.get(id).ok_or_else(|| Wrong::NotFound(format!("there is no record {id}")))
    }

    pub(super) fn change(&mut self, id: &str, fields: Map<String, Value>) -> Result<Value, Wrong> {
        let record = self.all.get_mut(id).ok_or_else(|| Wrong::NotFound(format!("there is no record {id}")))?;
        let names: Vec<String> = fields.keys().cloned().collect();
        record.extend(fields);
        record.insert("updatedAt".to_owned(), json!(now()));
        let changed = Value::Object(record.clone());
        self.happened(id, "changed", json!({ "fields": names }));
        Ok(changed)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Map<String, Value>, Wrong> {
        let gone = self.all.remove(id).ok_or_else(|| Wrong::NotFound(format!("there is no record {id}")))?;
        self.happened(id, "deleted", Value::Null);
        Ok(gone)
    }

    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.all.values().filter(move |record| record.get("kind").and_then(Value::as_str) == Some(kind))
    }

    /// The record of that kind whose field has that value, whatever its case.
    pub(super) fn by(&self, kind: &str, field: &str, value: &str) -> Option<String> {
        let found = self.of(kind).find(|record| {
            record.get(field).and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(value))
        });
        found.and_then(|record| record.get("id")?.as_str().map(str::to_owned))
    }

    pub(super) fn happened(&mut self, id: &str, what: &str, more: Value) {
        let number = self.numbers.entry("EVT".to_owned()).or_default();
        *number += 1;
        let event = json!({
            "id": format!("EVT-{number:04}"), "type": what, "entityId": id, "actor": self.actor, "at": now(),
            "details": more, "acknowledged": false,
        });
        self.events.push(event);
    }
}

pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn given<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, Wrong> {
    arguments.get(name).and_then(Value::as_str).ok_or_else(|| Wrong::Invalid(format!("`{name}` is missing")))
}

pub(super) fn limit(arguments: &Arguments, otherwise: usize) -> usize {
    arguments.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(otherwise)
}

/// What a tool was given, without what is not for the record.
pub(super) fn fields(arguments: &Arguments, without: &[&str]) -> Map<String, Value> {
    let kept = arguments.iter().filter(|(name, _)| *name != "user_approved" && !without.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether any text of a record has the words in it.
pub(super) fn mentions(record: &Map<String, Value>, words: &str) -> bool {
    let text = Value::Object(record.clone()).to_string().to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

type Beginning = (&'static str, &'static str, &'static [&'static str]);

const BEGINNING: &[Beginning] = &[
    (
        "user",
        "USR",
        &[
            "email=mara@loquat.example | name=Mara Lindt | role=sales",
            "email=joe@loquat.example | name=Joe Abara | role=support",
        ],
    ),
    (
        "company",
        "COM",
        &[
            "domain=northwind.example | name=Northwind Traders | industry=wholesale",
            "domain=contoso.example | name=Contoso | industry=software",
            "domain=fabrikam.example | name=Fabrikam | industry=manufacturing",
        ],
    ),
    (
        "contact",
        "CUS",
        &[
            "email=ada@northwind.example | name=Ada Fields | phone=+49 30 5550101 | company_id=COM-0001 | owner_id=USR-0001",
            "email=ben@contoso.example | name=Ben Okafor | phone=+49 30 5550102 | company_id=COM-0002 | owner_id=USR-0001",
            "email=cleo@fabrikam.example | name=Cleo Marin | phone=+49 30 5550103 | company_id=COM-0003 | owner_id=USR-0002",
            "email=dan@contoso.example | name=Dan Weber | phone=+49 30 5550104 | company_id=COM-0002 | owner_id=USR-0002",
        ],
    ),
    ("pipeline", "PIP", &[r#"name=Sales | stages=["lead","qualified","proposal","negotiation","won","lost"]"#]),
    (
        "deal",
        "DEAL",
        &[
            "title=Warehouse scanners | amount=18000 | currency=EUR | pipeline_id=PIP-0001 | stage=proposal | contact_id=CUS-0001",
            "title=Support contract | amount=7200 | currency=EUR | pipeline_id=PIP-0001 | stage=negotiation | contact_id=CUS-0002",
            "title=Pilot line | amount=52000 | currency=EUR | pipeline_id=PIP-0001 | stage=qualified | contact_id=CUS-0003",
        ],
    ),
    (
        "memory",
        "MEM",
        &[
            r#"content=Northwind prefers invoices by post. | tags=["billing","northwind"] | archived=false"#,
            r#"content=Ben Okafor is on leave in August. | tags=["contoso","people"] | archived=false"#,
            r#"content=Fabrikam's pilot line needs a site visit first. | tags=["fabrikam","sales"] | archived=false"#,
        ],
    ),
];
