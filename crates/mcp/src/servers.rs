//! All servers: the one handle by which everybody else reaches them.

mod calling;
mod in_name_of;
mod log;
mod look;
mod sign_in;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chat::{Diagnosis, ErrorReport, Launch, ServerState, Tool, WireLine};
use futures::future::join_all;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, oneshot, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    CallError, Catalogue, Consents, MemorySecrets, Root, Secrets, ServerChange, ServerConfig, ServerSnapshot,
    auth::SignIns,
    board::{Board, Published},
    catalogue::LastKnown,
    common::Common,
    connect::Setting,
    diagnose::diagnose,
    era::Eras,
    lines::Lines,
    log::Log,
    process::{self, Watchdog},
    server::{Order, ServerTask},
    session::{Session, Subscribed},
    wire::Wire,
};

use in_name_of::Others;
pub use in_name_of::SignedIn;

/// More than a server needs that ignores being asked to end.
const STOP_DEADLINE: Duration = Duration::from_secs(8);
/// Lists that change together are written once.
const SAVE_PAUSE: Duration = Duration::from_millis(500);

/// What all servers have in common.
#[derive(Clone, Default)]
pub struct ServersOptions {
    /// What we call ourselves to servers.
    pub client_name: String,
    pub client_version: String,
    /// Where running programs are written down, so that the next start can end what a crash left.
    pub run_dir: Option<PathBuf>,
    /// The file in which tools are kept, so that they are known before their servers are ready.
    pub catalogue: Option<PathBuf>,
    /// Where the secrets lie that configurations refer to, and where sign-ins are kept; without it these end with this
    /// program.
    pub secrets: Option<Arc<dyn Secrets>>,
    /// The file that says who is signed in to which server; without it these end with this program.
    pub accounts: Option<PathBuf>,
    /// Which programs may be started; all of them where a person gave them for this run.
    pub consents: Option<Arc<Consents>>,
    /// The file in which is kept how each server is spoken to, so that it need not be found out each time.
    pub eras: Option<PathBuf>,
    /// Whether servers may ask models, each time with a person's leave.
    pub sampling: bool,
    /// Folders that servers may work in where a call says nothing of its own.
    pub roots: Vec<Root>,
}

/// The servers. Cheap to clone; all clones are the same servers.
#[derive(Clone)]
pub struct Servers {
    inner: Arc<Inner>,
}

struct Inner {
    board: Board,
    setting: Setting,
    sign_ins: SignIns,
    catalogue: Option<PathBuf>,
    serials: AtomicU64,
    others: Others,
    abandoned: CancellationToken,
    /// Ends every server's task with the last handle.
    _guard: DropGuard,
}

impl Servers {
    /// Connects all enabled servers at the same time and returns at once. Needs a tokio runtime around it.
    pub fn start(options: ServersOptions, configs: Vec<ServerConfig>) -> Self {
        let known = options.catalogue.as_deref().map(LastKnown::load).unwrap_or_default();
        let abandoned = CancellationToken::new();
        let kept = options.secrets.clone().unwrap_or_else(|| Arc::new(MemorySecrets::default()));
        let sign_ins = SignIns::new(kept, options.run_dir.clone(), options.accounts);
        let inner = Inner {
            board: Board::new(),
            setting: Setting {
                client_name: options.client_name,
                client_version: options.client_version,
                watchdog: Watchdog::start(options.run_dir),
                accounts: Arc::new(sign_ins.clone()),
                secrets: options.secrets,
                consents: options.consents,
                eras: Eras::load(options.eras),
                common: Common::new(options.sampling, options.roots),
                server: String::new(),
                lines: Lines::default(),
                subscribed: Subscribed::default(),
            },
            sign_ins,
            catalogue: options.catalogue,
            serials: AtomicU64::new(0),
            others: Others::default(),
            abandoned: abandoned.clone(),
            _guard: abandoned.drop_guard(),
        };
        let servers = Self { inner: Arc::new(inner) };
        for config in configs {
            let tools = known.of(&config);
            servers.add(Arc::new(config), tools);
        }
        if let Some(path) = servers.inner.catalogue.clone() {
            tokio::spawn(keep(servers.inner.board.subscribe(), path, servers.inner.abandoned.clone()));
        }
        servers
    }

    /// How all servers stand, in the order in which they were added.
    pub fn snapshot(&self) -> Arc<Vec<ServerSnapshot>> {
        self.inner.board.read().servers
    }

    /// Tells of every change from now on.
    pub fn changes(&self) -> broadcast::Receiver<ServerChange> {
        self.inner.board.changes()
    }

    /// What can be called now.
    pub fn tools(&self) -> Arc<Catalogue> {
        self.inner.board.read().catalogue()
    }

