//! The keychain of the operating system.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt};
use keyring_core::{CredentialStore, Entry, Error};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{Secret, SecretError, Secrets};

/// A locked keychain asks a person, and people take their time.
const DEADLINE: Duration = Duration::from_secs(60);

/// The OS keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
///
/// What has been read or written once is remembered, because every question to it takes up to half a second.
/// Cheap to clone; all clones share what they remember.
#[derive(Clone)]
pub struct Keychain {
    shared: Arc<Shared>,
    deadline: Duration,
}

struct Shared {
    service: String,
    store: OnceLock<Arc<CredentialStore>>,
    remembered: Mutex<HashMap<String, Option<Secret>>>,
}

impl Keychain {
    /// `service` is what entries are listed under in the keychain's own window.
    pub fn new(service: impl Into<String>) -> Self {
        let shared = Shared { service: service.into(), store: OnceLock::new(), remembered: Mutex::default() };
        Self { shared: Arc::new(shared), deadline: DEADLINE }
    }

    /// The same with another deadline for each question.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Asks the keychain on a thread of its own: it may block until a person has answered.
    async fn ask<T: Send + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (shared, name) = (self.shared.clone(), name.to_owned());
        let work = spawn_blocking(move || {
            let entry = shared.store()?.build(&shared.service, &name, None).map_err(translate)?;
            question(&entry).map_err(translate)
        });
        match timeout(self.deadline, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(SecretError::Failed { cause: panic.to_string() }),
            Err(_) => Err(SecretError::TimedOut { after: self.deadline }),
        }
    }

    fn remembered(&self, name: &str) -> Option<Option<Secret>> {
        self.shared.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remember(&self, name: &str, secret: Option<Secret>) {
        self.shared.remembered.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), secret);
    }
}

impl Shared {
    /// Opened at the first question, and again at the next one where that failed.
    fn store(&self) -> Result<&Arc<CredentialStore>, SecretError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = open().map_err(|error| match error {
            Error::PlatformFailure(cause) => SecretError::NoKeychain { cause: cause.to_string() },
            other => translate(other),
        })?;
        Ok(self.store.get_or_init(|| store))
    }
}

#[cfg(target_os = "linux")]
fn open() -> Result<Arc<CredentialStore>, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn open() -> Result<Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn open() -> Result<Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn open() -> Result<Arc<CredentialStore>, Error> {
    Err(Error::NoDefaultStore)
}

fn translate(error: Error) -> SecretError {
    match error {
        Error::NoStorageAccess(cause) => access(cause.as_ref()),
        Error::NoDefaultStore => SecretError::NoKeychain { cause: "this system has none that is known".to_owned() },
        Error::PlatformFailure(cause) => SecretError::Failed { cause: cause.to_string() },
        // These carry what was kept; only their kind is said.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            SecretError::Failed { cause: "what is kept there is not a text".to_owned() }
        }
        other => SecretError::Failed { cause: other.to_string() },
    }
}

/// Locked, or opened by nobody: the Secret Service tells these apart, the others only refuse.
#[cfg(target_os = "linux")]
fn access(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> SecretError {
    let words = cause.to_string();
    match format!("{cause:?}").as_str() {
        "Prompt" => SecretError::Denied { cause: words },
        _ => SecretError::Locked { cause: words },
    }
}

#[cfg(not(target_os = "linux"))]
fn access(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> SecretError {
    SecretError::Denied { cause: cause.to_string() }
}

impl Secrets for Keychain {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        async move {
            if let Some(known) = self.remembered(name) {
                return Ok(known);
            }
            let read = self.ask(name, |entry| match entry.get_password() {
                Ok(text) => Ok(Some(Secret::new(text))),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            });
            let secret = read.await?;
            self.remember(name, secret.clone());
            Ok(secret)
        }
        .boxed()
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        async move {
            let written = secret.clone();
            self.ask(name, move |entry| entry.set_password(written.expose())).await?;
            self.remember(name, Some(secret));
            Ok(())
        }
        .boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        async move {
            let delete = self.ask(name, |entry| match entry.delete_credential() {
                Err(Error::NoEntry) | Ok(()) => Ok(()),
                Err(error) => Err(error),
            });
            delete.await?;
            self.remember(name, None);
            Ok(())
        }
        .boxed()
    }

    fn refresh<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()> {
        self.shared.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        futures::future::ready(()).boxed()
    }
}
