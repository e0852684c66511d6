//! What a turn consists of: messages, calls, and what servers asked meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Attachment, CallId, ErrorReport, ItemId, Leave, Question, ToolHints};

/// One thing shown in the conversation. Always the whole of it, so no reader can drift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Item {
    Message(Message),
    ToolCall(ToolCall),
    Question(Question),
}

impl Item {
    /// The id by which this item is replaced.
    pub fn id(&self) -> &str {
        match self {
            Self::Message(message) => message.id.as_str(),
            Self::ToolCall(call) => call.id.as_str(),
            Self::Question(question) => question.id.as_str(),
        }
    }

    /// Which of the turn's requests to the model it belongs to, from 1; 0 for the question itself.
    pub fn round(&self) -> u32 {
        match self {
            Self::Message(message) => message.round,
            Self::ToolCall(call) => call.round,
            Self::Question(question) => question.round,
        }
    }
}

/// What a person or the model said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: ItemId,
    pub role: Role,
    /// Which of the turn's requests to the model it answers, from 1; 0 for the question itself.
    pub round: u32,
    /// CommonMark with GFM tables.
    pub text: String,
    /// The files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Attachment>>", optional))]
    pub attachments: Vec<Attachment>,
    /// What the model thought aloud before it spoke; shown folded, not sent back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// When its first character arrived.
    pub at: u64,
    /// When the model stopped thinking and began to speak, if it thought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub spoke_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    User,
    Assistant,
}

/// One use of a tool, from the model's proposal to its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    pub id: CallId,
    /// The id by which the model knows this call; unique within its round, never empty.
    pub wire_id: String,
    /// Which of the turn's requests to the model it answers, from 1.
    pub round: u32,
    /// The name the model used: what goes back to it in the history.
    pub called: String,
    /// The server's configured name; empty when no server offers such a tool.
    pub server: String,
    /// Whether it is a tool of Loquat's own, which reaches no server but what the conversation already holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub own: bool,
    /// The tool's own name at its server.
    pub tool: String,
    /// In whose name it is called, where the conversation says so or more than one account is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub account: Option<String>,
    /// The tool's title for people, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    /// What the server says of the tool. The server's word, nothing more.
    pub hints: ToolHints,
    /// The fingerprint of the tool's definition when it was called; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>", optional))]
    pub definition: String,
    /// As proposed. A string where the model's JSON could not be read: then its own text.
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    pub arguments: Value,
    /// What had to be guessed to understand it, in words for people; a mended call that may change something is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub mended: Option<String>,
    /// Who let it run, once somebody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub leave: Option<Leave>,
    pub status: CallStatus,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub started_at: Option<u64>,
    /// When its status became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ended_at: Option<u64>,
}

/// Where a call stands. Refused is not failed: it never ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum CallStatus {
    /// The model wants it; nobody has judged it yet.
    Proposed,
    /// A person must say yes first.
    AwaitingApproval {
        reason: String,
        /// How the tool differs from the one that was allowed before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        change: Option<Change>,
    },
    Running {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        progress: Option<Progress>,
    },
    Succeeded {
        output: Output,
    },
    Failed {
        error: ErrorReport,
    },
    Refused {
        reason: String,
    },
}

impl CallStatus {
    pub fn is_final(&self) -> bool {
        match self {
            Self::Proposed | Self::AwaitingApproval { .. } | Self::Running { .. } => false,
            Self::Succeeded { .. } | Self::Failed { .. } | Self::Refused { .. } => true,
        }
    }
}

/// How a definition differs from the one that a person allowed; the pieces in order are both texts at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When the former one was allowed.
    pub allowed_at: u64,
    pub pieces: Vec<Piece>,
}

/// A run of words that are in both texts or in one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    pub kind: PieceKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum PieceKind {
    Same,
    Removed,
    Added,
}

/// How far a running call says it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub done: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub total: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub message: Option<String>,
}

/// What a tool returned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub content: Vec<Content>,
    /// The structured form (MCP `structuredContent`), any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
    pub structured: Option<Value>,
    /// Exactly what the model is given of it.
    pub model_text: String,
    /// All that the model may read of it, where it was given only a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub whole: Option<String>,
    /// Size of the result as it came over the wire, in bytes.
    pub bytes: u64,
    /// How much of it is left out here because it is too large to be told to every face, in bytes: see
    /// [`Output::shorten`].
    #[serde(default, skip_serializing_if = "is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<u64>", optional))]
    pub withheld: u64,
    /// Whether something of it was nested so deeply that it was left out.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub too_deep: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(it: &bool) -> bool {
    !it
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// One block of a result (MCP content block).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    Text {
        text: String,
    },
    /// `data` is base64.
    Image {
        data: String,
        mime_type: String,
    },
    /// `data` is base64.
    Audio {
        data: String,
        mime_type: String,
    },
    Link {
        uri: String,
        name: String,
    },
    /// An embedded resource; `text` where it is text.
    Resource {
        uri: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        mime_type: Option<String>,
        /// Base64, where it is no text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        blob: Option<String>,
    },
    /// A block of a kind that Loquat does not know, as it came.
    Other {
        #[cfg_attr(feature = "ts", ts(type = "unknown"))]
        value: Value,
    },
}
