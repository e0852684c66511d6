//! What the page says with its requests about signing in.

use serde::{Deserialize, Serialize};

/// Under which name; in the one that is used where absent.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignIn {
    pub(crate) server: String,
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) account: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UseAccount {
    pub(crate) server: String,
    pub(crate) account: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrustIssuer {
    pub(crate) server: String,
    pub(crate) issuer: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UseResource {
    pub(crate) server: String,
    pub(crate) resource: String,
}

/// A secret on its way to the keychain. Nothing ever brings it back to the page.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UseClient {
    pub(crate) server: String,
    pub(crate) id: String,
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) secret: Option<String>,
}
