//! From a configuration to a session: which transport, which era, and every way in which that can fail.

use std::{path::Path, process::ExitStatus, sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt, Shared};
use rmcp::{
    ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::ProtocolVersion,
    service::{ClientInitializeError, QuitReason, RunningService, RunningServiceCancellationToken},
    transport::{
        StreamableHttpClientTransport, Transport as RmcpTransport, async_rw::AsyncRwTransport,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use tokio::{
    sync::{Notify, broadcast},
    time::timeout,
};

use crate::{
    Consents, Secrets, ServerConfig, Transport,
    credentials::Accounts,
    failure::ConnectError as Failure,
    host::Host,
    http,
    log::Log,
    process::{self, Child, Program, Watchdog},
    references,
    session::{Era, Session},
    sse::SseTransport,
    web::{MAX_MESSAGE, Web},
    wire::{Tapped, Wire},
};

pub(crate) use crate::failure::ConnectError;

/// How long a server of the newer era may take to say so.
const DISCOVER_DEADLINE: Duration = Duration::from_secs(4);
/// Progress that nobody has picked up; more is a flood, and only the newest matters.
const PROGRESS_BUFFER: usize = 256;

/// What connecting needs besides the configuration.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) client_name: String,
    pub(crate) client_version: String,
    pub(crate) watchdog: Watchdog,
    pub(crate) accounts: Arc<dyn Accounts>,
    /// Where the secrets lie that configurations refer to.
    pub(crate) secrets: Option<Arc<dyn Secrets>>,
    /// Which programs may be started; all of them where a person gave them for this run.
    pub(crate) consents: Option<Arc<Consents>>,
}

impl Setting {
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
    pub(crate) tools_changed: Arc<Notify>,
    cancel: Option<RunningServiceCancellationToken>,
    ended: Shared<BoxFuture<'static, ()>>,
    child: Option<Child>,
}

pub(crate) async fn connect(config: &ServerConfig, setting: &Setting, ears: Ears<'_>) -> Result<Link, ConnectError> {
    // What it refers to is looked up now, and known to nobody else.
    let config = &references::resolve(config, setting.secrets.as_deref()).await?;
    match &config.transport {
        Transport::Stdio { .. } => stdio(config, setting, ears).await,
        Transport::Http { url, .. } => streamable(config, setting, ears, url).await,
        Transport::Sse { url, .. } => {
            let web = http::web(config, setting).await?;
            let open = sse(setting, ears, url, web);
            timeout(config.start_timeout, open).await.unwrap_or(Err(Failure::Silent(config.start_timeout)))
        }
    }
}

/// The older handshake first: nearly every program knows it. Only one that says that it does not is asked anew.
async fn stdio(config: &ServerConfig, setting: &Setting, ears: Ears<'_>) -> Result<Link, ConnectError> {
    match started(config, setting, ears, Era::Legacy).await {
        Err(Failure::OtherEra) => started(config, setting, ears, Era::Modern).await,
        outcome => outcome,
    }
}

async fn started(config: &ServerConfig, setting: &Setting, ears: Ears<'_>, era: Era) -> Result<Link, ConnectError> {
    let Transport::Stdio { command, args, env, cwd } = &config.transport else { return Err(Failure::OtherEra) };
    let program = Program { command, args, env, cwd: cwd.as_deref().map(Path::new) };
    let (mut child, stdout, stdin) = process::spawn(program, ears.log, &setting.watchdog).await?;
    let transport = AsyncRwTransport::<RoleClient, _, _>::new(stdout, stdin).with_max_line_length(MAX_MESSAGE);
    let deadline = match era {
        Era::Legacy => config.start_timeout,
        Era::Modern => DISCOVER_DEADLINE.max(config.start_timeout / 4),
    };
    let handshake = timeout(deadline, shaken(setting, ears, transport, lifecycle(era)));
    let failure = match handshake.await {
        Ok(Ok(link)) => return Ok(Link { child: Some(child), ..link }),
        Ok(Err(error)) if era == Era::Legacy && is_other_era(&error) => Failure::OtherEra,
        Ok(Err(ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })) => {
            Failure::Exited { status: exit_words(&mut child).await }
        }
        Ok(Err(error)) => Failure::Handshake(http::causes(&error)),
        Err(_) => Failure::Silent(deadline),
    };
    child.stop().await;
    Err(failure)
}

/// One era after the other, each on a transport of its own, within one deadline.
async fn streamable(config: &ServerConfig, setting: &Setting, ears: Ears<'_>, url: &str) -> Result<Link, ConnectError> {
    let web = http::web(config, setting).await?;
    let transport = || {
        let config = StreamableHttpClientTransportConfig::with_uri(url);
        StreamableHttpClientTransport::with_client(web.clone(), config)
    };
    let both = async {
        let first = match shaken(setting, ears, transport(), lifecycle(Era::Modern)).await {
            Ok(link) => return Ok(link),
            Err(error) => ConnectError::from_web(&error),
        };
        if !first.may_be_the_era() {
            return Err(first);
        }
        let second = shaken(setting, ears, transport(), lifecycle(Era::Legacy)).await;
        second.map_err(|error| ConnectError::from_web(&error))
    };
    match timeout(config.start_timeout, both).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Silent(config.start_timeout)),
    }
}

async fn sse(setting: &Setting, ears: Ears<'_>, url: &str, web: Web) -> Result<Link, ConnectError> {
    let transport = SseTransport::open(web, url).await.map_err(|error| ConnectError::from_transport(&error))?;
    let shaken = shaken(setting, ears, transport, lifecycle(Era::Legacy)).await;
    shaken.map_err(|error| ConnectError::from_web(&error))
}

async fn shaken<T: RmcpTransport<RoleClient> + 'static>(
    setting: &Setting,
    ears: Ears<'_>,
    transport: T,
    mode: ClientLifecycleMode,
) -> Result<Link, ClientInitializeError> {
    let (host, link) = host(setting);
    let transport = Tapped { inner: transport, wire: ears.wire.clone() };
    let running = host.serve_with_lifecycle(transport, mode).await?;
    Ok(link.made(running))
}

fn lifecycle(era: Era) -> ClientLifecycleMode {
    match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    }
}

/// Whether it answered `initialize` with "I do not know that" or "not with that version".
fn is_other_era(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::JsonRpcError(error) => matches!(error.code.0, -32601 | -32022 | -32600 | -32602),
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => true,
        _ => false,
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

/// What a session will need, before there is one.
struct Prepared {
    progress: crate::host::ProgressSender,
    tools_changed: Arc<Notify>,
}

fn host(setting: &Setting) -> (Host, Prepared) {
    let prepared = Prepared { progress: broadcast::channel(PROGRESS_BUFFER).0, tools_changed: Arc::default() };
    let host = Host {
        name: setting.client_name.clone(),
        version: setting.client_version.clone(),
        progress: prepared.progress.clone(),
        tools_changed: prepared.tools_changed.clone(),
    };
    (host, prepared)
}

impl Prepared {
    fn made(self, running: RunningService<RoleClient, Host>) -> Link {
        let peer = running.peer().clone();
        let modern = peer.peer_info().is_some_and(|info| !info.protocol_version.has_initialize());
        let session = Session::new(peer, if modern { Era::Modern } else { Era::Legacy }, self.progress);
        let cancel = Some(running.cancellation_token());
        let ended = async move {
            // However it ended, it has.
            let _: Result<QuitReason, _> = running.waiting().await;
        };
        let ended = ended.boxed().shared();
        Link { session, tools_changed: self.tools_changed, cancel, ended, child: None }
    }
}

impl Link {
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
