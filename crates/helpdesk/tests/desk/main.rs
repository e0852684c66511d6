//! The help-desk servers as a client meets them: real processes that speak JSON-RPC over standard input and output.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails, wherever it stands")]

mod answers;
mod client;
mod protocol;
mod recorded;
mod refusals;
