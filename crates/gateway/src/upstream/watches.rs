//! Resources that clients want to hear of: asked for at the server while at least one client wants it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mcp::{CallError, Servers};

type Key = (String, String);

/// How many clients watch each resource. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Watches {
    counts: Arc<Mutex<HashMap<Key, usize>>>,
}

/// One client watches one resource, for as long as this lives.
pub(crate) struct Watch {
    watches: Watches,
    servers: Servers,
    pub(crate) key: Key,
}

impl Watches {
    pub(crate) async fn begin(&self, servers: &Servers, server: &str, uri: &str) -> Result<Watch, CallError> {
        let key = (server.to_owned(), uri.to_owned());
        *self.lock().entry(key.clone()).or_default() += 1;
        let watch = Watch { watches: self.clone(), servers: servers.clone(), key };
        // Asked anew each time: the server may have been another one when the first client asked.
        servers.subscribe(server, uri).await?;
        Ok(watch)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut counts = self.watches.lock();
        let left = counts.get_mut(&self.key).map(|count| {
            *count -= 1;
            *count
        });
        if left != Some(0) {
            return;
        }
        counts.remove(&self.key);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (servers, watches, key) = (self.servers.clone(), self.watches.clone(), self.key.clone());
        runtime.spawn(async move {
            if watches.lock().contains_key(&key) {
                return;
            }
            if let Err(error) = servers.unsubscribe(&key.0, &key.1).await {
                tracing::debug!(server = key.0, %error, "a server goes on telling of a resource");
            }
        });
    }
}
