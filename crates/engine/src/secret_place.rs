//! Where secrets are kept: in the keychain, or, where none answers, in a file under a passphrase or until Loquat ends.
//! Never in the open.

use std::sync::Arc;

use chat::{ErrorReport, ServerState};
use mcp::{Keychain, KeychainOrFile, Secret, SecretFile, Secrets};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::home::Home;

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "place", rename_all = "camelCase")]
pub enum SecretPlace {
    Keychain,
    /// No keychain took what was given: it is lost when Loquat ends, unless a person chooses the file.
    Memory,
    /// `open`: its passphrase has been given since Loquat was started.
    File {
        open: bool,
    },
}

/// The file of that home, and the place where secrets are kept in it: `given`, else as the person has chosen.
pub(crate) async fn of_home(
    home: &Home,
    given: Option<Arc<dyn Secrets>>,
    passphrase: Option<Secret>,
) -> Result<(SecretFile, Arc<dyn Secrets>), ErrorReport> {
    let file = SecretFile::at(home.secret_file());
    if let Some(passphrase) = passphrase.filter(|_| file.exists()) {
        file.unlock(passphrase).await.map_err(|error| error.report())?;
    }
    let usual = || KeychainOrFile::new(Keychain::new(home.keychain_service()), file.clone());
    let kept = given.unwrap_or_else(|| Arc::new(usual()));
    Ok((file, kept))
}

impl Engine {
    pub fn secret_place(&self) -> SecretPlace {
        let file = &self.inner.secret_file;
        match (file.exists(), self.inner.secrets.holds_for_now() || self.inner.keys.holds_for_now()) {
            (true, _) => SecretPlace::File { open: file.is_open() },
            (false, true) => SecretPlace::Memory,
            (false, false) => SecretPlace::Keychain,
        }
    }

    /// From now on secrets are kept in a file under that passphrase, and what was kept for now is kept there, too.
    pub async fn make_secret_file(&self, passphrase: &str) -> Result<(), ErrorReport> {
        self.inner.secret_file.create(Secret::new(passphrase)).await.map_err(|error| error.report())?;
        self.secrets_opened().await
    }

    /// Opens the file with the secrets until Loquat ends.
    pub async fn unlock_secrets(&self, passphrase: &str) -> Result<(), ErrorReport> {
        self.inner.secret_file.unlock(Secret::new(passphrase)).await.map_err(|error| error.report())?;
        self.secrets_opened().await
    }

    async fn secrets_opened(&self) -> Result<(), ErrorReport> {
        self.inner.secrets.settle().await.map_err(|error| error.report())?;
        self.inner.keys.settle().await.map_err(|error| error.report())?;
        self.inner.keys.look_up().await;
        self.tell_settings();
        // What was in vain without them is tried again.
        for server in self.server_views() {
            let waits = matches!(
                server.state,
                ServerState::NeedsSignIn | ServerState::Failed { .. } | ServerState::Reconnecting { .. }
            );
            if waits {
                self.reconnect_server(&server.name).await?;
            }
        }
        Ok(())
    }
}
