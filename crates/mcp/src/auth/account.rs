//! Who is signed in to one server: what is sent, and how it is kept fresh.

use std::sync::{Arc, Mutex, PoisonError};

use chat::{AccountView, SignInStage};
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    SignInError,
    challenge::Challenge,
    discover::plain,
    exchange::{self, Web},
    flow::Attempt,
    grant::{self, Desk, GrantError},
    index::{Index, Indices},
    record::{Registration, Tokens},
    settings::{AuthSettings, Grant},
    vault::Vault,
};
use crate::{
    Secret, SecretError, ServerConfig,
    credentials::{Again, CredentialError, Credentials},
    http,
};

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
    config: ServerConfig,
    client: OnceCell<reqwest::Client>,
    /// How the server last turned us away.
    challenge: Mutex<Option<Challenge>>,
    /// The account in use and its tokens, once they have been looked up.
    current: Mutex<Option<Option<Current>>>,
}

#[derive(Clone)]
struct Current {
    account: String,
    tokens: Arc<Tokens>,
}

/// Why tokens could not be renewed.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("the sign-in can no longer be renewed")]
    Over,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl Account {
    /// Nothing where nobody signs in.
    pub(crate) fn new(config: &ServerConfig, vault: Vault, indices: Indices) -> Option<Self> {
        let (server, settings) = AuthSettings::of(config)?;
        Some(Self {
            vault,
            indices,
            name: config.name.clone(),
            server,
            settings,
            config: config.clone(),
            client: OnceCell::new(),
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
            index.active = Some(account.to_owned());
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

    pub(crate) fn active(&self) -> Result<Option<String>, SecretError> {
        Ok(self.index()?.active)
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
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    fn set_current(&self, current: Option<(&str, Tokens)>) {
        let current =
            current.map(|(account, tokens)| Current { account: account.to_owned(), tokens: Arc::new(tokens) });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
    }

    async fn current(&self) -> Result<Option<Current>, SecretError> {
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

    async fn fresh(&self) -> Result<Option<Secret>, RenewError> {
        let Some(Current { account, tokens }) = self.current().await? else { return Ok(None) };
        if !tokens.is_stale() {
            return Ok(tokens.access.clone());
        }
        match self.renew(&account, tokens.access.as_ref()).await {
            Ok(Some(tokens)) => Ok(tokens.access),
            Ok(None) => Err(RenewError::Over),
            // Still good for a moment: the next request tries again.
            Err(_) if !tokens.is_over() => Ok(tokens.access.clone()),
            Err(error) => Err(error),
        }
    }

    /// Other tokens than `old`, once, whoever asks for them: nobody's refresh token is used twice. Nothing where a person
    /// has to sign in again.
    async fn renew(&self, account: &str, old: Option<&Secret>) -> Result<Option<Tokens>, RenewError> {
        let entry = self.tokens_entry(account);
        let guard = self.vault.guard(&entry).await?;
        let Some(tokens) = self.vault.read_anew::<Tokens>(&entry).await? else {
            self.set_current(None);
            return Ok(None);
        };
        if tokens.access.is_some() && tokens.access.as_ref() != old && !tokens.is_stale() {
            self.set_current(Some((account, tokens.clone())));
            return Ok(Some(tokens));
        }
        let Some(refresh) = tokens.refresh.clone() else {
            drop(guard);
            return self.renew_without(account, tokens).await;
        };
        let web = self.web().await?;
        let desk = Desk {
            web: &web,
            token_url: &tokens.token_url,
            client: &tokens.client,
            resource: tokens.resource.as_deref(),
        };
        match desk.for_refresh(&refresh).await {
            Ok(granted) => {
                let tokens = granted.over(tokens);
                self.vault.write(&entry, &tokens).await?;
                self.set_current(Some((account, tokens.clone())));
                Ok(Some(tokens))
            }
            Err(error) if error.is_final() => {
                tracing::info!(server = self.name, account, %error, "the sign-in can no longer be renewed");
                if error.is_about_the_client() && tokens.client.dynamic {
                    self.vault.remove(&self.client_entry(&tokens.issuer)).await?;
                }
                drop(guard);
                self.renew_without(account, tokens).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Where no refresh token helps: what needs no person is done again; otherwise these tokens, and no newer ones, go.
    async fn renew_without(&self, account: &str, old: Tokens) -> Result<Option<Tokens>, RenewError> {
        if !matches!(self.settings.grant, Grant::Browser) {
            return self.sign_in_alone(account).await.map(Some);
        }
        let entry = self.tokens_entry(account);
        let _guard = self.vault.guard(&entry).await?;
        if self.vault.read_anew::<Tokens>(&entry).await?.is_some_and(|now| now == old) {
            self.vault.remove(&entry).await?;
        }
        self.set_current(None);
        Ok(None)
    }

    /// Without a person: with what is configured.
    async fn sign_in_alone(&self, account: &str) -> Result<Tokens, RenewError> {
        let attempt = Attempt { account: self, name: account, report: &|_| (), stop: CancellationToken::new() };
        Ok(attempt.run().await?)
    }

    async fn after_refusal(&self, sent: Option<&Secret>) -> Result<Again, RenewError> {
        let renewed = match (self.current().await?, sent) {
            (Some(current), Some(_)) if current.tokens.access.as_ref() != sent => return Ok(Again::Yes),
            (Some(current), sent) => Some(self.renew(&current.account, sent).await?.ok_or(RenewError::Over)?),
            // Another program may have signed in meanwhile.
            (None, None) if self.settings.is_browser() => {
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return Ok(if self.current().await?.is_some() { Again::Yes } else { Again::No });
            }
            (None, Some(_)) if self.settings.is_browser() => None,
            (None, _) => Some(self.sign_in_alone(DEFAULT).await?),
        };
        let new = renewed.and_then(|tokens| tokens.access);
        Ok(if new.is_some() && new.as_ref() != sent { Again::Yes } else { Again::No })
    }
}

impl AuthSettings {
    fn is_browser(&self) -> bool {
        matches!(self.grant, Grant::Browser)
    }
}

impl Credentials for Account {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Secret>, CredentialError>> {
        async move { self.fresh().await.map_err(unavailable) }.boxed()
    }

    fn refused(
        &self,
        status: u16,
        challenge: &[String],
        sent: Option<&Secret>,
    ) -> BoxFuture<'_, Result<Again, CredentialError>> {
        self.set_challenge(Some(Challenge::read(challenge)));
        let sent = sent.cloned();
        async move {
            // More rights are a person's to give.
            if status != 401 {
                return Ok(Again::No);
            }
            self.after_refusal(sent.as_ref()).await.map_err(unavailable)
        }
        .boxed()
    }
}

fn unavailable(error: RenewError) -> CredentialError {
    match error {
        RenewError::Over => CredentialError::SignIn,
        RenewError::SignIn(error) => CredentialError::Unavailable { cause: format!("{error} {}", error.fix()) },
        error => CredentialError::Unavailable { cause: error.to_string() },
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
