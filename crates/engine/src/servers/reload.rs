//! The list of servers as somebody changes it while Loquat runs: what changed holds at once, and a list that cannot
//! be read changes nothing.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chat::{ErrorCode, ErrorReport};
use mcp::{ServerConfig, ServerFile, set_secrets_apart};
use notify::{RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::engine::Engine;
use crate::view::AppEvent;

/// Editors write a file in several steps.
const CALM: Duration = Duration::from_millis(250);

impl Engine {
    /// Watches the list for as long as this engine lives.
    pub(crate) fn watch_list(&self) {
        if self.inner.file.is_none() {
            return;
        }
        let path = self.inner.home.servers();
        let touched = Arc::new(Notify::new());
        let watcher = match watcher(path, touched.clone()) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!(%error, "changes of the list of servers go unnoticed");
                return;
            }
        };
        let (engine, ended) = (Arc::downgrade(&self.inner), self.inner.ended.clone());
        tokio::spawn(async move {
            // It watches only as long as it is held.
            let _watcher = watcher;
            while ended.run_until_cancelled(touched.notified()).await.is_some() {
                tokio::time::sleep(CALM).await;
                let Some(inner) = engine.upgrade() else { return };
                Engine { inner }.reload_servers().await;
            }
        });
    }

    /// Takes in what was changed in the list by others.
    pub async fn reload_servers(&self) {
        let _one_at_a_time = self.inner.changing_servers.lock().await;
        self.take_in().await;
    }

    /// The same, for whoever changes the list already.
    pub(super) async fn take_in(&self) {
        let Some(file) = &self.inner.file else { return };
        if file.lock().unwrap_or_else(PoisonError::into_inner).is_current() {
            return;
        }
        let fresh = match ServerFile::load(self.inner.home.servers()) {
            Ok(fresh) => fresh,
            Err(error) => return self.tell_list_troubles(vec![error.report()]),
        };
        let configs = super::resolved(&fresh, self.inner.helpdesk.as_deref());
        let there = self.configs();
        let troubles = troubles_of(&fresh);
        *file.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        for gone in there.iter().filter(|known| !configs.iter().any(|config| config.name == known.name)) {
            self.inner.servers.remove(&gone.name).await;
        }
        for config in configs.into_iter().filter(|config| !there.contains(config)) {
            self.inner.servers.put(config).await;
        }
        self.tell_list_troubles(troubles);
    }

    /// What is wrong with the list now takes the place of what was wrong before.
    pub(super) fn tell_list_troubles(&self, troubles: Vec<ErrorReport>) {
        {
            let mut known = self.inner.list_troubles.lock().unwrap_or_else(PoisonError::into_inner);
            if *known == troubles {
                return;
            }
            *known = troubles;
        }
        self.inner.hub.announce(AppEvent::Troubles { troubles: self.troubles() });
    }

    /// What is wrong and stays so until somebody mends it.
    pub(crate) fn troubles(&self) -> Vec<ErrorReport> {
        let of_the_list = self.inner.list_troubles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.inner.troubles.iter().cloned().chain(of_the_list).collect()
    }
}

fn watcher(path: PathBuf, touched: Arc<Notify>) -> notify::Result<notify::RecommendedWatcher> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let name = path.file_name().map(ToOwned::to_owned);
    // The folder, not the file: editors put another file in its place.
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = |event: &notify::Event| {
            !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        };
        // What could not be told may have been this.
        if event.as_ref().map_or(true, concerns) {
            touched.notify_one();
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Entries that cannot be used, and secrets that lie open.
pub(crate) fn troubles_of(file: &ServerFile) -> Vec<ErrorReport> {
    let mut troubles: Vec<ErrorReport> = file.problems.iter().map(|problem| problem.report()).collect();
    let open: Vec<&str> = file.servers.iter().filter(|it| has_open_secrets(it)).map(|it| it.name.as_str()).collect();
    if !open.is_empty() {
        let message = format!("There are secrets in plain text in the list of servers: {}.", open.join(", "));
        troubles.push(
            ErrorReport::new(ErrorCode::InvalidInput, message)
                .because("Every program that may read the file may read them.")
                .fix("Move them to the keychain: Settings → Servers, or loq servers --protect."),
        );
    }
    troubles
}

pub(super) fn has_open_secrets(config: &ServerConfig) -> bool {
    !set_secrets_apart(config).1.is_empty()
}
