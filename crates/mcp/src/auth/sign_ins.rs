//! Everybody who is signed in anywhere, by server.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Account, InNameOf, index::Indices, vault::Vault};
use crate::{
    SecretError, Secrets, ServerConfig,
    credentials::{Accounts, Credentials, Nobody},
};

/// Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct SignIns {
    vault: Vault,
    indices: Indices,
    /// As configured when they were last asked for: the session and the sign-in must see the same one.
    known: Arc<Mutex<HashMap<Whose, Known>>>,
}

/// A server's name, and the account's where it is not whichever is used.
type Whose = (String, Option<String>);

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

    /// That account of the server, or whichever is used. Nothing where nobody signs in.
    pub(crate) fn account(&self, config: &ServerConfig, name: Option<&str>) -> Option<Arc<Account>> {
        let whose: Whose = (config.name.clone(), name.map(str::to_owned));
        let mut known = self.known();
        let same = |known: &&Known| {
            known.config.transport == config.transport
                && known.config.auth == config.auth
                && known.config.ca == config.ca
        };
        if let Some(known) = known.get(&whose).filter(same) {
            return Some(known.account.clone());
        }
        let account = Account::new(config, self.vault.clone(), self.indices.clone(), whose.1.clone())?;
        let account = Arc::new(account);
        known.insert(whose, Known { config: config.clone(), account: account.clone() });
        Some(account)
    }

    /// Whether anybody has signed in anywhere.
    pub(crate) fn has_any(&self) -> Result<bool, SecretError> {
        Ok(!self.indices.read()?.is_empty())
    }

    /// What is remembered of accounts of a server is looked up anew: of those that `which` names.
    pub(crate) fn forget(&self, server: &str, which: impl Fn(Option<&str>) -> bool) {
        self.known().retain(|(name, account), _| name != server || !which(account.as_deref()));
    }

    /// The servers as that account uses them.
    pub(crate) fn only(&self, account: &str) -> Only {
        Only { sign_ins: self.clone(), account: account.to_owned() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Whose, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn credentials(&self, config: &ServerConfig, name: Option<&str>) -> Arc<dyn Credentials> {
        match self.account(config, name) {
            Some(account) => Arc::new(InNameOf::whoever_is_used(account)),
            None => Arc::new(Nobody),
        }
    }
}

impl Accounts for SignIns {
    fn of(&self, config: &ServerConfig) -> Arc<dyn Credentials> {
        self.credentials(config, None)
    }
}

/// One account alone, whichever is used otherwise.
pub(crate) struct Only {
    sign_ins: SignIns,
    account: String,
}

impl Accounts for Only {
    fn of(&self, config: &ServerConfig) -> Arc<dyn Credentials> {
        self.sign_ins.credentials(config, Some(&self.account))
    }
}