    /// Until no server is connecting for the first time any more, or until the deadline.
    pub async fn settled(&self, deadline: Duration) {
        let mut published = self.inner.board.subscribe();
        let calm = published.wait_for(|published| {
            !published.servers.iter().any(|server| server.config.enabled && server.state == ServerState::Connecting)
        });
        // The deadline is no failure: what is ready by then is what there is.
        let _ = timeout(deadline, calm).await;
    }

    /// Adds a server, or configures the one of that name anew. It connects in its own time.
    pub async fn put(&self, config: ServerConfig) {
        let config = Arc::new(config);
        let Some(server) = self.add(config.clone(), Arc::default()) else { return };
        self.configure(&server, config).await;
    }

    /// Removes a server; returns when nothing of it runs any more.
    pub async fn remove(&self, name: &str) {
        if let Some(server) = self.inner.board.remove(name) {
            self.dismiss(name, None).await;
            stopped(&server.orders).await;
            self.inner.sign_ins.forget(name, |_| true);
        }
    }

    /// Turns a server on or off.
    pub async fn enable(&self, name: &str, enabled: bool) {
        if let Some(server) = self.find(name) {
            let config = ServerConfig { enabled, ..(*server.config).clone() };
            self.configure(&server, Arc::new(config)).await;
        }
    }

    /// Begins anew with a server, whatever its state, and in whosever name it is used.
    pub async fn reconnect(&self, name: &str) {
        self.begin_anew(name).await;
        for other in self.inner.others.of(Some(name)) {
            other.begin_anew(name).await;
        }
    }

    async fn begin_anew(&self, name: &str) {
        if let Some(server) = self.find(name) {
            let number = self.inner.board.order(server.serial, |server| server.config.enabled);
            let _ = server.orders.send(Order::Reconnect { number }).await;
        }
    }

    /// What starting a server comes down to on this computer; nothing where it is no program.
    pub async fn launch(&self, name: &str) -> Option<Launch> {
        process::launch::describe(&self.find(name)?.config).await
    }

    /// The last messages exchanged with a server, oldest first; nothing where there is none of that name.
    pub fn wire(&self, name: &str) -> Vec<WireLine> {
        self.find(name).map(|server| server.wire.lines()).unwrap_or_default()
    }

    /// Connects once more, beside what runs, and says which step fails; nothing where there is none of that name.
    pub async fn diagnose(&self, name: &str) -> Option<Diagnosis> {
        let server = self.find(name)?;
        Some(diagnose(&server.config, &self.inner.setting, self.legible(name).await).await)
    }

    /// Ends all servers at the same time; returns when nothing of them runs any more.
    pub async fn shutdown(self) {
        if let Some(path) = &self.inner.catalogue {
            save(&self.inner.board.read(), path);
        }
        let others = self.inner.others.of(None);
        join_all(others.iter().chain([&self]).map(Self::stop_all)).await;
    }

    async fn stop_all(&self) {
        let servers = self.snapshot();
        join_all(servers.iter().map(|server| stopped(&server.orders))).await;
    }

    /// The session of a server that can be asked now.
    pub(crate) fn session(&self, name: &str) -> Result<(Session, Arc<ServerConfig>), CallError> {
        self.ready(name).map(|(session, server)| (session, server.config))
    }

    pub(crate) fn common(&self) -> &Common {
        &self.inner.setting.common
    }

