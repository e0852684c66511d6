//! Which servers there are: the home's list, the help desk, and what a person adds.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use chat::{ErrorCode, ErrorReport, ServerState};
use futures::future::join_all;
use mcp::{ServerChange, ServerConfig, ServerFile, ServersOptions, Transport, parse_servers};
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Engine, Inner};
use crate::home::Home;
use crate::view::{AppEvent, ServerPreview, ServerView};

/// The help desk's servers: the bundled program's only argument, and their names.
pub const HELP_DESK: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];

/// What the program is called in the file; where it really lies is known only at run time.
const HELP_DESK_PROGRAM: &str = "loquat-helpdesk";

impl Engine {
    pub fn server_views(&self) -> Vec<ServerView> {
        self.inner.servers.snapshot().iter().map(view).collect()
    }

    /// What a URL, a command line or any client's JSON would add. Nothing is added or run.
    pub fn preview_servers(&self, text: &str) -> Result<Vec<ServerPreview>, ErrorReport> {
        let there = self.inner.servers.snapshot();
        let found = parse_servers(text).map_err(|error| error.report())?;
        let preview = |config: &ServerConfig| {
            let (runs_program, variables) = match &config.transport {
                Transport::Stdio { env, .. } => (true, env.keys().cloned().collect()),
                Transport::Http { headers, .. } | Transport::Sse { headers, .. } => (false, headers.keys().cloned().collect()),
            };
            let replaces = there.iter().any(|server| server.config.name == config.name);
            ServerPreview { name: config.name.clone(), address: config.address(), runs_program, variables, replaces }
        };
        Ok(found.iter().map(preview).collect())
    }

    /// Adds what [`Engine::preview_servers`] showed. Servers of the same name are replaced.
    pub async fn add_servers(&self, text: &str) -> Result<Vec<String>, ErrorReport> {
        let found = parse_servers(text).map_err(|error| error.report())?;
        let names = found.iter().map(|config| config.name.clone()).collect();
        self.put_servers(found).await?;
        Ok(names)
    }

    pub async fn enable_server(&self, name: &str, enabled: bool) -> Result<(), ErrorReport> {
        self.put_servers(vec![ServerConfig { enabled, ..self.config(name)? }]).await
    }

    pub async fn remove_server(&self, name: &str) -> Result<(), ErrorReport> {
        self.remove_servers(vec![self.config(name)?.name]).await
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
                    Ok(ServerChange::Removed(name)) => inner.hub.announce(AppEvent::ServerRemoved { name }),
                    // Too many at once to hear each: then all are told of as they are now.
                    Err(RecvError::Lagged(_)) => inner.tell_servers(|_| true),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    async fn put_servers(&self, configs: Vec<ServerConfig>) -> Result<(), ErrorReport> {
        let _one_at_a_time = self.inner.changing_servers.lock().await;
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
        let mut all = self.configs();
        all.retain(|config| !names.contains(&config.name));
        self.save_servers(&all)?;
        join_all(names.iter().map(|name| self.inner.servers.remove(name))).await;
        Ok(())
    }

    fn configs(&self) -> Vec<ServerConfig> {
        self.inner.servers.snapshot().iter().map(|server| (*server.config).clone()).collect()
    }

    fn config(&self, name: &str) -> Result<ServerConfig, ErrorReport> {
        self.configs().into_iter().find(|config| config.name == name).ok_or_else(|| {
            let names: Vec<String> = self.configs().into_iter().map(|config| config.name).collect();
            ErrorReport::new(ErrorCode::NotFound, format!("There is no server called {name}."))
                .because(format!("There are: {}.", names.join(", ")))
        })
    }

    fn save_servers(&self, configs: &[ServerConfig]) -> Result<(), ErrorReport> {
        let Some(file) = &self.inner.file else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut file.servers, configs.iter().cloned().map(portable).collect());
        file.save().map_err(|error| {
            file.servers = before;
            error.report()
        })
    }
}

impl Inner {
    fn tell_servers(&self, which: impl Fn(&ServerConfig) -> bool) {
        for server in self.servers.snapshot().iter().filter(|server| which(&server.config)) {
            self.hub.announce(AppEvent::Server { server: view(server) });
        }
    }
}

/// The home's list of servers; in a fresh home the help desk, written down at once. A list that cannot
/// be read is kept aside, and what happened is among the troubles.
pub(crate) fn configured(home: &Home, troubles: &mut Vec<ErrorReport>) -> Result<ServerFile, ErrorReport> {
    let mut is_fresh = !home.servers().exists();
    let loaded = ServerFile::load(home.servers()).or_else(|error| {
        troubles.push(error.report());
        is_fresh = true;
        ServerFile::load(home.servers())
    });
    let mut file = loaded.map_err(|error| error.report())?;
    troubles.extend(file.problems.iter().map(|problem| problem.report()));
    if is_fresh {
        file.servers = help_desk(None);
        file.save().map_err(|error| error.report())?;
    }
    Ok(file)
}

/// The servers of the list as they are run here.
pub(crate) fn resolved(file: &ServerFile, program: Option<&Path>) -> Vec<ServerConfig> {
    file.servers.iter().cloned().map(|config| run_here(config, program)).collect()
}

pub(crate) fn options(home: &Home, given: bool) -> ServersOptions {
    ServersOptions {
        client_name: "Loquat".into(),
        client_version: env!("CARGO_PKG_VERSION").into(),
        run_dir: Some(home.run()),
        // Servers of one call alone are no part of what the home remembers.
        catalogue: (!given).then(|| home.catalogue()),
    }
}

/// The five servers of the help desk, on.
pub fn help_desk(program: Option<&Path>) -> Vec<ServerConfig> {
    let server = |name: &&str| {
        let (command, args) = (HELP_DESK_PROGRAM.to_owned(), vec![(*name).to_owned()]);
        let transport = Transport::Stdio { command, args, env: Default::default(), cwd: None };
        let config = ServerConfig { bundled: true, ..ServerConfig::new(*name, transport) };
        run_here(config, program)
    };
    HELP_DESK.iter().map(server).collect()
}

/// A server counts as bundled, and is trusted as such, only if it is the bundled program: whatever
/// command the file names is replaced by it.
fn run_here(mut config: ServerConfig, program: Option<&Path>) -> ServerConfig {
    let Transport::Stdio { command, args, env, .. } = &mut config.transport else {
        config.bundled = false;
        return config;
    };
    config.bundled &= matches!(&args[..], [only] if HELP_DESK.contains(&only.as_str())) && env.is_empty();
    if config.bundled {
        *command = program.map_or(HELP_DESK_PROGRAM.into(), |program| program.display().to_string());
    }
    config
}

/// A server as it is written down: where the bundled program lies is nobody's business but this run's.
fn portable(mut config: ServerConfig) -> ServerConfig {
    if let (true, Transport::Stdio { command, .. }) = (config.bundled, &mut config.transport) {
        *command = HELP_DESK_PROGRAM.into();
    }
    config
}

fn view(server: &mcp::ServerSnapshot) -> ServerView {
    ServerView {
        name: server.config.name.clone(),
        bundled: server.config.bundled,
        enabled: server.config.enabled,
        address: server.config.address(),
        state: if server.config.enabled { server.state.clone() } else { ServerState::Off },
        tools: server.tools.to_vec(),
        log: server.log.to_vec(),
    }
}
