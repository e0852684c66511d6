//! What is sent to prove who calls, and how it is kept fresh.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use tokio_util::sync::CancellationToken;

use super::{
    Account, DEFAULT, SignInError,
    account::Current,
    challenge::Challenge,
    flow::Attempt,
    grant::{Desk, GrantError},
    record::Tokens,
    settings::{AuthSettings, Grant},
};
use crate::{
    Secret, SecretError,
    credentials::{Again, CredentialError, Credentials},
};

/// Whoever a session began as, and nobody else: where another account is used by now, nothing is sent.
pub(crate) struct InNameOf {
    account: Arc<Account>,
    /// Nothing where nobody was signed in then.
    name: Option<String>,
}

impl InNameOf {
    pub(crate) fn whoever_is_used(account: Arc<Account>) -> Self {
        // What cannot be read now says so itself where it is needed.
        let name = account.active().unwrap_or_default();
        Self { account, name }
    }
}

/// Why tokens could not be renewed.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("the sign-in can no longer be renewed")]
    Over,
    #[error("another account is used by now")]
    Another,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl Account {
    /// `whose`: nobody else's.
    async fn fresh(&self, whose: Option<&str>) -> Result<Option<Secret>, RenewError> {
        let Some(Current { account, tokens }) = self.current_of(whose).await? else { return Ok(None) };
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

    async fn current_of(&self, whose: Option<&str>) -> Result<Option<Current>, RenewError> {
        let is_theirs = |current: &Option<Current>| match (whose, current) {
            (Some(whose), Some(current)) => whose == current.account,
            (None, _) | (_, None) => true,
        };
        let known = self.current().await?;
        if is_theirs(&known) {
            return Ok(known);
        }
        // Another program may have switched: what is remembered is older then than the session.
        self.look_again();
        let current = self.current().await?;
        if is_theirs(&current) { Ok(current) } else { Err(RenewError::Another) }
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
                self.look_again();
                return Ok(if self.current().await?.is_some() { Again::Yes } else { Again::No });
            }
            (None, Some(_)) if self.settings.is_browser() => None,
            (None, _) => Some(self.sign_in_alone(self.active()?.as_deref().unwrap_or(DEFAULT)).await?),
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

impl Credentials for InNameOf {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Secret>, CredentialError>> {
        async move { self.account.fresh(self.name.as_deref()).await.map_err(unavailable) }.boxed()
    }

    fn refused(
        &self,
        status: u16,
        challenge: &[String],
        sent: Option<&Secret>,
    ) -> BoxFuture<'_, Result<Again, CredentialError>> {
        self.account.set_challenge(Some(Challenge::read(challenge)));
        let sent = sent.cloned();
        async move {
            // More rights are a person's to give.
            if status != 401 {
                return Ok(Again::No);
            }
            self.account.after_refusal(sent.as_ref()).await.map_err(unavailable)
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
