//! Who we are to one server: what is sent to prove it, and what follows where that is refused.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, ready};

use crate::{Secret, ServerConfig};

/// Who we are to one server.
pub(crate) trait Credentials: Send + Sync {
    /// What to send as `Authorization: Bearer`, fresh enough; nothing where nobody is signed in.
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Secret>, CredentialError>>;
    /// The server refused (401, or 403 for want of a scope). `challenge` is every `WWW-Authenticate` header as it
    /// came. Says whether the request is worth repeating once.
    fn refused(
        &self,
        status: u16,
        challenge: &[String],
        sent: Option<&Secret>,
    ) -> BoxFuture<'_, Result<Again, CredentialError>>;
}

/// Whether a refused request is worth repeating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// There is something new to send.
    Yes,
    No,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CredentialError {
    /// Nothing helps but a person who signs in.
    #[error("the sign-in is no longer valid")]
    SignIn,
    /// It is not known who we are: the keychain is shut, or the authorization server does not answer.
    #[error("the sign-in cannot be used now: {cause}")]
    Unavailable { cause: String },
}

/// Everybody's credentials, by server.
pub(crate) trait Accounts: Send + Sync {
    fn of(&self, config: &ServerConfig) -> Arc<dyn Credentials>;
}

/// Nobody is signed in anywhere.
pub(crate) struct Nobody;

impl Accounts for Nobody {
    fn of(&self, _: &ServerConfig) -> Arc<dyn Credentials> {
        Arc::new(Self)
    }
}

impl Credentials for Nobody {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Secret>, CredentialError>> {
        ready(Ok(None)).boxed()
    }

    fn refused(&self, _: u16, _: &[String], _: Option<&Secret>) -> BoxFuture<'_, Result<Again, CredentialError>> {
        ready(Ok(Again::No)).boxed()
    }
}
