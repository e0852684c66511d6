//! Everything that can go wrong at a provider, as what the person can do about it.

use std::time::Duration;

use chat::{ErrorCode, ErrorReport};
use serde_json::Value;

#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    #[error("{provider} did not answer")]
    Unreachable { provider: String, address: String, cause: String },
    #[error("no key is stored for {provider}")]
    KeyMissing { provider: String },
    #[error("{provider} does not accept the key")]
    KeyRejected { provider: String, said: String },
    #[error("{provider} asks to wait")]
    RateLimited { provider: String, said: String, wait: Option<Duration> },
    #[error("the account at {provider} has nothing left")]
    QuotaExhausted { provider: String, said: String },
    #[error("the conversation is too long for the model")]
    ContextOverflow { said: String },
    /// The request itself was not accepted: asking again changes nothing.
    #[error("{provider} refused the request")]
    Refused {
        provider: String,
        status: u16,
        said: String,
        /// Which part of the request it names, such as `tools[3].function.parameters`.
        about: String,
    },
    /// An error on the other side, by status or in the middle of a stream.
    #[error("{provider} failed")]
    Failed { provider: String, status: Option<u16>, said: String },
    #[error("{provider} sent something that is no answer")]
    NotUnderstood { provider: String, said: String },
    #[error("the answer broke off")]
    Cut { cause: String },
    #[error("the answer is longer than allowed")]
    TooLong,
    #[error("the provider's filter ended the answer")]
    Filtered,
    #[error("{provider} did not go on")]
    TimedOut { provider: String, waited: Duration },
}

impl ProviderError {
    /// From a status other than 2xx and the body that came with it.
    pub(crate) fn from_status(provider: &str, status: u16, wait: Option<Duration>, body: &str) -> Self {
        let (said, code) = words(body);
        let provider = provider.to_owned();
        match status {
            401 | 403 => Self::KeyRejected { provider, said },
            429 if is_quota(&code, &said) => Self::QuotaExhausted { provider, said },
            429 => Self::RateLimited { provider, said, wait },
            400 | 413 | 422 if is_overflow(&code, &said) => Self::ContextOverflow { said },
            408 | 409 | 500..=599 => Self::Failed { provider, status: Some(status), said },
            _ => Self::Refused { provider, status, said, about: about(body) },
        }
    }

    /// From an `error` member inside a stream that began with 200.
    pub(crate) fn from_stream(provider: &str, error: &Value) -> Self {
        let (said, code) = words(&serde_json::json!({ "error": error }).to_string());
        let provider = provider.to_owned();
        match () {
            () if is_overflow(&code, &said) => Self::ContextOverflow { said },
            () if is_quota(&code, &said) => Self::QuotaExhausted { provider, said },
            () if code.contains("rate_limit") => Self::RateLimited { provider, said, wait: None },
            () => Self::Failed { provider, status: None, said },
        }
    }

