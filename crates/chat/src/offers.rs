//! What a server offers besides tools: prompts, resources, and what it says of its work.

use serde::{Deserialize, Serialize};

use crate::{Content, Role};

/// Which kinds of things a server offers. The lists themselves are fetched when somebody looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct Offers {
    pub prompts: bool,
    pub resources: bool,
    /// Whether it completes arguments of prompts and variables of templates.
    pub completion: bool,
    pub logging: bool,
    /// How grave a message must be for it to send it; nothing where it writes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sends: Option<LogLevel>,
    /// Whether it tells when a resource has changed.
    pub subscriptions: bool,
    /// Grows whenever the list of prompts has changed: what was fetched before is out of date.
    pub prompts_changed: u32,
    /// The same for resources and their templates.
    pub resources_changed: u32,
}

impl Offers {
    /// The same, sending messages from that level on where it writes any.
    pub fn sending(self, level: LogLevel) -> Self {
        Self { sends: self.logging.then_some(level), ..self }
    }
}

/// A message that a server has ready, with blanks to fill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    pub server: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub description: String,
    pub arguments: Vec<PromptArgument>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PromptArgument {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub description: String,
    pub required: bool,
}

/// A prompt with its blanks filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FilledPrompt {
    pub description: String,
    pub messages: Vec<PromptMessage>,
    /// All of it as one text: what is put into the message box.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PromptMessage {
    pub role: Role,
    pub content: Vec<Content>,
}

/// Something of a server that can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub server: String,
    pub uri: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub mime_type: Option<String>,
    /// In bytes, where the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub size: Option<u64>,
}

/// Resources that share a pattern, such as `notes://{day}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplate {
    pub server: String,
    /// RFC 6570.
    pub uri_template: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub mime_type: Option<String>,
    /// The names in the pattern, in order.
    pub variables: Vec<String>,
}

/// Resources and patterns of one server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ResourceList {
    pub resources: Vec<Resource>,
    pub templates: Vec<ResourceTemplate>,
}

/// A resource as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub content: Vec<Content>,
    /// All of it as the model would read it, within the same budget as results of tools.
    pub text: String,
}

/// What could stand in a blank.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    pub values: Vec<String>,
    /// Whether there are more than these.
    pub more: bool,
}

/// Which blank is to be completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "of", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Blank {
    /// An argument of a prompt.
    Prompt { name: String, argument: String },
    /// A variable of a template.
    Template { uri_template: String, variable: String },
}

/// One line that a server wrote, to its standard error or as a log message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    pub at: u64,
    pub level: LogLevel,
    /// Which part of the server speaks, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub logger: Option<String>,
    pub text: String,
}

/// How grave a line is (RFC 5424); what comes from standard error says nothing of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    Debug,
    /// From its standard error, where programs write whatever they like.
    Stderr,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}
