//! What a server tells on its own account: that lists and resources have changed.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// More updates than this that nobody has looked at are told as one: everything may have changed.
const MOST_UPDATES: usize = 1_000;

#[derive(Default)]
pub(crate) struct News {
    pub(crate) tools: Notify,
    pub(crate) prompts: Notify,
    pub(crate) resources: Notify,
    /// Some resource has been updated; which, is in `uris`.
    pub(crate) updates: Notify,
    uris: Mutex<HashSet<String>>,
}

impl News {
    pub(crate) fn updated(&self, uri: &str) {
        let mut uris = self.uris.lock().unwrap_or_else(PoisonError::into_inner);
        if uris.len() < MOST_UPDATES {
            uris.insert(uri.to_owned());
        }
        drop(uris);
        self.updates.notify_one();
    }

    /// Which resources have been updated since the last time this was asked.
    pub(crate) fn take_updates(&self) -> Vec<String> {
        self.uris.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}
