//! Which servers there are: the home's list, the help desk, and what a person adds.

mod change;
mod import;
mod list;
mod reload;
mod secrets;
mod sign_ins;

use std::sync::PoisonError;
use std::time::Duration;

use chat::{Diagnosis, ErrorCode, ErrorReport, ServerState, WireLine};
use futures::future::join_all;
use mcp::{Consents, ServerChange, ServerConfig, Transport, parse_servers};
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Engine, Inner};
use crate::view::{AppEvent, ServerPreview, ServerView};
pub use change::ServerSettings;
pub use import::{ImportAsk, ImportEntry, ImportFate, ImportPreview, ImportSource};
pub use list::{HELP_DESK, help_desk};
pub(crate) use list::{Whose, of_home, resolved, start};
pub use sign_ins::{ImportSignIn, ImportedSignIn};

/// So many servers are asked at once before they are added; the others when they are.
const MOST_LOOKED_AT: usize = 16;

impl Engine {
    pub fn server_views(&self) -> Vec<ServerView> {
        self.inner.servers.snapshot().iter().map(|server| self.inner.priced(view(server))).collect()
    }

    /// What a URL, a command line or any client's JSON would add. Nothing is added or run.
    pub fn preview_servers(&self, text: &str) -> Result<Vec<ServerPreview>, ErrorReport> {
        let there = self.inner.servers.snapshot();
        let found = parse_servers(text).map_err(|error| error.report())?;
        let preview = |config: &ServerConfig| {
            let (runs_program, variables) = match &config.transport {
                Transport::Stdio { env, .. } => (true, env.keys().cloned().collect()),
                Transport::Http { headers, .. } | Transport::Sse { headers, .. } => {
                    (false, headers.keys().cloned().collect())
                }
            };
            let replaces = there.iter().any(|server| server.config.name == config.name);
            ServerPreview { name: config.name.clone(), address: config.address(), runs_program, variables, replaces }
        };
        Ok(found.iter().map(preview).collect())
    }

    /// What is there already, of what [`Engine::preview_servers`] showed: asked in nobody's name, with what was pasted
    /// and nothing else. Programs are not started, and what refers to values kept on this computer is not asked.
    pub async fn look_at_servers(&self, text: &str) -> Result<Vec<Diagnosis>, ErrorReport> {
        let found = parse_servers(text).map_err(|error| error.report())?;
        let looked = found.iter().take(MOST_LOOKED_AT).map(|config| self.inner.servers.look_at(config));
        Ok(join_all(looked).await.into_iter().flatten().collect())
    }

    /// Adds what [`Engine::preview_servers`] showed: whoever adds it has seen its whole command line and agrees to
    /// it. Servers of the same name are replaced; secrets go to the keychain.
    pub async fn add_servers(&self, text: &str) -> Result<Vec<String>, ErrorReport> {
        let found = parse_servers(text).map_err(|error| error.report())?;
        let names = found.iter().map(|config| config.name.clone()).collect();
        let found = self.keep_secrets(found).await?;
        for config in &found {
            self.agree(config)?;
        }
        self.put_servers(found).await?;
        Ok(names)
    }

    /// The programs that nobody has agreed to yet: their servers' names and their whole command lines, secrets masked.
    pub fn waiting_for_consent(&self) -> Vec<(String, String)> {
        let Some(consents) = &self.inner.consents else { return vec![] };
        let waiting = self.configs().into_iter().filter(|config| config.enabled && !consents.allows(config));
        waiting.map(|config| (config.name.clone(), Consents::shown(&config))).collect()
    }

    /// A person agrees that a server's program runs here as it is configured now.
    pub async fn consent(&self, name: &str) -> Result<(), ErrorReport> {
        self.agree(&self.config(name)?)?;
        self.reconnect_server(name).await
    }

    fn agree(&self, config: &ServerConfig) -> Result<(), ErrorReport> {
        let Some(consents) = &self.inner.consents else { return Ok(()) };
        consents.give(config).map_err(|error| {
            ErrorReport::new(ErrorCode::StorageFailed, "What you agreed to could not be written down.")
                .because(error.to_string())
                .fix("Check that the disk is not full, then try again.")
        })
    }

    pub async fn enable_server(&self, name: &str, enabled: bool) -> Result<(), ErrorReport> {
        self.put_servers(vec![ServerConfig { enabled, ..self.config(name)? }]).await
    }

    pub async fn remove_server(&self, name: &str) -> Result<(), ErrorReport> {
        self.remove_servers(vec![self.config(name)?.name]).await
    }

    /// The last messages exchanged with a server, oldest first, secrets masked.
    pub fn server_wire(&self, name: &str) -> Vec<WireLine> {
        self.inner.servers.wire(name)
    }

