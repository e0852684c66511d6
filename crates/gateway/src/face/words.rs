//! Answers in the words of the protocol.

use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, ErrorCode, InputRequiredResult, Tool},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{answer::Answer, offer::Offer};

/// Refused by the gateway itself.
const REFUSED: ErrorCode = ErrorCode(-32000);

/// What cannot be said in MCP's words is not offered.
pub(super) fn tool(offer: &Offer) -> Option<Tool> {
    serde_json::from_value(offer.listed()).ok()
}

pub(super) fn called(answer: Answer) -> CallToolResponse {
    if let Some(asked) = answer.whole.as_ref().and_then(input_required) {
        return asked.into();
    }
    let (content, structured, is_error) = match answer.whole {
        Some(whole) => match serde_json::from_value::<CallToolResult>(whole.clone()) {
            Ok(result) => return result.into(),
            // Servers write odd results; what can be read of them is passed on.
            Err(_) => (blocks(&whole), whole.get("structuredContent").cloned(), answer.is_error),
        },
        None => (answer.content, answer.structured, answer.is_error),
    };
    let blocks = content
        .iter()
        .map(|block| serde_json::from_value(block.clone()).unwrap_or_else(|_| ContentBlock::text(block.to_string())));
    let blocks = blocks.collect();
    let mut result = if is_error { CallToolResult::error(blocks) } else { CallToolResult::success(blocks) };
    result.structured_content = structured;
    result.into()
}

fn blocks(whole: &Value) -> Vec<Value> {
    match &whole["content"] {
        Value::Array(list) => list.clone(),
        Value::String(text) => vec![serde_json::json!({ "type": "text", "text": text })],
        Value::Object(block) => vec![Value::Object(block.clone())],
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![],
    }
}

/// A result of what is no tool: complete, or what is to be answered first.
pub(super) fn given<T, R>(answer: Answer) -> Result<R, ErrorData>
where
    T: DeserializeOwned + Into<R>,
    R: From<InputRequiredResult>,
{
    match &answer.whole {
        Some(whole) => match input_required(whole) {
            Some(asked) => Ok(asked.into()),
            None => plain::<T>(answer).map(Into::into),
        },
        None => Err(refused(&answer)),
    }
}

/// A result that is always complete.
pub(super) fn plain<T: DeserializeOwned>(answer: Answer) -> Result<T, ErrorData> {
    let Some(whole) = answer.whole else { return Err(refused(&answer)) };
    serde_json::from_value(whole)
        .map_err(|error| ErrorData::internal_error(format!("the server's answer cannot be read: {error}"), None))
}

/// Where there is no result in which it could be said, an error of the protocol says it.
fn refused(answer: &Answer) -> ErrorData {
    let message = answer.content.first().and_then(|block| block["text"].as_str()).unwrap_or("refused").to_owned();
    let error = answer.structured.as_ref().and_then(|structured| structured.get("error")).cloned();
    let is_mendable = error.as_ref().is_some_and(|error| error["class"] == "MCPClientError");
    ErrorData::new(if is_mendable { ErrorCode::INVALID_PARAMS } else { REFUSED }, message, error)
}

fn input_required(whole: &Value) -> Option<InputRequiredResult> {
    (whole.get("resultType")? == "input_required").then(|| serde_json::from_value(whole.clone()).ok())?
}

/// Entries of a list; one that is not as the protocol has it costs itself.
pub(super) fn entries<T: DeserializeOwned>(list: Vec<Value>) -> Vec<T> {
    list.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
}
