//! Secrets in a file that is worth nothing without its passphrase: for machines on which no keychain answers.

mod seal;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::{BoxFuture, FutureExt};
use tokio::task::spawn_blocking;

use crate::{Keychain, Secret, SecretError, Secrets, write_atomically};
use seal::{Broken, Contents, Cost, Key, Lock, Sealed};

/// Shorter ones are tried out in a day.
const SHORTEST: usize = 8;

/// The file, open or not. Cheap to clone; all clones are the same.
///
/// Other programs may change it meanwhile: it is read anew before every change, and where somebody asks for that.
#[derive(Clone)]
pub struct SecretFile {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    cost: Cost,
    open: Mutex<Option<Open>>,
}

struct Open {
    lock: Lock,
    key: Key,
    contents: Contents,
}

impl SecretFile {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::costing(path.into(), Cost::USUAL)
    }

    fn costing(path: PathBuf, cost: Cost) -> Self {
        Self { shared: Arc::new(Shared { path, cost, open: Mutex::default() }) }
    }

    /// Whether a person has chosen to keep secrets here.
    pub fn exists(&self) -> bool {
        self.shared.path.exists()
    }

    pub fn is_open(&self) -> bool {
        self.shared.open().is_some()
    }

    /// Makes the file, empty. What is there already is opened instead.
    pub async fn create(&self, passphrase: Secret) -> Result<(), SecretError> {
        if self.exists() {
            return self.unlock(passphrase).await;
        }
        if passphrase.expose().chars().count() < SHORTEST {
            return Err(SecretError::TooShort { least: SHORTEST });
        }
        self.work(move |shared| {
            let lock = Lock::new(shared.cost);
            let key = lock.key(&passphrase)?;
            let open = Open { lock, key, contents: Contents::new() };
            open.write(&shared.path)?;
            *shared.open() = Some(open);
            Ok(())
        })
        .await
    }

    /// Opens it for as long as this program runs.
    pub async fn unlock(&self, passphrase: Secret) -> Result<(), SecretError> {
        self.work(move |shared| {
            let sealed = read(&shared.path)?;
            let key = sealed.lock.key(&passphrase)?;
            let contents = sealed.unseal(&key)?.ok_or(SecretError::WrongPassphrase)?;
            *shared.open() = Some(Open { lock: sealed.lock, key, contents });
            Ok(())
        })
        .await
    }

    /// Deriving a key takes a second, and disks may be slow.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let shared = self.shared.clone();
        let done = spawn_blocking(move || work(&shared)).await;
        done.unwrap_or_else(|panic| Err(SecretError::Failed { cause: panic.to_string() }))
    }

    async fn change(&self, change: impl FnOnce(&mut Contents) + Send + 'static) -> Result<(), SecretError> {
        self.work(|shared| {
            let _alone = alone(&shared.path)?;
            let mut open = shared.open();
            let open = open.as_mut().ok_or(SecretError::Shut)?;
            open.read_anew(&shared.path)?;
            let mut contents = open.contents.clone();
            change(&mut contents);
            // In memory only what is on the disk, too.
            Sealed::seal(&open.lock, &open.key, &contents)?.write(&shared.path)?;
            open.contents = contents;
            Ok(())
        })
        .await
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn write(&self, path: &Path) -> Result<(), SecretError> {
        Sealed::seal(&self.lock, &self.key, &self.contents)?.write(path)
    }

    /// As it is now, also where another program has written it. Under another passphrase it is shut to us.
    fn read_anew(&mut self, path: &Path) -> Result<(), SecretError> {
        let sealed = read(path)?;
        if sealed.lock != self.lock {
            return Err(SecretError::Shut);
        }
        self.contents = sealed.unseal(&self.key)?.ok_or(SecretError::Shut)?;
        Ok(())
    }
}

impl Sealed {
    fn write(&self, path: &Path) -> Result<(), SecretError> {
        write_atomically(path, self.text().as_bytes()).map_err(|error| failed(path, &error))
    }
}

fn read(path: &Path) -> Result<Sealed, SecretError> {
    let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
    Ok(Sealed::read(&text)?)
}

