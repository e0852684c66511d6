//! What an engine is opened with.

use std::path::PathBuf;
use std::sync::Arc;

use chat::Rule;
use mcp::{Secret, Secrets, ServerConfig};

use crate::home::Home;
use crate::ledger::Face;
use crate::settings::Settings;

/// What an engine is opened with.
pub struct Options {
    pub home: Home,
    /// The bundled help-desk program; without it there is no help desk.
    pub helpdesk: Option<PathBuf>,
    /// These servers instead of the home's, for as long as this engine lives.
    pub servers: Option<Vec<ServerConfig>>,
    /// Whether their programs wait for a person's word as those of the home do; else giving them was that word.
    pub ask_first: bool,
    /// These settings instead of the home's, likewise.
    pub settings: Option<Settings>,
    /// Rules besides those that follow from the servers.
    pub rules: Vec<Rule>,
    /// Another place for secrets than the OS keychain.
    pub secrets: Option<Arc<dyn Secrets>>,
    /// Through what calls are made: the ledger tells.
    pub face: Face,
    /// Opens the file with the secrets, where a person keeps them in one.
    pub passphrase: Option<Secret>,
    /// Where PostgreSQL is, for an engine of several copies: there they find each other's conversations with programs.
    pub database: Option<Secret>,
}

impl Options {
    pub fn new(home: Home) -> Self {
        Self {
            home,
            helpdesk: None,
            servers: None,
            ask_first: false,
            settings: None,
            rules: vec![],
            secrets: None,
            face: Face::default(),
            passphrase: None,
            database: None,
        }
    }
}