    /// Whether asking again may help. Never after something of an answer arrived: the caller sees to that.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { wait, .. } => wait.is_none_or(|wait| wait <= Duration::from_secs(60)),
            Self::Unreachable { .. } | Self::Failed { .. } | Self::Cut { .. } => true,
            Self::KeyMissing { .. }
            | Self::KeyRejected { .. }
            | Self::QuotaExhausted { .. }
            | Self::ContextOverflow { .. }
            | Self::Refused { .. }
            | Self::NotUnderstood { .. }
            | Self::TooLong
            | Self::Filtered
            | Self::TimedOut { .. } => false,
        }
    }

    /// Whether it may be that the provider gives no answer in one piece.
    pub(crate) fn wants_pieces(&self) -> bool {
        match self {
            // "Upstream" is something else.
            Self::Refused { said, .. } => {
                said.to_lowercase().split(|letter: char| !letter.is_alphabetic()).any(|word| word.starts_with("stream"))
            }
            Self::NotUnderstood { .. } => true,
            _ => false,
        }
    }

    /// How long the provider asked to wait.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait, .. } => *wait,
            _ => None,
        }
    }

    /// The one of these tools, in the order in which they were sent, that the provider refused: by its number or name.
    pub(crate) fn refused_tool(&self, sent: &[&str]) -> Option<String> {
        let Self::Refused { said, about, .. } = self else { return None };
        let words = format!("{about} {said}");
        let numbered = ["tools", "functions"].iter().find_map(|list| numbered(&words, list));
        let by_number = numbered.and_then(|at| sent.get(at)).map(|name| (*name).to_owned());
        by_number.or_else(|| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let mut tokens = words.split(|c: char| !is_part(c));
            tokens.find(|token| sent.contains(token)).map(str::to_owned)
        })
    }

    pub fn report(&self) -> ErrorReport {
        let (message, fix) = self.words();
        let report = ErrorReport::new(self.code(), message).fix(fix);
        match self {
            Self::Unreachable { cause, .. } | Self::Cut { cause } => report.because(cause),
            Self::KeyRejected { said, .. }
            | Self::RateLimited { said, .. }
            | Self::QuotaExhausted { said, .. }
            | Self::ContextOverflow { said }
            | Self::Refused { said, .. }
            | Self::Failed { said, .. }
            | Self::NotUnderstood { said, .. } => report.because(said),
            Self::KeyMissing { .. } | Self::TooLong | Self::Filtered | Self::TimedOut { .. } => report,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Unreachable { .. } => ErrorCode::ProviderUnreachable,
            Self::KeyMissing { .. } => ErrorCode::KeyMissing,
            Self::KeyRejected { .. } => ErrorCode::KeyRejected,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::QuotaExhausted { .. } => ErrorCode::QuotaExhausted,
            Self::ContextOverflow { .. } => ErrorCode::ContextOverflow,
            Self::Refused { .. } | Self::Failed { .. } | Self::NotUnderstood { .. } => ErrorCode::ProviderFailed,
            Self::Cut { .. } => ErrorCode::AnswerCut,
            Self::TooLong => ErrorCode::AnswerTooLong,
            Self::Filtered => ErrorCode::AnswerFiltered,
            Self::TimedOut { .. } => ErrorCode::TimedOut,
        }
    }

    /// What happened, and what to do now.
    fn words(&self) -> (String, &'static str) {
        match self {
            Self::Unreachable { provider, address, .. } if provider == "LM Studio" => (
                format!("LM Studio did not answer at {address}."),
                "Start LM Studio, load a model and switch its server on; then try again.",
            ),
            Self::Unreachable { provider, address, .. } => (
                format!("{provider} did not answer at {address}."),
                "Check the network and the address in Settings → Models; then try again.",
            ),
            Self::KeyMissing { provider } => (
                format!("{provider} needs an API key, and none is stored."),
                "Paste one in Settings → Models. It goes into this system's keychain.",
            ),
            Self::KeyRejected { provider, .. } => (
                format!("{provider} does not accept the API key."),
                "Look at the address and the key in Settings → Models.",
            ),
            Self::RateLimited { provider, .. } => {
                (format!("{provider} gets too many requests from this account."), "Wait a moment, then try again.")
            }
            Self::QuotaExhausted { provider, .. } => (
                format!("The account at {provider} has nothing left to spend."),
                "Add credit there, or choose another model.",
            ),
            Self::ContextOverflow { .. } => (
                "The conversation is longer than this model can read.".into(),
                "Start a new chat, switch some tools off, or load the model with a larger context.",
            ),
            Self::Refused { provider, status, .. } => (
                format!("{provider} refused the request (HTTP {status})."),
                "Check the model's name and the advanced settings in Settings → Models.",
            ),
            Self::Failed { provider, status, .. } => {
                let status = status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
                (format!("{provider} failed to answer{status}."), "Try again; the fault is on the provider's side.")
            }
            Self::NotUnderstood { provider, .. } => (
                format!("{provider} sent something that is no answer."),
                "Is this the address of an OpenAI-compatible API? It usually ends in /v1.",
            ),
            Self::Cut { .. } => ("The answer broke off.".into(), "What arrived is kept. Try again for a whole answer."),
            Self::TooLong => (
                "The answer ends here because it reached the longest length allowed.".into(),
                "Ask it to go on, or allow longer answers in Settings → Models → Advanced.",
            ),
            Self::Filtered => (
                "The provider's content filter ended the answer.".into(),
                "What arrived is kept. Ask in other words, or ask another model.",
            ),
            Self::TimedOut { provider, waited } => (
                format!("{provider} sent nothing for {} s.", waited.as_secs()),
                "Try again; a local model may still be loading.",
            ),
        }
    }
}

/// The provider's own words and its error code, from whatever shape the body has.
fn words(body: &str) -> (String, String) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    match serde_json::from_str::<Value>(body) {
        Ok(json) => {
            let error = if json["error"].is_null() { &json } else { &json["error"] };
            let said = match error {
                Value::String(said) => said.clone(),
                _ => ["message", "detail", "error"]
                    .iter()
                    .map(|key| text(&error[key]))
                    .find(|it| !it.is_empty())
                    .unwrap_or_else(|| error.to_string()),
            };
            let code = format!("{} {}", text(&error["code"]), text(&error["type"]));
            (shorten(&said), code)
        }
        Err(_) if body.trim_start().starts_with('<') => ("It answered with a web page.".into(), String::new()),
        Err(_) => (shorten(body), String::new()),
    }
}

