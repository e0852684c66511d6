//! What the page says with its requests about questions, prompts, resources, logs and parts of conversations.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chat::{Answer, Blank, CallId, ConversationId, ErrorCode, ErrorReport, ItemId, LogLevel, PageFrom, TurnId};
use engine::InChat;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerQuestion {
    pub(crate) question: ItemId,
    pub(crate) answer: Answer,
}

/// A call, and the conversation it belongs to.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallRef {
    pub(crate) conversation: ConversationId,
    pub(crate) call: CallId,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FillPrompt {
    pub(crate) server: String,
    pub(crate) name: String,
    /// By the names of the prompt's arguments.
    pub(crate) arguments: BTreeMap<String, String>,
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) chat: Option<InChat>,
}

/// Whose offers are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offering {
    /// One server; all of them where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) server: Option<String>,
    /// In that chat's names; else in those that are used everywhere.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) chat: Option<InChat>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadResource {
    pub(crate) server: String,
    pub(crate) uri: String,
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) chat: Option<InChat>,
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
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) chat: Option<InChat>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerLog {
    pub(crate) server: String,
    pub(crate) least: LogLevel,
}

/// A file that a person chose, dropped or pasted.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attach {
    pub(crate) name: String,
    /// What it holds, as base64.
    data: String,
}

impl Attach {
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, ErrorReport> {
        BASE64_STANDARD.decode(&self.data).map_err(|error| {
            ErrorReport::new(ErrorCode::InvalidInput, "The file did not arrive whole.")
                .because(error.to_string())
                .fix("Attach it again.")
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadTurns {
    pub(crate) conversation: ConversationId,
    pub(crate) from: PageFrom,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadOutput {
    pub(crate) turn: TurnId,
    pub(crate) call: CallId,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadOutputLines {
    pub(crate) turn: TurnId,
    pub(crate) call: CallId,
    pub(crate) from: usize,
    /// Not with this one.
    pub(crate) to: usize,
}

pub(crate) fn strings(texts: BTreeMap<String, String>) -> Map<String, Value> {
    texts.into_iter().map(|(name, text)| (name, Value::from(text))).collect()
}
