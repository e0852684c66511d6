//! Schemas of tools as providers take them. The raw schema stays as it came; this is a copy made for a request.
//!
//! **Invariant:** pure; nothing is ever fetched, and what is made is bounded in depth and size.

mod arguments;
mod combine;
mod node;
mod refs;

use serde_json::{Map, Value, json};

pub(crate) use arguments::{coerce, read};
use node::Shaping;

/// A longer schema is no description any more.
const LONGEST: usize = 60_000;

/// Why a tool cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("Its arguments take {size} characters to describe; {LONGEST} is the most that is sent.")]
    TooLong { size: usize },
    #[error("Its input schema is no valid JSON Schema: {why}")]
    Invalid { why: String },
}

/// What a provider is given for a tool's input schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) parameters: Value,
    /// What the schema said that providers do not take, in words for the description.
    pub(crate) demands: Option<String>,
}

/// An object with properties at the root, everything local, nothing that providers refuse.
pub(crate) fn shape(raw: &Value) -> Result<Shape, Unusable> {
    let mut shaping = Shaping::new(raw);
    let demands = combine::demands(raw);
    let mut root = match shaping.root(raw) {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    root.insert("type".into(), "object".into());
    if !root.get("properties").is_some_and(Value::is_object) {
        root.insert("properties".into(), json!({}));
    }
    let parameters = Value::Object(root);
    let size = parameters.to_string().len();
    if size > LONGEST {
        return Err(Unusable::TooLong { size });
    }
    match jsonschema::draft202012::meta::validate(&parameters) {
        Ok(()) => Ok(Shape { parameters, demands }),
        Err(error) => Err(Unusable::Invalid { why: error.to_string().chars().take(300).collect() }),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
