//! What whoever is signed in may do, and what more is wanted of them.

use super::{Account, challenge::Challenge, record::Tokens};
use crate::SecretError;

/// What an account would need so that the server lets its call through.
pub(crate) struct Lacking {
    /// In whose name the server turned us away; nobody's where nobody is signed in.
    pub(crate) account: Option<String>,
    /// Rights that are wanted besides those there are.
    pub(crate) more: Vec<String>,
    pub(crate) rights: Vec<String>,
}

impl Account {
    /// As the server said when it last turned us away.
    pub(crate) async fn lacking(&self) -> Result<Lacking, SecretError> {
        let account = self.active()?;
        let rights = match &account {
            Some(account) => self.rights(account).await?,
            None => vec![],
        };
        let challenge = self.challenge().filter(Challenge::wants_more_rights);
        let wanted = challenge.map(|challenge| challenge.scopes).unwrap_or_default();
        let more = wanted.into_iter().filter(|right| !rights.contains(right)).collect();
        Ok(Lacking { account, more, rights })
    }

    /// The rights that somebody has by now.
    pub(super) async fn rights(&self, account: &str) -> Result<Vec<String>, SecretError> {
        let tokens: Option<Tokens> = self.vault.read(&self.tokens_entry(account)).await?;
        Ok(tokens.map(|tokens| tokens.scopes).unwrap_or_default())
    }

    /// The server as it was configured for this account, with everything in its place.
    pub(crate) fn config(&self) -> &crate::ServerConfig {
        &self.config
    }
}