    pub async fn reconnect_server(&self, name: &str) -> Result<(), ErrorReport> {
        self.inner.servers.reconnect(&self.config(name)?.name).await;
        Ok(())
    }

    /// All five help-desk servers at once.
    pub async fn remove_help_desk(&self) -> Result<(), ErrorReport> {
        let servers = self.inner.servers.snapshot();
        let bundled = servers.iter().filter(|server| server.config.bundled);
        self.remove_servers(bundled.map(|server| server.config.name.clone()).collect()).await
    }

    pub async fn restore_help_desk(&self) -> Result<(), ErrorReport> {
        self.put_servers(help_desk(self.inner.helpdesk.as_deref())).await
    }

    /// Waits until no enabled server is connecting any more, or `deadline` has passed.
    pub async fn servers_settled(&self, deadline: Duration) {
        self.inner.servers.settled(deadline).await;
    }

    /// The tools themselves, for a face that calls them without a model.
    pub fn servers(&self) -> &mcp::Servers {
        &self.inner.servers
    }

    /// Tells every face whenever a server changes.
    pub(crate) fn watch_servers(&self) {
        let mut changes = self.inner.servers.changes();
        let engine = std::sync::Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            loop {
                let change = changes.recv().await;
                let Some(inner) = engine.upgrade() else { return };
                match change {
                    Ok(ServerChange::Changed(name)) => inner.tell_servers(|config| config.name == name),
                    Ok(ServerChange::ResourceUpdated { server, uri }) => {
                        inner.hub.announce(AppEvent::ResourceUpdated { server, uri });
                    }
                    Ok(ServerChange::Logged { server, lines, logged }) => {
                        inner.hub.announce(AppEvent::ServerLog { server, lines, logged });
                    }
                    Ok(ServerChange::Removed(name)) => inner.hub.announce(AppEvent::ServerRemoved { name }),
                    // Too many at once to hear each: then all are told of as they are now.
                    Err(RecvError::Lagged(_)) => inner.tell_servers(|_| true),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    pub(crate) async fn put_servers(&self, configs: Vec<ServerConfig>) -> Result<(), ErrorReport> {
        let _one_at_a_time = self.inner.changing_servers.lock().await;
        self.take_in().await;
        let mut all = self.configs();
        for config in &configs {
            match all.iter_mut().find(|known| known.name == config.name) {
                Some(known) => *known = config.clone(),
                None => all.push(config.clone()),
            }
        }
        self.save_servers(&all)?;
        for config in configs {
            self.inner.servers.put(config).await;
        }
        Ok(())
    }

    async fn remove_servers(&self, names: Vec<String>) -> Result<(), ErrorReport> {
        let _one_at_a_time = self.inner.changing_servers.lock().await;
        self.take_in().await;
        let (gone, left): (Vec<_>, Vec<_>) = self.configs().into_iter().partition(|it| names.contains(&it.name));
        self.save_servers(&left)?;
        join_all(names.iter().map(|name| self.inner.servers.remove(name))).await;
        self.forget_secrets(&gone, &[]).await;
        Ok(())
    }

    fn configs(&self) -> Vec<ServerConfig> {
        self.inner.servers.snapshot().iter().map(|server| (*server.config).clone()).collect()
    }

    pub(crate) fn config(&self, name: &str) -> Result<ServerConfig, ErrorReport> {
        self.configs().into_iter().find(|config| config.name == name).ok_or_else(|| {
            let names: Vec<String> = self.configs().into_iter().map(|config| config.name).collect();
            ErrorReport::new(ErrorCode::NotFound, format!("There is no server called {name}."))
                .because(format!("There are: {}.", names.join(", ")))
        })
    }

    fn save_servers(&self, configs: &[ServerConfig]) -> Result<(), ErrorReport> {
        let Some(file) = &self.inner.file else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut file.servers, configs.iter().cloned().map(list::portable).collect());
        let saved = file.save();
        if saved.is_err() {
            file.servers = before;
        }
        saved.map_err(|error| error.report())
    }
}

impl Inner {
    fn tell_servers(&self, which: impl Fn(&ServerConfig) -> bool) {
        for server in self.servers.snapshot().iter().filter(|server| which(&server.config)) {
            self.hub.announce(AppEvent::Server { server: self.priced(view(server)) });
        }
    }
}

fn view(server: &mcp::ServerSnapshot) -> ServerView {
    ServerView {
        name: server.config.name.clone(),
        bundled: server.config.bundled,
        enabled: server.config.enabled,
        address: server.config.address(),
        state: if server.config.enabled { server.state.clone() } else { ServerState::Off },
        starting: server.starting.filter(|_| server.config.enabled),
        offers: server.offers,
        tools: server.tools.to_vec(),
        log: server.log.to_vec(),
        logged: server.logged,
    }
}
