//! Whoever asks.

use crate::keys::{Key, KeyRights};

/// Whoever asks: the name and the rights of the key that was given.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) rights: KeyRights,
}

impl From<Key> for Caller {
    fn from(key: Key) -> Self {
        Self { name: key.name, rights: key.rights }
    }
}
