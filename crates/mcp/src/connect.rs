//! From a configuration to a session: which transport, which era, and every way in which that can fail.

mod local;
mod probe;
mod remote;

use std::{process::ExitStatus, sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt, Shared};
use rmcp::{
    ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::ProtocolVersion,
    service::{ClientInitializeError, QuitReason, RunningService, RunningServiceCancellationToken},
    transport::Transport as RmcpTransport,
};
use tokio::{sync::broadcast, time::timeout};

use crate::{
    Consents, Secrets, ServerConfig, Transport,
    common::Common,
    credentials::Accounts,
    era::{Eras, Way},
    failure::ConnectError as Failure,
    folders::Folders,
    host::Host,
    lines::Lines,
    log::Log,
    process::{Child, Watchdog},
    references,
    running::Running,
    session::{Era, Session, Subscribed, Ties},
    told::{Ear, InOrder},
    web::Short,
    wire::Wire,
};

pub(crate) use crate::failure::ConnectError;

/// Progress that nobody has picked up; more is a flood, and only the newest matters.
const PROGRESS_BUFFER: usize = 256;

/// What connecting needs besides the configuration.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) client_name: String,
    pub(crate) client_version: String,
    pub(crate) watchdog: Watchdog,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) eras: Eras,
    /// Where the secrets lie that configurations refer to.
    pub(crate) secrets: Option<Arc<dyn Secrets>>,
    /// Which programs may be started; all of them where a person gave them for this run.
    pub(crate) consents: Option<Arc<Consents>>,
    pub(crate) common: Common,
    /// Whom it is for: the server's configured name.
    pub(crate) server: String,
    /// What this one server writes.
    pub(crate) lines: Lines,
    /// What of this one server is watched, whatever session it is in.
    pub(crate) subscribed: Subscribed,
}

impl Setting {
    /// The same for one server.
    pub(crate) fn of(&self, server: &str, lines: Lines) -> Self {
        Self { server: server.to_owned(), lines, subscribed: Subscribed::default(), ..self.clone() }
    }

    pub(crate) fn may_start(&self, config: &ServerConfig) -> bool {
        self.consents.as_ref().is_none_or(|consents| consents.allows(config))
    }
}

/// Where what is heard of a server is written down.
#[derive(Clone, Copy)]
pub(crate) struct Ears<'a> {
    pub(crate) log: &'a Log,
    pub(crate) wire: &'a Wire,
}

/// A session together with what must end when it ends.
pub(crate) struct Link {
    pub(crate) session: Session,
    cancel: Option<RunningServiceCancellationToken>,
    ended: Shared<BoxFuture<'static, ()>>,
    child: Option<Child>,
}

pub(crate) async fn connect(config: &ServerConfig, setting: &Setting, ears: Ears<'_>) -> Result<Link, ConnectError> {
    // What it refers to is looked up now, and known to nobody else.
    let resolved = &references::resolve(config, setting.secrets.as_deref()).await?;
    let known = setting.eras.of(config);
    let outcome = match &config.transport {
        Transport::Stdio { .. } => local::connect(resolved, setting, ears, known).await,
        Transport::Http { .. } | Transport::Sse { .. } => remote::connect(resolved, setting, ears, known).await,
    };
    match outcome {
        Ok((link, way)) => {
            setting.eras.learn(config, way);
            Ok(link)
        }
        Err(error) => {
            setting.eras.forget(config);
            Err(error)
        }
    }
}

async fn shaken<T: RmcpTransport<RoleClient> + 'static>(
    setting: &Setting,
    transport: T,
    mode: ClientLifecycleMode,
) -> Result<(Link, Ear), ClientInitializeError> {
    let (host, ties) = host(setting);
    let (heard, ear) = InOrder::new(transport, ties.clone(), setting.lines.clone());
    let running = host.serve_with_lifecycle(heard, mode).await?;
    Ok((Link::made(running, ties), ear))
}

fn lifecycle(way: Way) -> ClientLifecycleMode {
    match way {
        Way::Legacy | Way::Sse => ClientLifecycleMode::Initialize,
        Way::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    }
}

/// How it ended, where that is known by now.
async fn exit_words(child: &mut Child) -> Option<String> {
    timeout(Duration::from_millis(500), child.exited()).await.ok()?.map(words)
}

fn words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

fn host(setting: &Setting) -> (Host, Ties) {
    let ties = Ties {
        progress: broadcast::channel(PROGRESS_BUFFER).0,
        news: Arc::default(),
        running: Running::default(),
        sampling: setting.common.sampling(),
        common: setting.common.clone(),
        folders: Folders::new(),
        subscribed: setting.subscribed.clone(),
    };
    let (name, version) = (setting.client_name.clone(), setting.client_version.clone());
    (Host { name, version, server: setting.server.clone(), ties: ties.clone() }, ties)
}

impl Link {
    fn made(running: RunningService<RoleClient, Host>, ties: Ties) -> Self {
        let peer = running.peer().clone();
        let modern = peer.peer_info().is_some_and(|info| !info.protocol_version.has_initialize());
        let session = Session::new(peer, if modern { Era::Modern } else { Era::Legacy }, ties);
        let cancel = Some(running.cancellation_token());
        let ended = async move {
            // However it ended, it has.
            let _: Result<QuitReason, _> = running.waiting().await;
        };
        let ended = ended.boxed().shared();
        Self { session, cancel, ended, child: None }
    }

    /// The same, where calls may go a shorter way.
    fn shortened(mut self, short: Short) -> Self {
        // Of the newer revision rmcp alone knows what has to stand in the head of a call.
        if self.session.era == Era::Legacy {
            self.session.short = Some(Arc::new(short));
        }
        self
    }

    fn way(&self) -> Way {
        match self.session.era {
            Era::Modern => Way::Modern,
            Era::Legacy => Way::Legacy,
        }
    }

    /// Until the session can answer no more; then why, as far as known. Pending calls end with it.
    pub(crate) async fn lost(&mut self) -> ConnectError {
        let status = match &mut self.child {
            None => {
                self.ended.clone().await;
                self.session.closed.cancel();
                return Failure::Closed;
            }
            Some(child) => tokio::select! {
                status = child.exited() => {
                    self.session.closed.cancel();
                    child.last_words().await;
                    status.map(words)
                }
                () = self.ended.clone() => {
                    self.session.closed.cancel();
                    exit_words(child).await
                }
            },
        };
        Failure::Exited { status }
    }

    /// Ends the session and everything that belongs to it.
    pub(crate) async fn close(mut self) {
        self.session.closed.cancel();
        if let Some(cancel) = self.cancel.take() {
            cancel.cancel();
        }
        // A web server is told goodbye, but not waited for.
        let _ = timeout(Duration::from_secs(1), self.ended).await;
        if let Some(child) = self.child.take() {
            child.stop().await;
        }
    }
}
