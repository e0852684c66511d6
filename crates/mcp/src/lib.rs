//! Sessions with MCP servers: which there are, how each stands, what it offers, calling it, and keeping secrets for it.
//!
//! **Invariant:** no model and no UI is known here, and the types of `rmcp` end here: what goes out are the types of
//! `chat` and this crate's own.
//!
//! Start reading at [`Servers`]; what one server goes through is in `server.rs`.

mod auth;
mod board;
mod call;
mod catalogue;
mod clock;
mod common;
mod config;
mod connect;
mod consent;
mod credentials;
mod definition;
mod diagnose;
mod elicit;
mod era;
mod error;
mod exchange;
mod failure;
mod file;
mod folders;
mod host;
mod http;
mod import;
mod input;
mod jobs;
mod keychain;
mod lines;
mod lists;
mod log;
mod mask;
mod mend;
mod naming;
mod news;
mod offers;
mod output;
#[cfg(any(test, fuzzing))]
pub mod outside;
#[cfg(test)]
mod outside_tests;
mod paste;
mod process;
mod prompts;
mod questions;
mod references;
mod relay;
mod resources;
mod running;
mod sampling;
mod secret_file;
mod secrets;
mod server;
mod servers;
mod session;
mod shallow;
mod spread;
mod sse;
mod stdout;
mod tasks;
mod to_its_end;
mod told;
mod tools;
mod web;
mod wire;

pub use auth::{KeptSignIn, SignInError, read_sign_ins};
pub use board::{ServerChange, ServerSnapshot};
pub use call::CallRequest;
pub use catalogue::Catalogue;
pub use config::{Era, ServerConfig, Transport};
pub use consent::Consents;
pub use definition::{identity, text as definition_text};
pub use diagnose::way_to;
pub use error::{CallError, ConfigError, SecretError};
pub use file::{ServerFile, write_atomically};
pub use import::{Imported, KnownList, known_lists, read_list};
pub use keychain::Keychain;
pub use mask::text as masked;
pub use naming::slug;
pub use offers::Attendance;
pub use paste::parse_servers;
pub use process::aside::{AsideError, aside};
pub use questions::{Answers, PassedOn, Question, Reply, Root, Sampled, SampledCall};
pub use references::{
    inputs, own_name, secret_entry, secret_names, set_secrets_apart, variables_read, with_own_inputs,
};
pub use relay::{Listed, Relayed};
pub use secret_file::{KeychainOrFile, SecretFile};
pub use secrets::{Kept, MemorySecrets, Secret, Secrets, SecretsOrMemory};
pub use servers::{Servers, ServersOptions, SignedIn};
pub use to_its_end::{BrokeOff, ToItsEnd};
pub use tools::read as tools_of;