/// As long as this lives no other program changes the file.
fn alone(path: &Path) -> Result<fs::File, SecretError> {
    let beside = path.with_extension("lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
    let file = file.map_err(|error| failed(&beside, &error))?;
    file.lock().map_err(|error| failed(&beside, &error))?;
    Ok(file)
}

fn failed(path: &Path, error: &io::Error) -> SecretError {
    SecretError::Failed { cause: format!("{}: {error}", path.display()) }
}

impl From<Broken> for SecretError {
    fn from(Broken(cause): Broken) -> Self {
        Self::Failed { cause: format!("the file with the secrets cannot be used: {cause}") }
    }
}

impl Secrets for SecretFile {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        let open = self.shared.open();
        let found = open.as_ref().map(|open| open.contents.get(name).cloned()).ok_or(SecretError::Shut);
        futures::future::ready(found).boxed()
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        let name = name.to_owned();
        self.change(move |contents| drop(contents.insert(name, secret))).boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        let name = name.to_owned();
        self.change(move |contents| drop(contents.remove(&name))).boxed()
    }

    fn refresh<'a>(&'a self, _: &'a str) -> BoxFuture<'a, ()> {
        async {
            let read = self.work(|shared| match shared.open().as_mut() {
                Some(open) => open.read_anew(&shared.path),
                None => Ok(()),
            });
            // What cannot be read now is said by whoever needs it next.
            if let Err(error) = read.await {
                tracing::warn!(%error, "the file with the secrets could not be read again");
            }
        }
        .boxed()
    }
}

/// The keychain, or the file that a person has chosen instead of it.
#[derive(Clone)]
pub struct KeychainOrFile {
    keychain: Keychain,
    file: SecretFile,
}

impl KeychainOrFile {
    pub fn new(keychain: Keychain, file: SecretFile) -> Self {
        Self { keychain, file }
    }

    fn place(&self) -> &dyn Secrets {
        if self.file.exists() { &self.file } else { &self.keychain }
    }
}

impl Secrets for KeychainOrFile {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        self.place().get(name)
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        self.place().set(name, secret)
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        self.place().remove(name)
    }

    fn refresh<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()> {
        self.place().refresh(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn file(dir: &Path) -> SecretFile {
        SecretFile::costing(dir.join("secrets.sealed"), CHEAP)
    }

    #[tokio::test]
    async fn what_is_kept_is_there_again_under_the_same_passphrase_and_under_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let one = file(dir.path());
        assert_eq!(one.create("short".to_owned().into()).await, Err(SecretError::TooShort { least: 8 }));
        assert!(!one.exists());
        one.create("planted passphrase".to_owned().into()).await.unwrap();
        one.set("planted-name", Secret::new("planted-ä")).await.unwrap();
        let text = fs::read_to_string(dir.path().join("secrets.sealed")).unwrap();
        assert!(!text.contains("planted"), "{text}");

        let other = file(dir.path());
        assert_eq!(other.get("planted-name").await, Err(SecretError::Shut));
        assert_eq!(other.set("a", Secret::new("b")).await, Err(SecretError::Shut));
        assert_eq!(other.unlock("planted passphrasf".to_owned().into()).await, Err(SecretError::WrongPassphrase));
        other.unlock("planted passphrase".to_owned().into()).await.unwrap();
        assert_eq!(other.get("planted-name").await.unwrap().unwrap().expose(), "planted-ä");
        // Both change it; neither loses what the other has written.
        other.set("b", Secret::new("2")).await.unwrap();
        one.set("a", Secret::new("1")).await.unwrap();
        other.refresh("a").await;
        assert_eq!(other.get("a").await.unwrap().unwrap().expose(), "1");
        one.remove("b").await.unwrap();
        assert_eq!(one.get("b").await, Ok(None));
    }

    #[tokio::test]
    async fn a_file_that_was_tampered_with_does_not_open() {
        let dir = tempfile::tempdir().unwrap();
        let one = file(dir.path());
        one.create("passphrase".to_owned().into()).await.unwrap();
        one.set("a", Secret::new("b")).await.unwrap();
        let path = dir.path().join("secrets.sealed");
        let whole = fs::read_to_string(&path).unwrap();
        let open = async |text: &str| {
            fs::write(&path, text).unwrap();
            file(dir.path()).unlock("passphrase".to_owned().into()).await
        };
        assert_eq!(open(&whole.replace("\"lanes\": 1", "\"lanes\": 2")).await, Err(SecretError::WrongPassphrase));
        for broken in ["", "{}", &whole[..whole.len() / 2], &whole.replace("\"format\": 1", "\"format\": 2")] {
            assert!(matches!(open(broken).await, Err(SecretError::Failed { .. })), "{broken}");
        }
        let greedy = whole.replace("\"memoryKib\": 64", "\"memoryKib\": 999999999");
        assert!(matches!(open(&greedy).await, Err(SecretError::Failed { .. })));
        open(&whole).await.unwrap();
    }
}
