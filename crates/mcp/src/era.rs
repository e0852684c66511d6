//! Which way of speaking worked with a server, remembered for the next time.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{ServerConfig, catalogue::fingerprint, file::write_atomically};

/// Servers change: what was learned is asked again after so long.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// How a server can be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// Every request stands for itself, from 2026-07-28 on.
    Modern,
    /// `initialize`, up to 2025-11-25.
    Legacy,
    /// The same over HTTP with a stream of events (2024-11-05).
    Sse,
}

impl Way {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Modern => "with the newest protocol (2026-07-28)",
            Self::Legacy => "with the older handshake (initialize)",
            Self::Sse => "over the older HTTP with a stream of events (SSE)",
        }
    }
}

/// What worked, by configuration. Cheap to clone; all clones are the same memory.
#[derive(Clone, Default)]
pub(crate) struct Eras {
    file: Option<Arc<PathBuf>>,
    known: Arc<Mutex<BTreeMap<String, Known>>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    way: Way,
    /// Seconds since the Unix epoch.
    at: u64,
}

impl Eras {
    /// What the file remembers. Nothing known is no error: the servers will tell.
    pub(crate) fn load(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|file| fs::read(file).ok());
        let known = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file: file.map(Arc::new), known: Arc::new(Mutex::new(known)) }
    }

    pub(crate) fn of(&self, config: &ServerConfig) -> Option<Way> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key(config)).filter(|known| known.is_fresh()).map(|known| known.way)
    }

    pub(crate) fn learn(&self, config: &ServerConfig, way: Way) {
        if self.of(config) != Some(way) {
            self.change(|known| {
                known.insert(key(config), Known { way, at: now() });
            });
        }
    }

    pub(crate) fn forget(&self, config: &ServerConfig) {
        if self.of(config).is_some() {
            self.change(|known| {
                known.remove(&key(config));
            });
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Known>)) {
        let text = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut known);
            known.retain(|_, known| known.is_fresh());
            serde_json::to_vec(&*known)
        };
        let (Some(file), Ok(text)) = (self.file.clone(), text) else { return };
        tokio::task::spawn_blocking(move || {
            if let Err(error) = write_atomically(&file, &text) {
                tracing::warn!(%error, "how servers are spoken to could not be kept");
            }
        });
    }
}

impl Known {
    fn is_fresh(&self) -> bool {
        now().abs_diff(self.at) < GOOD_FOR.as_secs()
    }
}

fn key(config: &ServerConfig) -> String {
    format!("{:016x}", fingerprint(config))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport;

    fn config(url: &str) -> ServerConfig {
        ServerConfig::new("s", Transport::Http { url: url.into(), headers: Default::default() })
    }

    #[tokio::test]
    async fn what_worked_is_known_until_it_is_forgotten_or_old() {
        let eras = Eras::default();
        let (one, other) = (config("https://one.example"), config("https://other.example"));
        eras.learn(&one, Way::Sse);
        assert_eq!((eras.of(&one), eras.of(&other)), (Some(Way::Sse), None));
        eras.known.lock().unwrap().values_mut().for_each(|known| known.at -= GOOD_FOR.as_secs() + 1);
        assert_eq!(eras.of(&one), None);
        eras.learn(&one, Way::Modern);
        assert_eq!(eras.of(&one), Some(Way::Modern));
        eras.forget(&one);
        assert_eq!(eras.of(&one), None);
    }

    #[test]
    fn the_file_holds_no_address() {
        let known =
            BTreeMap::from([(key(&config("https://h.example/?token=hunter2")), Known { way: Way::Legacy, at: now() })]);
        let text = serde_json::to_string(&known).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("example"), "{text}");
    }
}
