//! Secrets and where they are kept.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::{BoxFuture, FutureExt, ready};
use zeroize::Zeroizing;

use crate::{SecretError, mask};

/// A text that nobody may see: not displayed, masked in debug output and, as long as anybody has it, in every log;
/// wiped from memory in the end.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        let text = Arc::new(Zeroizing::new(text.into()));
        mask::remember(&text);
        Self(text)
    }

    /// The text itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(•••)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Keeps secrets by name.
pub trait Secrets: Send + Sync {
    /// Nothing where none of that name is kept.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>>;
    /// Replaces the one of that name.
    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>>;
    /// Removing what is not there is fine.
    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>>;
    /// Forgets what was remembered of that name, so that the next question sees what other programs have written.
    fn refresh<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
    /// Whether that one is kept where it belongs, and not only until this program ends.
    fn lasts(&self, _name: &str) -> bool {
        true
    }
}

impl fmt::Debug for dyn Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Keeps secrets for as long as it lives.
#[derive(Default)]
pub struct MemorySecrets(Mutex<HashMap<String, Secret>>);

impl MemorySecrets {
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.with(|secrets| secrets.len())
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Secret>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Secrets for MemorySecrets {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        ready(Ok(self.with(|secrets| secrets.get(name).cloned()))).boxed()
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        self.with(|secrets| secrets.insert(name.to_owned(), secret));
        ready(Ok(())).boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        self.with(|secrets| secrets.remove(name));
        ready(Ok(())).boxed()
    }
}

/// Where a secret came to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Lastingly,
    /// Only until this program ends, because of that.
    ForNow(SecretError),
}

/// Secrets in one place, or in memory for as long as that place does not take them: what a person has given is
/// never lost at once.
pub struct SecretsOrMemory {
    lasting: Arc<dyn Secrets>,
    memory: MemorySecrets,
}

impl SecretsOrMemory {
    pub fn new(lasting: Arc<dyn Secrets>) -> Self {
        Self { lasting, memory: MemorySecrets::default() }
    }

    /// Whether something is kept only until this program ends.
    pub fn holds_for_now(&self) -> bool {
        self.memory.with(|secrets| !secrets.is_empty())
    }

    /// Gives what was kept for now to the lasting place, which takes it by now.
    pub async fn settle(&self) -> Result<(), SecretError> {
        let held: Vec<(String, Secret)> =
            self.memory.with(|secrets| secrets.iter().map(|(name, secret)| (name.clone(), secret.clone())).collect());
        for (name, secret) in held {
            self.lasting.set(&name, secret).await?;
            self.memory.with(|secrets| secrets.remove(&name));
        }
        Ok(())
    }

    /// Keeps a secret, and says where.
    pub async fn keep(&self, name: &str, secret: Secret) -> Kept {
        let kept = self.lasting.set(name, secret.clone()).await;
        self.memory.with(|secrets| match &kept {
            Ok(()) => drop(secrets.remove(name)),
            Err(_) => drop(secrets.insert(name.to_owned(), secret)),
        });
        kept.map_or_else(Kept::ForNow, |()| Kept::Lastingly)
    }
}

impl Secrets for SecretsOrMemory {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        match self.memory.with(|secrets| secrets.get(name).cloned()) {
            Some(secret) => ready(Ok(Some(secret))).boxed(),
            None => self.lasting.get(name),
        }
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        self.keep(name, secret).map(|_| Ok(())).boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        self.memory.with(|secrets| secrets.remove(name));
        self.lasting.remove(name)
    }

    fn refresh<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()> {
        self.lasting.refresh(name)
    }

    fn lasts(&self, name: &str) -> bool {
        !self.memory.with(|secrets| secrets.contains_key(name))
    }
}
