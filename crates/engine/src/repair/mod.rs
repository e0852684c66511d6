//! Calls that small models get nearly right: recognised for what they are, mended only where there is one meaning.
//!
//! Nothing here lets a call run. Whatever was mended says so ([`chat::ToolCall::mended`]), and a mended call that may
//! change something is asked about, whatever was allowed before.

mod json;
mod written;

pub(crate) use json::mended;
pub(crate) use written::{Written, written};
