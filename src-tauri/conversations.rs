//! What the page says with its requests about conversations and their branches.

use chat::{ConversationId, ModelRef, ToolChoice, TurnId, VersionOf};
use engine::{Place, Question};
use serde::{Deserialize, Serialize};

/// A question for a conversation; a new one is begun where none is named.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendMessage {
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    conversation: Option<ConversationId>,
    text: String,
    /// Who shall answer; the model of the settings where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    model: Option<ModelRef>,
    /// Which tools a new conversation uses; the settings' where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    tools: Option<ToolChoice>,
    /// The turn whose question these are other words for: they stand in its place, as a branch of their own.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    edits: Option<TurnId>,
    /// What the model is told before everything else from now on; as it was where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    instructions: Option<String>,
    /// The files that come with it, by their ids.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>", optional))]
    attachments: Vec<String>,
}

impl From<SendMessage> for Question {
    fn from(request: SendMessage) -> Self {
        let SendMessage { conversation, text, model, tools, edits, instructions, attachments } = request;
        let place = edits.map_or(Place::End, Place::Edited);
        Self { conversation, text, model, tools, instructions, place, attachments }
    }
}

/// Where a question went.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    pub(crate) conversation: ConversationId,
    pub(crate) turn: TurnId,
}

/// A question that shall be answered once more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Regenerate {
    conversation: ConversationId,
    turn: TurnId,
    /// Who shall answer; the model of the settings where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    model: Option<ModelRef>,
}

impl From<Regenerate> for Question {
    fn from(Regenerate { conversation, turn, model }: Regenerate) -> Self {
        Self { conversation: Some(conversation), model, place: Place::Again(turn), ..Self::default() }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChooseVersion {
    pub(crate) conversation: ConversationId,
    /// The version that shall be looked at.
    pub(crate) turn: TurnId,
    pub(crate) of: VersionOf,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenameConversation {
    pub(crate) id: ConversationId,
    pub(crate) title: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PinConversation {
    pub(crate) id: ConversationId,
    pub(crate) pinned: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForkConversation {
    pub(crate) id: ConversationId,
    /// The last turn that is copied; all of them where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) at: Option<TurnId>,
}

/// What a conversation's model shall be told before everything else.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instruct {
    pub(crate) conversation: ConversationId,
    /// The settings' words where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) own: Option<String>,
}

/// One turn of a conversation.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TurnOf {
    pub(crate) conversation: ConversationId,
    pub(crate) turn: TurnId,
}

/// How much a model shall read.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadModel {
    pub(crate) model: ModelRef,
    /// In tokens.
    pub(crate) context: u32,
}
