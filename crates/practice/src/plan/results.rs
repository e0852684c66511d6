//! What the tools answered so far, and the ids in it.

use serde_json::{Map, Value};

use super::param::Param;
use super::toolbox::Toolbox;
use super::words::{stems_of_name, words};
use crate::wire::{Message, ToolCall};

/// A call that was made, with what came back.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Record(Value),
    /// Text that is no JSON and no failure: some tools answer so.
    Text(String),
    Failed(String),
}

impl Made {
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Record(value) => Some(value),
            Outcome::Text(_) | Outcome::Failed(_) => None,
        }
    }
}

/// An id in a result: of what, and whether the record is itself the thing or only points to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) entity: String,
    pub(crate) id: Value,
    pub(crate) is_own: bool,
}

/// The calls among the messages, with their results.
pub(crate) fn made(messages: &[Message]) -> Vec<Made> {
    let mut made = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        for call in message.calls() {
            let results = messages[at + 1..].iter().take_while(|next| next.role == "tool");
            let result = results.into_iter().find(|next| next.tool_call_id.as_deref() == Some(&call.id));
            made.push(read(call, &result.map(Message::text).unwrap_or_default()));
        }
    }
    made
}

fn read(call: &ToolCall, text: &str) -> Made {
    let arguments = serde_json::from_str(&call.function.arguments).unwrap_or_default();
    Made { tool: call.function.name.clone(), arguments, outcome: outcome(text) }
}

fn outcome(text: &str) -> Outcome {
    let lower = text.trim_start().to_lowercase();
    let openings = [
        "tool error",
        "error",
        "refused",
        "denied",
        "failed",
        "not allowed",
        "cancelled",
        "stopped",
        "timed out",
        "the call was",
    ];
    if text.trim().is_empty() {
        return Outcome::Failed("the tool returned nothing".to_owned());
    }
    if openings.iter().any(|opening| lower.starts_with(opening)) {
        return Outcome::Failed(text.trim().to_owned());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(text)) => Outcome::Text(text),
        Ok(value) => match error_of(&value) {
            Some(error) => Outcome::Failed(error),
            None => Outcome::Record(value),
        },
        Err(_) => Outcome::Text(text.trim().to_owned()),
    }
}

/// The message of an object that holds nothing but an error.
fn error_of(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    let error = object.get("error").filter(|error| !error.is_null() && *error != &Value::Bool(false))?;
    let says_little = |(key, value): (&String, &Value)| key == "error" || !(value.is_array() || value.is_object());
    let message = error.as_str().or(error["message"].as_str()).map_or_else(|| error.to_string(), str::to_owned);
    object.iter().all(says_little).then_some(message)
}

/// Whether there is a record in a list of the result, or, where it has no list, anything.
pub(crate) fn has_records(value: &Value) -> bool {
    let lists: Vec<&Vec<Value>> = match value {
        Value::Array(list) => vec![list],
        Value::Object(object) => object.values().filter_map(Value::as_array).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    lists.is_empty() || lists.iter().any(|list| !list.is_empty())
}

/// All ids in the result of a call.
pub(crate) fn ids(made: &Made, toolbox: &Toolbox) -> Vec<Found> {
    let mut found = Vec::new();
    let noun = toolbox.find(&made.tool).map(|tool| tool.noun().to_owned()).unwrap_or_default();
    if let Some(value) = made.value() {
        walk(value, &noun, &mut found);
    }
    found
}

fn walk(value: &Value, parent: &str, found: &mut Vec<Found>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| walk(one, parent, found)),
        Value::Object(object) => {
            let mut is_first = true;
            for (key, value) in object {
                let stems = stems_of_name(key);
                let last = stems.last().map_or("", String::as_str);
                let entity = match stems.as_slice() {
                    [only] if only == "id" => parent,
                    [.., thing, id] if id == "id" => thing,
                    _ => last,
                };
                let names_id = last == "id";
                for one in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                    let is_shaped = one.as_str().is_some_and(|text| {
                        let words = words(text);
                        words.len() == 1 && words[0].is_id() && words[0].text == text
                    });
                    if is_shaped || (names_id && (one.is_string() || one.is_number())) {
                        let is_own = is_first && names_id && !value.is_array();
                        found.push(Found { entity: entity.to_owned(), id: one.clone(), is_own });
                    }
                }
                is_first &= !names_id;
                let below = if value.is_object() || value.is_array() { last } else { parent };
                walk(value, below, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the parameter takes the found id.
pub(crate) fn opens(param: &Param, found: &Found) -> bool {
    let Some(entity) = param.entity() else { return false };
    let is_number = found.id.is_number();
    if is_number != param.takes_numbers {
        return false;
    }
    match found.id.as_str().and_then(|id| param.fits(id)) {
        Some(fits) => fits,
        None => found.entity == entity,
    }
}
