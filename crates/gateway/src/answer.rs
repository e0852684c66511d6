//! What a call gets back: a result, or a refusal that a model can act on.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

/// The classes of errors that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// The caller can mend it: arguments, names, what is not there.
    Client,
    Permission,
    RateLimit,
    /// The backend failed.
    Backend,
    /// The gateway itself cannot go on.
    Server,
}

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "MCPClientError",
            Self::Permission => "PermissionError",
            Self::RateLimit => "RateLimitError",
            Self::Backend => "BackendError",
            Self::Server => "MCPServerError",
        }
    }
}

/// Why a call did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) class: Class,
    /// For programs; never changes.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) fix: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The status of a backend, where one answered.
    pub(crate) status: Option<u16>,
    /// What the server behind said, where the client is to hear just that.
    pub(crate) verbatim: Option<Box<Verbatim>>,
}

/// An error of the protocol, in the words of whoever raised it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verbatim {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), fix: None, retry_after: None, status: None, verbatim: None }
    }

    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Whole seconds, rounded up: nobody should come back too early.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
    }
}

/// What a client is given.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// MCP content blocks.
    pub(crate) content: Vec<Value>,
    pub(crate) structured: Option<Value>,
    pub(crate) is_error: bool,
    pub(crate) retry_after: Option<u64>,
    /// The result as another server wrote it: then nothing else counts.
    pub(crate) whole: Option<Value>,
    /// An error of the protocol instead of any result.
    pub(crate) verbatim: Option<Box<Verbatim>>,
    /// Whether a person has agreed to it.
    pub(crate) approved: bool,
}

impl Answer {
    fn new(content: Vec<Value>) -> Self {
        Self {
            content,
            structured: None,
            is_error: false,
            retry_after: None,
            whole: None,
            verbatim: None,
            approved: false,
        }
    }

    /// What another server wrote, untouched.
    pub(crate) fn whole(result: Value) -> Self {
        let is_error = result.get("isError") == Some(&Value::Bool(true));
        Self { is_error, whole: Some(result), ..Self::new(vec![]) }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::new(vec![text_block(text.into())])
    }

    /// JSON is given twice: for programs as it is, for models as text.
    pub(crate) fn json(value: Value) -> Self {
        let content = vec![text_block(value.to_string())];
        // Older clients know objects only.
        let structured = value.is_object().then_some(value);
        Self { structured, ..Self::new(content) }
    }

    pub(crate) fn refused(refusal: &Refusal, correlation: &Arc<str>) -> Self {
        let retry_after = refusal.retry_after_seconds();
        let mut error = json!({
            "class": refusal.class.name(),
            "code": refusal.code,
            "message": refusal.message,
            "correlationId": &**correlation,
        });
        for (name, value) in [
            ("fix", refusal.fix.clone().map(Value::from)),
            ("retryAfterSeconds", retry_after.map(Value::from)),
            ("status", refusal.status.map(Value::from)),
        ] {
            if let Some(value) = value {
                error[name] = value;
            }
        }
        let fix = refusal.fix.as_deref().map(|fix| format!(" {fix}")).unwrap_or_default();
        let text = format!("{} ({}): {}{fix}", refusal.class.name(), refusal.code, refusal.message);
        Self {
            structured: Some(json!({ "error": error })),
            is_error: true,
            retry_after,
            verbatim: refusal.verbatim.clone(),
            ..Self::new(vec![text_block(text)])
        }
    }

    /// As MCP writes it.
    pub(crate) fn into_value(self) -> Value {
        if let Some(whole) = self.whole {
            return whole;
        }
        let mut result = json!({ "content": self.content, "isError": self.is_error });
        if let Some(structured) = self.structured {
            result["structuredContent"] = structured;
        }
        result
    }
}

fn text_block(text: String) -> Value {
    json!({ "type": "text", "text": text })
}
