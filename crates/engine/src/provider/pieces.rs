//! Models that give no answer in one piece, remembered so that each is asked for one but once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many are remembered; any more are found out each time.
const MOST: usize = 1000;

/// Cheap to clone; all clones remember the same.
#[derive(Clone, Default)]
pub struct OnlyInPieces(Arc<Mutex<HashSet<String>>>);

impl OnlyInPieces {
    /// Whether a model that is asked at that address is one of them.
    pub(crate) fn has(&self, address: &str, model: &str) -> bool {
        let known = self.known();
        !known.is_empty() && known.contains(&name(address, model))
    }

    pub(crate) fn note(&self, address: &str, model: &str) {
        let mut known = self.known();
        if known.len() < MOST {
            known.insert(name(address, model));
        }
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(address: &str, model: &str) -> String {
    format!("{address} {model}")
}