/// The part of the request that the body names.
fn about(body: &str) -> String {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let param = json["error"]["param"].as_str().map(str::to_owned);
    // FastAPI's way: `detail[0].loc` is a path.
    let path = json["detail"][0]["loc"].as_array().map(|path| {
        let parts = path.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
        parts.collect::<Vec<String>>().join(".")
    });
    param.or(path).unwrap_or_default()
}

/// The number in `list[3]` or `list.3`.
fn numbered(words: &str, list: &str) -> Option<usize> {
    words.match_indices(list).find_map(|(at, _)| {
        let rest = words[at + list.len()..].strip_prefix(['[', '.'])?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    })
}

fn is_quota(code: &str, said: &str) -> bool {
    code.contains("insufficient_quota") || code.contains("billing") || said.contains("exceeded your current quota")
}

/// OpenAI's code, and the words of LM Studio, llama.cpp, vLLM and Ollama.
fn is_overflow(code: &str, said: &str) -> bool {
    let said = said.to_lowercase();
    code.contains("context_length_exceeded")
        || ["context length", "context the overflows", "context window", "context size", "maximum context"]
            .iter()
            .any(|words| said.contains(words))
}

/// What somebody said, without a secret of ours that they said back to us.
pub(crate) fn without(said: &str, secret: &str) -> String {
    if secret.is_empty() { said.to_owned() } else { said.replace(secret, "•••") }
}

/// Enough to understand, little enough to show.
pub(crate) fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(600) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_bodies_become_what_the_person_can_do() {
        use ErrorCode::*;
        let rows = [
            (401, r#"{"error":{"message":"Incorrect API key"}}"#, KeyRejected),
            (429, r#"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#, RateLimited),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#,
                QuotaExhausted,
            ),
            (
                400,
                r#"{"error":{"message":"maximum context length is 8192","code":"context_length_exceeded"}}"#,
                ContextOverflow,
            ),
            (400, r#"{"error":"Trying to keep the first 5000 tokens when context the overflows"}"#, ContextOverflow),
            (400, r#"{"error":{"message":"bad tool"}}"#, ProviderFailed),
            (500, "oops", ProviderFailed),
            (404, "<html>", ProviderFailed),
        ];
        for (status, body, code) in rows {
            let error = ProviderError::from_status("P", status, None, body);
            assert_eq!(error.report().code, code, "{status} {body}");
        }
    }

    #[test]
    fn a_refused_tool_is_known_by_its_number_or_name() {
        let sent = ["a__one", "a__one-more", "b__two"];
        let rows = [
            (r#"{"error":{"message":"Invalid schema","param":"tools[2].function.parameters"}}"#, Some("b__two")),
            (r#"{"error":{"message":"Invalid 'functions[1].name': too long"}}"#, Some("a__one-more")),
            (
                r#"{"error":{"message":"Invalid schema for function 'a__one-more': array without items"}}"#,
                Some("a__one-more"),
            ),
            (r#"{"error":"[{\"path\": [\"tools.0.function\"]}]"}"#, Some("a__one")),
            (r#"{"detail":[{"loc":["body","tools",2,"function"],"msg":"wrong"}]}"#, Some("b__two")),
            (r#"{"error":{"message":"tools[9] is wrong"}}"#, None),
            (r#"{"error":{"message":"the model does not support tools"}}"#, None),
            (r#"{"error":{"message":"something else"}}"#, None),
        ];
        for (body, expected) in rows {
            let error = ProviderError::from_status("P", 400, None, body);
            assert_eq!(error.refused_tool(&sent).as_deref(), expected, "{body}");
        }
        assert_eq!(ProviderError::from_status("P", 500, None, "tools[0]").refused_tool(&sent), None);
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        let error = |status, body| ProviderError::from_status("P", status, None, body);
        assert!(error(500, "").is_passing() && error(429, "").is_passing());
        assert!(!error(401, "").is_passing() && !error(400, "").is_passing());
        assert!(!error(429, r#"{"error":{"code":"insufficient_quota"}}"#).is_passing());
        let long = ProviderError::from_status("P", 429, Some(Duration::from_secs(3600)), "");
        assert!(!long.is_passing());
    }
}
