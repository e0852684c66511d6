//! Who is signed in to one server, and the one in whose name it is called.

use std::sync::{Arc, Mutex, PoisonError};

use chat::{AccountView, SignInStage};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    SignInError,
    challenge::Challenge,
    discover::plain,
    exchange::{self, Web},
    grant,
    index::{Index, Indices},
    record::{Registration, Tokens},
    settings::{AuthSettings, Grant},
    vault::Vault,
};
use crate::{SecretError, ServerConfig, http};

/// What an account is called that nobody gave a name.
pub(crate) const DEFAULT: &str = "default";

/// One server's accounts, and the one that is used.
pub(crate) struct Account {
    pub(super) vault: Vault,
    indices: Indices,
    /// The server's configured name.
    pub(super) name: String,
    pub(super) server: Url,
    pub(super) settings: AuthSettings,
    pub(super) config: ServerConfig,
    client: OnceCell<reqwest::Client>,
    /// Whose it always is; whoever is used where absent.
    fixed: Option<String>,
    /// How the server last turned us away.
    challenge: Mutex<Option<Challenge>>,
    /// The account in use and its tokens, once they have been looked up.
    current: Mutex<Option<Option<Current>>>,
}

#[derive(Clone)]
pub(super) struct Current {
    pub(super) account: String,
    pub(super) tokens: Arc<Tokens>,
}

impl Account {
    /// Nothing where nobody signs in. `fixed`: always that account, whichever is used otherwise.
    pub(crate) fn new(config: &ServerConfig, vault: Vault, indices: Indices, fixed: Option<String>) -> Option<Self> {
        let (server, settings) = AuthSettings::of(config)?;
        Some(Self {
            vault,
            indices,
            name: config.name.clone(),
            server,
            settings,
            config: config.clone(),
            client: OnceCell::new(),
            fixed,
            challenge: Mutex::default(),
            current: Mutex::default(),
        })
    }

    /// The way to the server and to those who sign people in for it.
    pub(super) async fn web(&self) -> Result<Web, SignInError> {
        let broken = |cause: String| SignInError::Unreachable { stage: SignInStage::Reach, cause };
        let client = self.client.get_or_try_init(|| async {
            let builder = http::builder(&self.config).await.map_err(|error| broken(error.to_string()))?;
            exchange::client(builder).map_err(|error| broken(http::causes(&error)))
        });
        Ok(Web::new(client.await?.clone(), self.server.clone()))
    }

