//! How a sign-in goes, step by step.

use serde::{Deserialize, Serialize};

/// The steps of a sign-in, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum SignInStage {
    /// The server is found and answers.
    Reach,
    /// The way to it is safe.
    Tls,
    /// It says who signs people in for it, and that one says how.
    Metadata,
    /// We are known there.
    Register,
    /// The person says yes in a browser.
    Consent,
    /// The answer is exchanged for tokens.
    Token,
    /// The server accepts them.
    FirstCall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum SignInProgress {
    Running,
    Done,
    /// There was nothing to do.
    Skipped,
    Failed,
}

/// One step as it stands now; the next word about the same step replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SignInStep {
    pub step: SignInStage,
    pub state: SignInProgress,
    /// What went over the wire, secrets masked.
    #[serde(default)]
    pub exchange: Vec<String>,
    /// What this means, for people.
    pub meaning: String,
    /// What to do where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<String>,
    /// Where the person says yes. Opened only on a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub link: Option<String>,
}

/// Somebody who is signed in to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    pub name: String,
    /// Whether calls are made in this name now.
    pub active: bool,
    pub issuer: String,
    pub scopes: Vec<String>,
    /// When the token ends, in milliseconds since 1970; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub expires_at: Option<u64>,
    /// Whether it renews itself.
    pub renews: bool,
}
