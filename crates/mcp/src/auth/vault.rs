//! Where sign-ins are kept: in the place for secrets, one record per account, and one at a time may change one.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use super::record;
use crate::{Secret, SecretError, Secrets};

/// Another program renews in a second or two, or hangs.
const LOCK_DEADLINE: Duration = Duration::from_secs(45);
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// Windows keeps 2,560 bytes an entry, as two bytes a character.
const ENTRY: usize = if cfg!(windows) { 1_200 } else { usize::MAX };
/// A record that lies in several entries begins so, with their generation and their number.
const SPLIT: &str = "split:";

/// Cheap to clone; all clones are the same vault.
#[derive(Clone)]
pub(crate) struct Vault {
    secrets: Arc<dyn Secrets>,
    /// Where programs agree who may change what; without it only this one is kept in order.
    locks: Option<PathBuf>,
    busy: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
    entry: usize,
}

/// As long as this lives nobody else changes that record, in this program or another.
pub(crate) struct Guard {
    _here: tokio::sync::OwnedMutexGuard<()>,
    /// The lock ends with the file, however this program ends.
    _everywhere: Option<File>,
}

impl Vault {
    /// `locks`: the directory in which programs that run at the same time agree.
    pub(crate) fn new(secrets: Arc<dyn Secrets>, locks: Option<PathBuf>) -> Self {
        Self { secrets, locks, busy: Arc::default(), entry: ENTRY }
    }

    /// Waits until nobody else changes that record.
    pub(crate) async fn guard(&self, name: &str) -> Result<Guard, SecretError> {
        let here = {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            busy.entry(name.to_owned()).or_default().clone()
        };
        let _here = here.lock_owned().await;
        let _everywhere = match &self.locks {
            Some(dir) => Some(lock(&dir.join(format!("signin-{:016x}.lock", short(name)))).await?),
            None => None,
        };
        Ok(Guard { _here, _everywhere })
    }

    /// As remembered, where it has been read before.
    pub(crate) async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, SecretError> {
        let Some(text) = self.secrets.get(name).await? else { return Ok(None) };
        let Some((generation, count)) = split(&text) else { return Ok(record::read(&text)) };
        let mut whole = zeroize::Zeroizing::new(String::new());
        for number in 0..count {
            match self.secrets.get(&part(name, generation, number)).await? {
                Some(text) => whole.push_str(text.expose()),
                None => return Ok(None),
            }
        }
        Ok(record::read(&Secret::new(whole.as_str())))
    }

    /// As it is now, also where another program has changed it. Read under a guard before it is changed.
    pub(crate) async fn read_anew<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, SecretError> {
        self.secrets.refresh(name).await;
        self.read(name).await
    }

    /// Written whole or not at all: parts first, under names of their own, then the entry that names them.
    pub(crate) async fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), SecretError> {
        let text = record::write(value)?;
        // Where it cannot be looked for it is not; then it may still be kept for now.
        let before = self.secrets.get(name).await.unwrap_or_default().as_ref().and_then(split);
        let pieces = pieces(text.expose(), self.entry);
        if pieces.len() == 1 {
            self.secrets.set(name, text).await?;
        } else {
            let generation = before.map_or(0, |(generation, _)| generation.wrapping_add(1));
            for (number, piece) in pieces.iter().enumerate() {
                self.set_verified(&part(name, generation, number), Secret::new(*piece)).await?;
            }
            self.secrets.set(name, Secret::new(format!("{SPLIT}{generation}:{}", pieces.len()))).await?;
        }
        self.remove_parts(name, before).await
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), SecretError> {
        let before = self.secrets.get(name).await.unwrap_or_default().as_ref().and_then(split);
        match self.secrets.remove(name).await {
            // Where there is nothing, nothing is left.
            Ok(()) | Err(SecretError::NoKeychain { .. }) => self.remove_parts(name, before).await,
            Err(error) => Err(error),
        }
    }

    /// Whether that record will be there after the next start.
    pub(crate) fn lasts(&self, name: &str) -> bool {
        self.secrets.lasts(name)
    }

    /// An entry that was cut is worse than none.
    async fn set_verified(&self, name: &str, piece: Secret) -> Result<(), SecretError> {
        self.secrets.set(name, piece.clone()).await?;
        self.secrets.refresh(name).await;
        match self.secrets.get(name).await? {
            Some(kept) if kept == piece => Ok(()),
            _ => Err(SecretError::Failed { cause: "it did not keep what it was given".to_owned() }),
        }
    }

    async fn remove_parts(&self, name: &str, before: Option<(u32, usize)>) -> Result<(), SecretError> {
        let Some((generation, count)) = before else { return Ok(()) };
        for number in 0..count {
            self.secrets.remove(&part(name, generation, number)).await?;
        }
        Ok(())
    }
}

fn part(name: &str, generation: u32, number: usize) -> String {
    format!("{name}#{generation}.{number}")
}

fn split(text: &Secret) -> Option<(u32, usize)> {
    let (generation, count) = text.expose().strip_prefix(SPLIT)?.split_once(':')?;
    Some((generation.parse().ok()?, count.parse().ok()?))
}

/// At most `most` characters each; at least one piece.
fn pieces(text: &str, most: usize) -> Vec<&str> {
    let mut pieces = vec![];
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(most) {
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces.push(rest);
    pieces
}

/// Names of servers are no names of files. Two that share a lock only wait for each other.
fn short(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

async fn lock(path: &std::path::Path) -> Result<File, SecretError> {
    let failed = |error: std::io::Error| SecretError::Failed { cause: error.to_string() };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    let until = Instant::now() + LOCK_DEADLINE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(LOCK_PAUSE).await,
            Err(TryLockError::WouldBlock) => return Err(SecretError::TimedOut { after: LOCK_DEADLINE }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySecrets;

    #[tokio::test]
    async fn a_record_too_long_for_one_entry_is_kept_whole_and_leaves_nothing_behind() {
        let secrets = Arc::new(MemorySecrets::default());
        let vault = Vault { entry: 100, ..Vault::new(secrets.clone(), None) };
        for length in [1000, 10, 500, 2000] {
            let text = "ä".repeat(length);
            vault.write("a", &text).await.unwrap();
            assert_eq!(vault.read_anew::<String>("a").await.unwrap(), Some(text));
        }
        vault.remove("a").await.unwrap();
        assert_eq!(vault.read::<String>("a").await.unwrap(), None);
        assert_eq!(secrets.count(), 0);
    }

    #[tokio::test]
    async fn one_at_a_time_may_change_a_record() {
        let dir = tempfile::tempdir().unwrap();
        let new = || Vault::new(Arc::new(MemorySecrets::default()), Some(dir.path().to_owned()));
        // Two vaults are as two programs: each opens the file for itself.
        let (one, other) = (new(), new());
        let held = one.guard("a").await.unwrap();
        let mut second = Box::pin(other.guard("a"));
        assert!(futures::poll!(&mut second).is_pending());
        drop(other.guard("b").await.unwrap());
        drop(held);
        drop(second.await.unwrap());
    }
}