    pub(super) fn challenge(&self) -> Option<Challenge> {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_challenge(&self, challenge: Option<Challenge>) {
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = challenge;
    }

    /// Sign-ins belong to an address: under another address the same name is another server.
    fn key(&self) -> String {
        plain(&self.server)
    }

    fn index(&self) -> Result<Index, SecretError> {
        Ok(self.indices.read()?.remove(&self.key()).unwrap_or_default())
    }

    pub(super) fn tokens_entry(&self, account: &str) -> String {
        format!("signin/{}/{account}", self.key())
    }

    pub(super) fn client_entry(&self, issuer: &str) -> String {
        format!("client/{issuer}/{}", self.key())
    }

    /// Who is signed in, and the one that is used.
    pub(crate) async fn list(&self) -> Result<Vec<AccountView>, SecretError> {
        let index = self.index()?;
        let mut accounts = vec![];
        for name in index.names {
            let Some(tokens) = self.vault.read::<Tokens>(&self.tokens_entry(&name)).await? else { continue };
            accounts.push(AccountView {
                active: index.active.as_deref() == Some(&name),
                name,
                renews: tokens.refresh.is_some() || !matches!(self.settings.grant, Grant::Browser),
                issuer: tokens.issuer,
                scopes: tokens.scopes,
                expires_at: tokens.expires_at.map(|at| at * 1000),
            });
        }
        Ok(accounts)
    }

    /// From now on calls are made in that name. False where nobody of that name is signed in.
    pub(crate) async fn switch(&self, account: &str) -> Result<bool, SecretError> {
        if self.vault.read::<Tokens>(&self.tokens_entry(account)).await?.is_none() {
            return Ok(false);
        }
        self.change_index(|index| index.active = Some(account.to_owned())).await?;
        Ok(true)
    }

    pub(super) async fn keep(&self, account: &str, tokens: Tokens) -> Result<(), SecretError> {
        let entry = self.tokens_entry(account);
        let guard = self.vault.guard(&entry).await?;
        self.vault.write(&entry, &tokens).await?;
        drop(guard);
        self.change_index(|index| {
            if !index.names.iter().any(|name| name == account) {
                index.names.push(account.to_owned());
            }
            // Who signs in for some conversations alone changes nothing for the others.
            if self.fixed.is_none() || index.active.is_none() {
                index.active = Some(account.to_owned());
            }
        })
        .await?;
        self.set_challenge(None);
        self.set_current(Some((account, tokens)));
        Ok(())
    }

    /// Takes an account away; where the authorization server offers it, what it gave is worth nothing afterwards. False
    /// where nobody of that name is signed in.
    pub(crate) async fn sign_out(&self, account: &str) -> Result<bool, SecretError> {
        let entry = self.tokens_entry(account);
        let guard = self.vault.guard(&entry).await?;
        let tokens: Option<Tokens> = self.vault.read_anew(&entry).await?;
        self.vault.remove(&entry).await?;
        drop(guard);
        self.change_index(|index| {
            index.names.retain(|name| name != account);
            if index.active.as_deref() == Some(account) {
                index.active = index.names.first().cloned();
            }
        })
        .await?;
        let Some(tokens) = tokens else { return Ok(false) };
        self.revoke(&tokens).await;
        Ok(true)
    }

    async fn revoke(&self, tokens: &Tokens) {
        let outcome = match self.web().await {
            Ok(web) => grant::revoke(&web, tokens).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            tracing::info!(server = self.name, error, "the sign-in is forgotten here, but could not be revoked");
        }
    }

    /// Who we are to the authorization servers is forgotten: the next sign-in introduces us anew.
    pub(crate) async fn reset_registration(&self) -> Result<(), SecretError> {
        let index = self.index()?;
        for name in &index.names {
            if let Some(tokens) = self.vault.read::<Tokens>(&self.tokens_entry(name)).await? {
                self.vault.remove(&self.client_entry(&tokens.issuer)).await?;
            }
        }
        Ok(())
    }

    /// In whose name the server is called.
    pub(crate) fn active(&self) -> Result<Option<String>, SecretError> {
        Ok(self.fixed.clone().or(self.index()?.active))
    }

    /// Who has signed in here and not out, and the one that is used. No keychain is opened for it.
    pub(crate) fn names(&self) -> Result<(Vec<String>, Option<String>), SecretError> {
        let index = self.index()?;
        Ok((index.names, index.active))
    }

    async fn change_index(&self, change: impl FnOnce(&mut Index)) -> Result<(), SecretError> {
        let _guard = self.vault.guard("accounts").await?;
        let mut indices = self.indices.read()?;
        let index = indices.entry(self.key()).or_default();
        change(index);
        if index.names.is_empty() {
            indices.remove(&self.key());
        }
        self.indices.write(indices)?;
        self.look_again();
        Ok(())
    }

    /// What is known of the account in use is looked up anew.
    pub(crate) fn look_again(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn set_current(&self, current: Option<(&str, Tokens)>) {
        let used = self.active().unwrap_or_default();
        if current.as_ref().is_some_and(|(account, _)| used.as_deref() != Some(account)) {
            // Somebody switched while they were renewed.
            return self.look_again();
        }
        let current =
            current.map(|(account, tokens)| Current { account: account.to_owned(), tokens: Arc::new(tokens) });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
    }

    pub(super) async fn current(&self) -> Result<Option<Current>, SecretError> {
        if let Some(known) = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(known);
        }
        let current = match self.active()? {
            Some(account) => {
                let tokens: Option<Tokens> = match self.vault.read(&self.tokens_entry(&account)).await {
                    // Where nothing is kept, what was kept for now is gone: then one signs in anew.
                    Err(SecretError::NoKeychain { .. }) => None,
                    tokens => tokens?,
                };
                tokens.map(|tokens| Current { account, tokens: Arc::new(tokens) })
            }
            None => None,
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current.clone());
        Ok(current)
    }
}

/// Kept apart from tokens: signing out does not make us strangers.
impl Account {
    pub(super) async fn registration(&self, issuer: &str) -> Result<Option<Registration>, SecretError> {
        let known = self.vault.read(&self.client_entry(issuer)).await;
        // Without it we introduce ourselves anew, which costs nobody anything.
        Ok(known.unwrap_or_default())
    }

    pub(super) async fn set_registration(&self, issuer: &str, to: Option<&Registration>) -> Result<(), SecretError> {
        match to {
            Some(registration) => self.vault.write(&self.client_entry(issuer), registration).await,
            None => self.vault.remove(&self.client_entry(issuer)).await,
        }
    }
}
