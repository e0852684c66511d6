//! What comes with a question besides its words. Only what it is; what it holds lies in the store.

use serde::{Deserialize, Serialize};

/// A file that came with a question, as it was when it was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Names what it holds in the store.
    pub id: String,
    /// The file's name, without a folder.
    pub name: String,
    /// Size of the file, in bytes.
    pub bytes: u64,
    pub kind: AttachmentKind,
}

/// How a model reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum AttachmentKind {
    /// A picture, scaled down to what models look at.
    Image { width: u32, height: u32 },
    /// Text or code: all of it, so many characters.
    Text { characters: usize },
}
