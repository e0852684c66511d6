//! Which running program a turn belongs to, so that the window never ends a turn of `loq` and the reverse.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A locked file: the lock goes when the program does, however it ends.
#[derive(Clone)]
pub(super) struct Owner {
    run: PathBuf,
    lock: Arc<Lock>,
}

struct Lock {
    id: String,
    path: PathBuf,
    _file: File,
}

impl Owner {
    pub(super) fn claim(run: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(run)?;
        let id = uuid::Uuid::now_v7().to_string();
        let path = lock_path(run, &id);
        let file = OpenOptions::new().create_new(true).write(true).open(&path)?;
        file.try_lock()?;
        Ok(Self { run: run.to_owned(), lock: Arc::new(Lock { id, path, _file: file }) })
    }

    pub(super) fn id(&self) -> &str {
        &self.lock.id
    }

    /// Whether the program that owns `id` still runs. A left-over lock file is cleared away.
    pub(super) fn is_alive(&self, id: &str) -> bool {
        if id == self.id() {
            return true;
        }
        let path = lock_path(&self.run, id);
        let Ok(file) = OpenOptions::new().write(true).open(&path) else { return false };
        match file.try_lock() {
            Ok(()) => {
                let _ = std::fs::remove_file(&path);
                false
            }
            Err(_) => true,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn lock_path(run: &Path, id: &str) -> PathBuf {
    run.join(format!("owner-{id}.lock"))
}
