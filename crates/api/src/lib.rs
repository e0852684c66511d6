//! The engine as an HTTP server that other programs talk to: OpenAI's chat completions and responses, and a simpler
//! shape of its own. Tools of MCP servers run here, on the server's side, also while an answer streams.
//!
//! **Invariant:** decides nothing about tools itself: what a key may do is a policy, the same as everywhere.
//!
//! Start reading at `serve.rs` (the routes), then `completions.rs` (one request and its answer).

mod answer;
mod api;
mod asked;
mod caller;
mod completions;
mod docs;
mod door;
mod error;
mod handed;
mod keys;
mod kinds;
mod messages;
mod metrics;
mod models;
mod pictures;
mod requests;
mod responses;
mod serve;
mod sessions;
mod simple;
mod stream;
mod switch;
mod team_keys;

pub use api::{Api, Door};
pub use keys::{Key, KeyError, KeyRights, KeyView, Keys, NewKey};
pub use serve::{Served, serve};
pub use switch::{LocalApi, Switch};
pub use team_keys::TeamKeys;
