//! JSON schemas that language models and their providers digest: inline, without `$ref`, without unions with `null`.

use rmcp::model::JsonObject;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// What a tool takes. Optional arguments are simply not required; every argument has a title.
pub(crate) fn input<T: JsonSchema>() -> JsonObject {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12());
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            if let Value::Object(property) = property {
                property.entry("title").or_insert_with(|| title(name).into());
            }
        }
    }
    schema.entry("properties").or_insert_with(|| Map::new().into());
    schema
}

/// What a tool answers.
pub(crate) fn output<T: JsonSchema>() -> JsonObject {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    simplify(&mut schema);
    let mut object = match schema {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    // The name and description of the Rust type say nothing the tool's own do not.
    object.shift_remove("title");
    object.shift_remove("description");
    object
}

fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            drop_null(object);
            if object.get("format").and_then(Value::as_str).is_some_and(is_machine_format) {
                object.shift_remove("format");
            }
            object.values_mut().for_each(simplify);
        }
        Value::Array(values) => values.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The width of an integer in memory is no business of the reader.
fn is_machine_format(format: &str) -> bool {
    ["uint", "int", "float", "double"].iter().any(|kind| format.starts_with(kind))
}

fn drop_null(object: &mut JsonObject) {
    if let Some(Value::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            object.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    let null = serde_json::json!({ "type": "null" });
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| *choice != null);
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

fn title(name: &str) -> String {
    let words = name.split('_').enumerate().map(|(at, word)| match word {
        "id" | "os" | "sla" => word.to_uppercase(),
        word if at == 0 => word[..1].to_uppercase() + &word[1..],
        word => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{CustomerId, Os};

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is read")]
    struct Sample {
        /// Whose.
        customer_id: CustomerId,
        /// Which system.
        os: Option<Os>,
        /// From this day on.
        since: Option<jiff::civil::Date>,
        /// How many.
        #[schemars(range(min = 1, max = 5), extend("default" = 2))]
        limit: Option<u32>,
    }

    #[test]
    fn schemas_are_flat_and_plain() {
        assert_eq!(
            Value::Object(input::<Sample>()),
            serde_json::json!({
                "type": "object",
                "properties": {
                    "customer_id": { "title": "Customer ID", "description": "Whose.", "type": "string", "pattern": r"^CUST-\d{3}$", "examples": ["CUST-001"] },
                    "os": { "title": "OS", "description": "Which system.", "type": "string", "enum": ["windows", "linux", "macos"] },
                    "since": { "title": "Since", "description": "From this day on.", "type": "string", "format": "date" },
                    "limit": { "title": "Limit", "description": "How many.", "type": "integer", "minimum": 1, "maximum": 5, "default": 2 },
                },
                "required": ["customer_id"],
            })
        );
    }
}
