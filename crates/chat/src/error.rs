//! An error as a person meets it.

use serde::{Deserialize, Serialize};

/// What happened, why as far as known, and what to do now. Never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ErrorReport {
    /// Decides what the window offers; the words below are for people.
    pub code: ErrorCode,
    /// What happened, one sentence.
    pub message: String,
    /// Why, as far as known: often the other side's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cause: Option<String>,
    /// What the person can do now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<String>,
}

impl ErrorReport {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), cause: None, fix: None }
    }

    /// Adds why it happened.
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Adds what to do now.
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// Add a code only when a face does something with it; remove it when none does any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// Nothing more is known; only the words help.
    Unknown,
    /// What the person gave cannot be used as it is; the form stays open.
    InvalidInput,
    /// It is not there (any more); the list is refreshed.
    NotFound,
    /// The provider's address did not answer: Settings → Models and Try again are offered.
    ProviderUnreachable,
    /// The provider does not accept the key: Settings → Models is offered.
    KeyRejected,
    /// No key is stored for a provider that wants one: Settings → Models is offered.
    KeyMissing,
    /// Too many requests for now: Try again is offered.
    RateLimited,
    /// The account has nothing left: no retry is offered.
    QuotaExhausted,
    /// The conversation is longer than the model can read.
    ContextOverflow,
    /// The provider answered with an error of its own: Try again is offered.
    ProviderFailed,
    /// The answer broke off: Try again is offered.
    AnswerCut,
    /// The answer reached the longest length allowed: Settings → Models is offered.
    AnswerTooLong,
    /// The provider's filter ended the answer: Try again is offered.
    AnswerFiltered,
    /// The model was asked as often as allowed without coming to an end.
    RoundLimit,
    /// The tool ran and said that it failed.
    ToolFailed,
    /// The model named a tool that no server offers.
    ToolUnknown,
    /// The model's arguments are not a JSON object.
    ArgumentsInvalid,
    /// The server is off, gone or not ready: Settings → Servers is offered.
    ServerUnavailable,
    /// The server wants to know who asks: Sign in is offered.
    SignInRequired,
    /// No answer within the deadline.
    TimedOut,
    /// Loquat ended while this was under way; whether it took effect is not known.
    Interrupted,
    /// The OS keychain did not answer or is locked.
    KeychainUnavailable,
    /// The disk refused: full, read-only, or damaged.
    StorageFailed,
}
