//! Tools as providers take them, made once for each definition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat::Tool;
use mcp::Catalogue;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::search::ToolIndex;
use crate::schema::{self, Unusable};

/// Definitions come and go with their servers; beyond this the old ones are forgotten.
const MOST: usize = 8_192;

/// A tool ready to be sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The name the model is given.
    pub(crate) called: String,
    /// The whole entry of a request's `tools`, as it is written.
    pub(crate) function: Box<RawValue>,
    parameters: Value,
    /// About what it costs in a request.
    pub(crate) tokens: u32,
}

impl Prepared {
    /// `strict` stays off: MCP schemas are not made for it.
    pub(crate) fn new(called: &str, description: &str, parameters: Value) -> Self {
        let function = json!({ "type": "function", "function": {
            "name": called, "description": description, "parameters": parameters,
        } });
        // What was a value can be written.
        let function = to_raw_value(&function).unwrap_or_default();
        let tokens = u32::try_from(function.get().chars().count().div_ceil(4)).unwrap_or(u32::MAX);
        Self { called: called.to_owned(), function, parameters, tokens }
    }

    pub(crate) fn parameters(&self) -> &Value {
        &self.parameters
    }
}

type Outcome = Result<Arc<Prepared>, Unusable>;

/// What has been made ready; one for all conversations.
#[derive(Default)]
pub(crate) struct Preparing {
    made: Mutex<HashMap<(String, String), Outcome>>,
    index: Mutex<Option<(Arc<Catalogue>, Arc<ToolIndex>)>>,
}

impl Preparing {
    /// The tool as it is sent, or why it cannot be.
    pub(crate) fn prepare(&self, tool: &Tool) -> Outcome {
        if tool.definition.is_empty() {
            return prepare(tool);
        }
        let key = (tool.called.clone(), tool.definition.clone());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() > MOST {
            made.clear();
        }
        made.entry(key).or_insert_with(|| prepare(tool)).clone()
    }

    /// The catalogue ready to be searched: the same as long as it is the same catalogue.
    pub(crate) fn index(&self, catalogue: &Arc<Catalogue>) -> Arc<ToolIndex> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        match &*index {
            Some((known, index)) if Arc::ptr_eq(known, catalogue) => index.clone(),
            _ => {
                let made = Arc::new(ToolIndex::new(catalogue.tools()));
                *index = Some((catalogue.clone(), made.clone()));
                made
            }
        }
    }
}

/// About what a tool costs in a request, in tokens; nothing where it cannot be sent.
pub fn token_price(tool: &Tool) -> Option<u32> {
    prepare(tool).ok().map(|prepared| prepared.tokens)
}

fn prepare(tool: &Tool) -> Outcome {
    let shape = schema::shape(&tool.input_schema)?;
    let description = match shape.demands {
        Some(demands) if !tool.description.contains(&demands) => format!("{} {demands}", tool.description),
        _ => tool.description.clone(),
    };
    Ok(Arc::new(Prepared::new(&tool.called, description.trim(), shape.parameters)))
}
