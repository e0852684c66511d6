//! What goes on beside the calls: seeing that the file has changed, that a server's tools have, and tidying up.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use chat::ErrorReport;
use mcp::ServerChange;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::gateway::{Inner, News};

/// Files that are mounted or replaced by a link tell nobody: they are looked at.
const LOOK: Duration = Duration::from_millis(500);
const TIDY: Duration = Duration::from_secs(60);
/// Servers tell of several changes at once.
const CALM: Duration = Duration::from_millis(50);

/// What came of reading a file anew that has changed.
#[derive(Debug, Clone)]
pub enum Reading {
    Taken,
    /// The configuration before it goes on.
    Refused(ErrorReport),
}

pub(crate) fn start(inner: &Arc<Inner>) {
    let end = inner.end.clone();
    let (watched, tidied) = (Arc::downgrade(inner), Arc::downgrade(inner));
    for servers in inner.upstream.all() {
        let (changes, following, end) = (servers.changes(), Arc::downgrade(inner), end.clone());
        tokio::spawn(async move {
            end.run_until_cancelled(follow(following, changes)).await;
        });
    }
    tokio::spawn(async move {
        let work = async { tokio::join!(watch(watched), tidy(tidied)) };
        end.run_until_cancelled(work).await;
    });
}

pub(crate) type Marks = Vec<(SystemTime, u64)>;

/// Enough to see that a file is another.
fn mark(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The marks of all files of a configuration; nothing where one is gone for a moment, being replaced.
pub(crate) fn marks(files: &[PathBuf]) -> Option<Marks> {
    files.iter().map(|path| mark(path)).collect()
}

async fn watch(inner: Weak<Inner>) {
    // What was changed since it was read is a change, too.
    let mut known = inner.upgrade().and_then(|inner| inner.shown().plan.marks.clone());
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        let Some(now) = marks(&inner.shown().plan.files) else { continue };
        if known.replace(now.clone()).is_some_and(|before| before == now) {
            continue;
        }
        let reading = match inner.reload().await {
            Ok(()) => {
                tracing::info!("the configuration was read again");
                // It may name other files than before.
                known = inner.shown().plan.marks.clone();
                Reading::Taken
            }
            Err(error) => {
                tracing::error!(%error, "the configuration is refused; the old one goes on");
                Reading::Refused(error.report())
            }
        };
        inner.readings.send_replace(Some(reading));
    }
}

async fn follow(inner: Weak<Inner>, mut changes: tokio::sync::broadcast::Receiver<ServerChange>) {
    loop {
        let is_news = match changes.recv().await {
            Ok(change) => tell(&inner, change),
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return,
        };
        if !is_news {
            continue;
        }
        sleep(CALM).await;
        while let Ok(change) = changes.try_recv() {
            tell(&inner, change);
        }
        let Some(inner) = inner.upgrade() else { return };
        inner.refresh();
    }
}

/// Whether it calls for another look at what there is.
fn tell(inner: &Weak<Inner>, change: ServerChange) -> bool {
    match change {
        ServerChange::Changed(_) | ServerChange::Removed(_) => true,
        ServerChange::Logged { .. } => false,
        ServerChange::ResourceUpdated { server, uri } => {
            if let Some(inner) = inner.upgrade() {
                // Nobody may be listening.
                let _ = inner.told.send(News::Updated { server, uri });
            }
            false
        }
    }
}

async fn tidy(inner: Weak<Inner>) {
    let mut ticks = interval(TIDY);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.limits().tidy();
        inner.rounds.tidy();
    }
}
