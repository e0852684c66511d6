//! What goes over the wire: the request as read, the error shape, usage. Shapes follow the chat completions reference
//! of the OpenAI API; fields the endpoint does not use are ignored, not refused.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The body of `POST /v1/chat/completions`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ChatRequest {
    #[serde(default)]
    pub model: String,
    #[serde(default)]
    pub messages: Vec<Message>,
    #[serde(default)]
    pub tools: Vec<Tool>,
    #[serde(default)]
    pub tool_choice: Value,
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub stream_options: StreamOptions,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct StreamOptions {
    #[serde(default)]
    pub include_usage: bool,
}

/// One message of any role; the role stays text because servers of this API meet new ones over time.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Message {
    pub role: String,
    #[serde(default)]
    pub content: Value,
    #[serde(default)]
    pub tool_calls: Option<Vec<ToolCall>>,
    #[serde(default)]
    pub tool_call_id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct ToolCall {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub function: Function,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Function {
    #[serde(default)]
    pub name: String,
    /// JSON as text, exactly as the model wrote it.
    #[serde(default)]
    pub arguments: String,
}

/// A tool the request offers.
#[derive(Debug, Clone, Deserialize)]
pub struct Tool {
    pub function: ToolFunction,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct ToolFunction {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub parameters: Value,
}

/// Token counts; estimated at four characters a token, as the endpoint has no tokeniser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
    pub prompt_tokens_details: CachedTokens,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CachedTokens {
    pub cached_tokens: u64,
}

impl Usage {
    pub fn new(prompt: u64, completion: u64, cached: u64) -> Self {
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt + completion,
            prompt_tokens_details: CachedTokens { cached_tokens: cached },
        }
    }
}

/// An error as this API words it: `{error: {message, type, param, code}}`.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: String,
    pub kind: &'static str,
    pub param: Option<&'static str>,
    pub code: Option<&'static str>,
}

impl Refusal {
    pub fn bad_request(message: impl Into<String>, param: Option<&'static str>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            kind: "invalid_request_error",
            param,
            code: None,
        }
    }

    pub fn with(self, status: StatusCode, code: &'static str) -> Self {
        Self { status, code: Some(code), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
        }});
        (self.status, Json(body)).into_response()
    }
}

impl ChatRequest {
    /// Reads a body, or says in the API's words what is wrong with it.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| Refusal::bad_request(format!("The body could not be read: {error}"), None))?;
        if request.model.is_empty() {
            return Err(Refusal::bad_request("You must provide a model parameter.", Some("model")));
        }
        if request.messages.is_empty() {
            let message = "'messages' must hold at least one message.";
            return Err(Refusal::bad_request(message, Some("messages")));
        }
        Ok(request)
    }
}

impl Message {
    /// The text of the message; of content in parts, the text parts.
    pub fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
        }
    }

    pub fn calls(&self) -> &[ToolCall] {
        self.tool_calls.as_deref().unwrap_or_default()
    }
}