    pub(crate) fn ready(&self, name: &str) -> Result<(Session, ServerSnapshot), CallError> {
        let named = || name.to_owned();
        let server = self.find(name).ok_or_else(|| CallError::NoSuchServer { server: named() })?;
        if matches!(server.state, ServerState::NeedsSignIn | ServerState::SigningIn { .. }) {
            return Err(CallError::SignInRequired { server: named() });
        }
        match (&server.state, server.session.clone()) {
            (ServerState::Ready { .. }, Some(session)) => Ok((session, server)),
            (state, _) => Err(CallError::NotReady { server: named(), state: words(state), why: why(state) }),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<ServerSnapshot> {
        self.snapshot().iter().find(|server| server.config.name == name).cloned()
    }

    /// Starts the task of a new server; returns the one of that name where there is one already.
    fn add(&self, config: Arc<ServerConfig>, tools: Arc<Vec<Tool>>) -> Option<ServerSnapshot> {
        let heard = Heard { lines: Lines::default(), wire: Wire::of(&config.name), turns: turns(&config) };
        self.add_heard(config, tools, heard)
    }

    /// The same server once more, for somebody else: what is heard of it is written down in the same place, and calls
    /// take turns with those there.
    fn add_beside(&self, server: &ServerSnapshot) {
        let heard = Heard { lines: server.lines.clone(), wire: server.wire.clone(), turns: server.turns.clone() };
        self.add_heard(server.config.clone(), server.tools.clone(), heard);
    }

    fn add_heard(&self, config: Arc<ServerConfig>, tools: Arc<Vec<Tool>>, heard: Heard) -> Option<ServerSnapshot> {
        let Heard { lines, wire, turns } = heard;
        let (orders, inbox) = mpsc::channel(16);
        let serial = self.inner.serials.fetch_add(1, Ordering::Relaxed);
        let state = if config.enabled { ServerState::Connecting } else { ServerState::Off };
        let setting = self.inner.setting.of(&config.name, lines.clone());
        let (starting, offers) = (None, chat::Offers::default());
        let snapshot = ServerSnapshot {
            config: config.clone(),
            state,
            tools,
            log: Arc::default(),
            logged: 0,
            starting,
            offers,
            session: None,
            lines,
            wire: wire.clone(),
            orders,
            ordered: 0,
            serial,
            turns,
        };
        let known = self.inner.board.add(snapshot);
        if known.is_none() {
            let task = ServerTask {
                serial,
                config,
                board: self.inner.board.clone(),
                inbox,
                abandoned: self.inner.abandoned.clone(),
                log: Log::of(setting.lines.clone()),
                setting,
                wire,
                attempts: 0,
                obeyed: 0,
                was_ready: false,
            };
            tokio::spawn(task.run());
        }
        known
    }

    async fn configure(&self, server: &ServerSnapshot, config: Arc<ServerConfig>) {
        self.configure_alone(server, config.clone()).await;
        self.configure_others(&config).await;
    }

    async fn configure_alone(&self, server: &ServerSnapshot, config: Arc<ServerConfig>) {
        let number = self.inner.board.order(server.serial, |server| {
            let begins = config.enabled && !config.connects_like(&server.config);
            if config.parallel != server.config.parallel {
                server.turns = turns(&config);
            }
            server.config = config.clone();
            begins
        });
        // Where the task is gone, the server has been removed meanwhile.
        let _ = server.orders.send(Order::Configure { config, number }).await;
    }
}

/// What is known of a server whoever uses it.
struct Heard {
    lines: Lines,
    wire: Wire,
    turns: Arc<Semaphore>,
}

/// As many calls at the same time as the server is good for.
fn turns(config: &ServerConfig) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(config.parallel).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS)))
}

async fn stopped(orders: &mpsc::Sender<Order>) {
    let (reply, heard) = oneshot::channel();
    let stop = async {
        if orders.send(Order::Stop(reply)).await.is_ok() {
            let _ = heard.await;
        }
    };
    if timeout(STOP_DEADLINE, stop).await.is_err() {
        tracing::warn!("a server did not end in time");
    }
}

/// Writes the lists of tools down whenever they have changed.
async fn keep(mut published: watch::Receiver<Published>, path: PathBuf, abandoned: CancellationToken) {
    let mut kept = published.borrow_and_update().clone();
    while let Some(Ok(())) = abandoned.run_until_cancelled(published.changed()).await {
        sleep(SAVE_PAUSE).await;
        let now = published.borrow_and_update().clone();
        if !now.has_tools_of(&kept) {
            let path = path.clone();
            kept = now.clone();
            let _ = tokio::task::spawn_blocking(move || save(&now, &path)).await;
        }
    }
}

fn save(published: &Published, path: &std::path::Path) {
    let servers = published.servers.iter().map(|server| (&*server.config, &server.tools));
    if let Err(error) = LastKnown::collect(servers).save(path) {
        tracing::warn!(%error, "the lists of tools could not be kept");
    }
}

/// What is known of why it is not ready, with what can be done about it.
fn why(state: &ServerState) -> Option<Box<ErrorReport>> {
    match state {
        ServerState::Failed { error } | ServerState::Reconnecting { error, .. } => Some(Box::new(error.clone())),
        ServerState::Off
        | ServerState::Connecting
        | ServerState::Ready { .. }
        | ServerState::NeedsSignIn
        | ServerState::SigningIn { .. }
        | ServerState::NeedsConsent { .. } => None,
    }
}

fn words(state: &ServerState) -> &'static str {
    match state {
        ServerState::Off => "turned off",
        ServerState::Connecting => "still connecting",
        ServerState::Ready { .. } => "ready",
        ServerState::NeedsSignIn => "waiting for a sign-in",
        ServerState::SigningIn { .. } => "being signed in to",
        ServerState::NeedsConsent { .. } => "waiting for somebody to agree to its command",
        ServerState::Reconnecting { .. } => "being reconnected",
        ServerState::Failed { .. } => "not running",
    }
}
