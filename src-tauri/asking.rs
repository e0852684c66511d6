//! What the page says with its requests about calls, rules and tools.

use chat::{CallId, ConversationId, ModelRef, Remember, ToolChoice};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approve {
    pub(crate) call: CallId,
    pub(crate) remember: Remember,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explain {
    pub(crate) server: String,
    pub(crate) tool: String,
    #[cfg_attr(test, ts(type = "unknown"))]
    pub(crate) arguments: serde_json::Value,
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) conversation: Option<ConversationId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolsetOf {
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) conversation: Option<ConversationId>,
    /// The model of the settings where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) model: Option<ModelRef>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChooseTools {
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) choice: ToolChoice,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerApproval {
    pub(crate) call: CallId,
    pub(crate) allow: bool,
    /// A word to the model, with a refusal.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) word: Option<String>,
    /// With a yes: what shall be sent in place of what was proposed.
    #[serde(default)]
    #[cfg_attr(test, ts(type = "unknown", optional))]
    pub(crate) arguments: Option<serde_json::Value>,
}
