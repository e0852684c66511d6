//! Everybody who is signed in anywhere, by server.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Account, index::Indices, vault::Vault};
use crate::{
    Secrets, ServerConfig,
    credentials::{Accounts, Credentials, Nobody},
};

/// Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct SignIns {
    vault: Vault,
    indices: Indices,
    /// As configured when they were last asked for: the session and the sign-in must see the same one.
    known: Arc<Mutex<HashMap<String, Known>>>,
}

struct Known {
    config: ServerConfig,
    account: Arc<Account>,
}

impl SignIns {
    /// `locks`: where programs that run at the same time agree who may renew what. `list`: the file that says who is
    /// signed in where, without any secret.
    pub(crate) fn new(secrets: Arc<dyn Secrets>, locks: Option<PathBuf>, list: Option<PathBuf>) -> Self {
        Self { vault: Vault::new(secrets, locks), indices: Indices::new(list), known: Arc::default() }
    }

    /// Nothing where nobody signs in.
    pub(crate) fn account(&self, config: &ServerConfig) -> Option<Arc<Account>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Known| {
            known.config.transport == config.transport
                && known.config.auth == config.auth
                && known.config.ca == config.ca
        };
        if let Some(known) = known.get(&config.name).filter(same) {
            return Some(known.account.clone());
        }
        let account = Arc::new(Account::new(config, self.vault.clone(), self.indices.clone())?);
        known.insert(config.name.clone(), Known { config: config.clone(), account: account.clone() });
        Some(account)
    }
}

impl Accounts for SignIns {
    fn of(&self, config: &ServerConfig) -> Arc<dyn Credentials> {
        match self.account(config) {
            Some(account) => account,
            None => Arc::new(Nobody),
        }
    }
}
