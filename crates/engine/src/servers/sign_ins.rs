//! Sign-ins that another program keeps in a file in the open: taken over to where secrets are, and the file offered for
//! deletion.

use std::path::Path;

use chat::{ErrorCode, ErrorReport};
use mcp::{KeptSignIn, ServerConfig, Transport, read_sign_ins};
use serde::{Deserialize, Serialize};

use super::import::{place, read};
use crate::engine::Engine;
use crate::secret_place::SecretPlace;

/// Where the program that wrote such files put them: beside its list of servers.
const USUAL_NAME: &str = ".mcp_tokens.json";

/// One sign-in of such a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportSignIn {
    /// What the server is called there.
    pub entry: String,
    /// The server here that it is for; nothing where there is none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub server: Option<String>,
}

/// What became of one sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportedSignIn {
    pub server: String,
    /// False where somebody is signed in there already: that one stays.
    pub taken: bool,
    /// Whether it is still there after the next start; otherwise the file is still needed.
    pub lasts: bool,
    /// Why it could not be taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub error: Option<ErrorReport>,
}

impl Engine {
    /// Takes over every sign-in of the file for which there is a server. The file stays as it is.
    pub async fn import_sign_ins(&self, path: &str) -> Result<Vec<ImportedSignIn>, ErrorReport> {
        let mut imported = vec![];
        for kept in found(path)? {
            let Some(server) = server_of(&kept.entry, &self.configs()) else { continue };
            let (taken, error) = match self.inner.servers.adopt(&server, &kept).await {
                Ok(taken) => (taken, None),
                Err(error) => (false, Some(error.report())),
            };
            let lasts = self.secrets_last();
            imported.push(ImportedSignIn { server, taken, lasts, error });
        }
        // They may be kept only for now.
        self.tell_settings();
        Ok(imported)
    }

    /// Deletes the file; only one that holds sign-ins, and only where these last without it.
    pub fn delete_sign_in_file(&self, path: &str) -> Result<(), ErrorReport> {
        let refused =
            |cause: &str| Err(ErrorReport::new(ErrorCode::InvalidInput, "This file is not deleted.").because(cause));
        if found(path)?.is_empty() {
            return refused("There is no sign-in in it.");
        }
        if !self.secrets_last() {
            return refused("There is no keychain here: what was taken over ends with Loquat, and the file does not.");
        }
        std::fs::remove_file(place(path)).map_err(|error| {
            ErrorReport::new(ErrorCode::StorageFailed, "The file could not be deleted.")
                .because(error.to_string())
                .fix("Delete it yourself: the tokens in it are not protected.")
        })
    }

    fn secrets_last(&self) -> bool {
        matches!(self.secret_place(), SecretPlace::Keychain | SecretPlace::File { open: true })
    }

    /// The sign-ins in a text, and which servers here they are for.
    pub(super) fn sign_ins_in(&self, text: &str) -> Vec<ImportSignIn> {
        let servers = self.configs();
        let shown = |kept: KeptSignIn| ImportSignIn { server: server_of(&kept.entry, &servers), entry: kept.entry };
        read_sign_ins(text).into_iter().map(shown).collect()
    }
}

/// The file with sign-ins that lies beside a list of servers.
pub(super) fn beside(list: &Path) -> Option<String> {
    let path = list.parent()?.join(USUAL_NAME);
    let there = path.is_file() && path != list;
    there.then(|| path.display().to_string())
}

fn found(path: &str) -> Result<Vec<KeptSignIn>, ErrorReport> {
    Ok(read_sign_ins(&read(path)?))
}

/// By its name or its address.
fn server_of(entry: &str, servers: &[ServerConfig]) -> Option<String> {
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    let is_for = |config: &&ServerConfig| match &config.transport {
        Transport::Http { url, .. } | Transport::Sse { url, .. } => {
            config.name == entry || config.name == mcp::slug(entry) || plain(url) == plain(entry)
        }
        Transport::Stdio { .. } => false,
    };
    servers.iter().find(is_for).map(|config| config.name.clone())
}
