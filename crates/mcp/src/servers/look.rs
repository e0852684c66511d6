//! Asking a server that is not in the list, for whoever is about to add it.

use std::sync::Arc;

use chat::Diagnosis;

use super::Servers;
use crate::{ServerConfig, Transport, connect::Setting, credentials::Nobody, diagnose::diagnose, references};

impl Servers {
    /// Asks a server that somebody may add, in nobody's name: what it is and offers, or which step fails. Nothing of
    /// it is kept. Nothing where it is a program, or where it would be sent what is kept on this computer: both need
    /// a person's word first.
    pub async fn look_at(&self, config: &ServerConfig) -> Option<Diagnosis> {
        if matches!(config.transport, Transport::Stdio { .. }) || !references::of(config).is_empty() {
            return None;
        }
        let setting = self.inner.setting.clone();
        // A server that is called the same may have somebody signed in.
        let stranger = Setting { accounts: Arc::new(Nobody), secrets: None, ..setting };
        Some(diagnose(config, &stranger, Ok(None)).await)
    }
}
