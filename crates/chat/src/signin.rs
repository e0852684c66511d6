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
    /// How long it took, in milliseconds, once it has ended; a person's time included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ms: Option<u64>,
    /// What went over the wire, secrets masked.
    #[serde(default)]
    pub exchange: Vec<String>,
    /// What this means, for people.
    pub meaning: String,
    /// What to do where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<String>,
    /// What helps by one click, where it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Remedy>>", optional))]
    pub remedies: Vec<Remedy>,
    /// Where the person says yes. Opened only on a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub link: Option<String>,
}

/// What a person can do about a step that failed, besides trying again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "remedy", rename_all = "camelCase")]
pub enum Remedy {
    /// Forget who we are to the authorization server, and be introduced anew.
    ResetRegistration,
    /// Use a client that somebody registered there by hand.
    UseClient,
    /// Trust whoever signs people in here under that name, though it is not the expected one.
    TrustIssuer { issuer: String },
    /// Take the server for what it calls itself.
    UseResource { resource: String },
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
