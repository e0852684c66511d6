//! What the page says with its requests about questions, prompts, resources, logs and servers.

use std::collections::BTreeMap;

use chat::{Answer, Blank, ItemId, LogLevel};
use engine::ServerSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerQuestion {
    pub(crate) question: ItemId,
    pub(crate) answer: Answer,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FillPrompt {
    pub(crate) server: String,
    pub(crate) name: String,
    /// By the names of the prompt's arguments.
    pub(crate) arguments: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceRef {
    pub(crate) server: String,
    pub(crate) uri: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Complete {
    pub(crate) server: String,
    pub(crate) blank: Blank,
    /// What stands in the blank so far.
    pub(crate) begun: String,
    /// The blanks filled already.
    #[serde(default)]
    pub(crate) others: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerLog {
    pub(crate) server: String,
    pub(crate) least: LogLevel,
}

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

pub(crate) fn strings(texts: BTreeMap<String, String>) -> Map<String, Value> {
    texts.into_iter().map(|(name, text)| (name, Value::from(text))).collect()
}
