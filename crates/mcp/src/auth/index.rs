//! Who is signed in where: names and addresses, no secrets. With it nobody's keychain is opened for servers that nobody ever
//! signed in to.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{SecretError, write_atomically};

/// The accounts of one server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// The one in whose name calls are made.
    #[serde(default)]
    pub(crate) active: Option<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
}

/// Those of every server, by its address. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Indices {
    file: Option<PathBuf>,
    memory: Arc<Mutex<BTreeMap<String, Index>>>,
}

impl Indices {
    /// Without a file they end with this program.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { file, memory: Arc::default() }
    }

    /// As they are now, also where another program has changed them.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, Index>, SecretError> {
        let Some(file) = &self.file else {
            return Ok(self.memory.lock().unwrap_or_else(PoisonError::into_inner).clone());
        };
        match std::fs::read_to_string(file) {
            // What cannot be read is as good as not there: one signs in anew.
            Ok(text) => Ok(serde_json::from_str(&text).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(SecretError::Failed { cause: format!("{}: {error}", file.display()) }),
        }
    }

    pub(crate) fn write(&self, indices: BTreeMap<String, Index>) -> Result<(), SecretError> {
        let Some(file) = &self.file else {
            *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = indices;
            return Ok(());
        };
        let failed = |cause: String| SecretError::Failed { cause: format!("{}: {cause}", file.display()) };
        let text = serde_json::to_string_pretty(&indices).map_err(|error| failed(error.to_string()))?;
        write_atomically(file, text.as_bytes()).map_err(|error| failed(error.to_string()))
    }
}
