//! What the page says with its requests about providers' keys and about servers.

use engine::ServerSettings;
use serde::{Deserialize, Serialize};

/// A key on its way to the keychain. Nothing ever brings it back to the page.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreKey {
    pub(crate) provider: String,
    pub(crate) key: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeServer {
    pub(crate) name: String,
    pub(crate) settings: ServerSettings,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportServers {
    /// As it was previewed: a path or the text itself.
    pub(crate) source: String,
    /// The entries that are wanted, by their places.
    pub(crate) chosen: Vec<u32>,
}

/// A server's secret on its way to the keychain. Nothing ever brings it back to the page.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreSecret {
    /// As it stands in `${secret:…}`.
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnableServer {
    pub(crate) name: String,
    pub(crate) enabled: bool,
}
