//! What a server asks of a person while it works: a form, a visit to a page, or the model's words.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CallId, Content, Field, ItemId, ModelRef, Role};

/// A server's question, from its arrival to its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Question {
    pub id: ItemId,
    /// Which of the turn's requests to the model led to it, from 1.
    pub round: u32,
    /// The call during which it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub call: Option<CallId>,
    /// Who asks: the server's configured name.
    pub server: String,
    pub ask: Ask,
    pub status: QuestionStatus,
    /// When it was asked.
    pub at: u64,
    /// When its status became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ended_at: Option<u64>,
}

/// What is wanted. All words in it are the server's, except where it is we who ask for a sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Ask {
    /// Fields to fill (MCP elicitation, form mode).
    Form {
        message: String,
        fields: Vec<Field>,
        /// Verbatim, as the server sent it (JSON Schema).
        #[cfg_attr(feature = "ts", ts(type = "unknown"))]
        schema: Value,
    },
    /// A page to be opened in the browser (MCP elicitation, URL mode). Never opened without a click.
    Url {
        message: String,
        url: String,
        /// Where it leads, to be shown before anything is opened.
        host: String,
    },
    /// Words of the model (MCP sampling): this is everything that would be sent.
    Sampling { request: SamplingRequest },
    /// A sign-in, or one with more rights than there are: the server refused the call for want of it, and the call is
    /// made again afterwards.
    SignIn {
        /// The tool that wants it, by its own name.
        tool: String,
        /// The name in which somebody is signed in now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        account: Option<String>,
        /// Rights that are wanted besides those there are; empty where nobody is signed in.
        more: Vec<String>,
        /// The rights there are.
        rights: Vec<String>,
    },
}

/// Where a question stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum QuestionStatus {
    /// For a person's word.
    Waiting,
    /// A person agreed; the model is writing what the server asked for.
    Answering {
        model: ModelRef,
    },
    /// `content`: what the server was given.
    Accepted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
        content: Option<Value>,
    },
    Declined,
    /// Nobody answered, or nobody could.
    Cancelled {
        reason: String,
    },
}

impl QuestionStatus {
    pub fn is_final(&self) -> bool {
        match self {
            Self::Waiting | Self::Answering { .. } => false,
            Self::Accepted { .. } | Self::Declined | Self::Cancelled { .. } => true,
        }
    }
}

/// What a person says to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum Answer {
    Accept {
        /// The filled fields of a form, by name; absent ones are filled with the form's defaults.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "Record<string, unknown>", optional))]
        content: Option<Value>,
        /// Who shall write what sampling asks for; the turn's own model where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        model: Option<ModelRef>,
    },
    /// No, and the server is told so.
    Decline,
    /// Closed without a decision.
    Cancel,
}

/// What a server would send to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SamplingRequest {
    pub messages: Vec<SamplingMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub system_prompt: Option<String>,
    /// The server's own; it runs them itself.
    #[serde(default)]
    pub tools: Vec<SamplingTool>,
    /// `auto`, `required` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tool_choice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub max_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub temperature: Option<f32>,
    #[serde(default)]
    pub stop: Vec<String>,
    /// Names of models that it would like, best first.
    #[serde(default)]
    pub model_hints: Vec<String>,
    /// How much it cares, from 0 to 1, for cost, speed and intelligence.
    #[serde(default)]
    pub priorities: Priorities,
}

/// How a server weighs models; what it says nothing of is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Priorities {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cost: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub speed: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub intelligence: Option<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SamplingMessage {
    pub role: Role,
    pub parts: Vec<SamplingPart>,
}

/// One block of such a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SamplingPart {
    Content {
        content: Content,
    },
    /// The model wanted one of the server's tools.
    ToolUse {
        id: String,
        name: String,
        #[cfg_attr(feature = "ts", ts(type = "unknown"))]
        input: Value,
    },
    /// What the server's tool gave back.
    ToolResult {
        id: String,
        content: Vec<Content>,
        failed: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SamplingTool {
    pub name: String,
    pub description: String,
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub input_schema: Value,
}
