//! What everybody may know of the servers: one published value, replaced as a whole.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use chat::{Offers, ServerState, Starting, Tool};
use tokio::sync::{Semaphore, broadcast, mpsc, watch};

use crate::{Catalogue, ServerConfig, lines::Lines, log::Written, server::Order, session::Session, wire::Wire};

/// One server at one moment.
#[derive(Clone)]
pub struct ServerSnapshot {
    pub config: Arc<ServerConfig>,
    pub state: ServerState,
    /// While it is not ready: the tools last known, also from an earlier run.
    pub tools: Arc<Vec<Tool>>,
    /// The last lines that it wrote to its standard error.
    pub log: Arc<Vec<String>>,
    /// How many lines it has ever written there.
    pub logged: u64,
    /// While it is connecting for the first time.
    pub starting: Option<Starting>,
    /// Which kinds of things it offers besides tools.
    pub offers: Offers,
    pub(crate) session: Option<Session>,
    pub(crate) lines: Lines,
    pub(crate) wire: Wire,
    pub(crate) orders: mpsc::Sender<Order>,
    /// How often it was ordered to begin anew. How an attempt from before ends is no news.
    pub(crate) ordered: u64,
    /// Tells a server from a later one of the same name.
    pub(crate) serial: u64,
    /// Calls take turns: one permit for each that may run at the same time.
    pub(crate) turns: Arc<Semaphore>,
}

impl ServerSnapshot {
    pub(crate) fn take_log(&mut self, written: Written) {
        self.log = written.lines;
        self.logged = written.count;
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, ServerState::Ready { .. })
    }

    /// What it offers to be called: nothing of what was turned off.
    fn offered(&self) -> Cow<'_, [Tool]> {
        let off = &self.config.disabled_tools;
        if off.is_empty() {
            return Cow::Borrowed(self.tools.as_slice());
        }
        self.tools.iter().filter(|tool| !off.contains(&tool.name)).cloned().collect()
    }
}

/// Which server is worth another look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerChange {
    Changed(String),
    Removed(String),
    /// It wrote these lines to its standard error: with them there have been `logged`.
    Logged {
        server: String,
        lines: Vec<String>,
        logged: u64,
    },
    /// A resource that was subscribed to is not what it was.
    ResourceUpdated {
        server: String,
        uri: String,
    },
}

#[derive(Clone, Default)]
pub(crate) struct Published {
    pub(crate) servers: Arc<Vec<ServerSnapshot>>,
    /// Made when it is first read: while many servers connect, nobody reads most of what it would be in between.
    catalogue: Arc<OnceLock<Arc<Catalogue>>>,
}

impl Published {
    /// What can be called now.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        let make = || {
            let lists = offered(self.servers.iter());
            Arc::new(Catalogue::new(lists.iter().map(AsRef::as_ref)))
        };
        self.catalogue.get_or_init(make).clone()
    }

    /// Whether both hold the same tools, as far as can be told without reading them.
    pub(crate) fn has_tools_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.catalogue, &other.catalogue)
    }
}

/// Cheap to clone; all clones publish the same value.
#[derive(Clone)]
pub(crate) struct Board {
    published: Arc<watch::Sender<Published>>,
    changes: broadcast::Sender<ServerChange>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { published: Arc::new(watch::Sender::new(Published::default())), changes: broadcast::channel(1024).0 }
    }

    pub(crate) fn read(&self) -> Published {
        self.published.borrow().clone()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    pub(crate) fn changes(&self) -> broadcast::Receiver<ServerChange> {
        self.changes.subscribe()
    }

    /// Adds a server, or leaves things alone and returns what is known of the one that is there.
    pub(crate) fn add(&self, server: ServerSnapshot) -> Option<ServerSnapshot> {
        let name = server.config.name.clone();
        let mut known = None;
        self.published.send_if_modified(|published| {
            known = published.servers.iter().find(|other| other.config.name == name).cloned();
            if known.is_none() {
                Arc::make_mut(&mut published.servers).push(server);
            }
            known.is_none()
        });
        if known.is_none() {
            self.announce(ServerChange::Changed(name));
        }
        known
    }

    pub(crate) fn remove(&self, name: &str) -> Option<ServerSnapshot> {
        let mut removed = None;
        self.published.send_if_modified(|published| {
            let Some(at) = published.servers.iter().position(|server| server.config.name == name) else { return false };
            removed = Some(Arc::make_mut(&mut published.servers).remove(at));
            published.catalogue = Arc::default();
            true
        });
        if removed.is_some() {
            self.announce(ServerChange::Removed(name.to_owned()));
        }
        removed
    }

    /// Changes what is published of one server. One that has been removed meanwhile is left alone.
    pub(crate) fn update(&self, serial: u64, change: impl FnOnce(&mut ServerSnapshot)) {
        let mut changed = None;
        self.published.send_if_modified(|published| {
            let servers = Arc::make_mut(&mut published.servers);
            let Some(server) = servers.iter_mut().find(|server| server.serial == serial) else { return false };
            let before = (server.is_ready(), server.tools.clone(), server.config.clone());
            change(server);
            changed = Some(server.config.name.clone());
            let same_tools = Arc::ptr_eq(&before.1, &server.tools);
            if before.0 != server.is_ready() || !same_tools || before.2.disabled_tools != server.config.disabled_tools {
                published.catalogue = Arc::default();
            }
            true
        });
        if let Some(name) = changed {
            self.announce(ServerChange::Changed(name));
        }
    }

    /// The same where the server may be told next to begin anew: where `change` says so it is connecting from now on.
    /// The number of that order, for whoever obeys it.
    pub(crate) fn order(&self, serial: u64, change: impl FnOnce(&mut ServerSnapshot) -> bool) -> u64 {
        let mut number = 0;
        self.update(serial, |server| {
            if change(server) {
                server.ordered += 1;
                server.state = ServerState::Connecting;
            }
            number = server.ordered;
        });
        number
    }

    /// Publishes what a server wrote, and tells only what is new of it.
    pub(crate) fn logged(&self, serial: u64, written: Written) {
        let mut news = None;
        self.published.send_if_modified(|published| {
            let servers = Arc::make_mut(&mut published.servers);
            let Some(server) = servers.iter_mut().find(|server| server.serial == serial) else { return false };
            let fresh = usize::try_from(written.count.saturating_sub(server.logged)).unwrap_or(usize::MAX);
            let lines = written.lines[written.lines.len().saturating_sub(fresh)..].to_vec();
            news = Some(ServerChange::Logged { server: server.config.name.clone(), lines, logged: written.count });
            server.take_log(written);
            true
        });
        if let Some(change) = news {
            self.announce(change);
        }
    }

    pub(crate) fn resource_updated(&self, serial: u64, uri: String) {
        let server =
            self.published.borrow().servers.iter().find(|it| it.serial == serial).map(|it| it.config.name.clone());
        if let Some(server) = server {
            self.announce(ServerChange::ResourceUpdated { server, uri });
        }
    }

    fn announce(&self, change: ServerChange) {
        // Nobody listens yet, or no longer.
        let _ = self.changes.send(change);
    }
}

/// What those of these servers offer that are ready.
pub(crate) fn offered<'a>(servers: impl Iterator<Item = &'a ServerSnapshot>) -> Vec<Cow<'a, [Tool]>> {
    servers.filter(|server| server.is_ready()).map(ServerSnapshot::offered).collect()
}
