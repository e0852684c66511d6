//! One server's life: one task owns it, connects it, watches it, and brings it back.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chat::{ErrorReport, Offers, ServerState, Starting, Tool};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Consents, ServerConfig, Transport,
    board::Board,
    clock::woken,
    connect::{self, ConnectError, Ears, Link, Setting},
    jobs::{Done, Jobs, PING_DEADLINE},
    log::Log,
    session::{Era, RequestError, Session},
    spread::spread,
    tools,
    wire::Wire,
};

const MAX_ATTEMPTS: u32 = 8;
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After being ready for so long, what went wrong before is forgotten.
const PROVEN_AFTER: Duration = Duration::from_secs(60);
/// How long the end of a program may follow on the end of its answers.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How often new lines of the log are shown.
const LOG_PACE: Duration = Duration::from_millis(500);

/// What others may ask of a server's task.
pub(crate) enum Order {
    Configure {
        config: Arc<ServerConfig>,
        number: u64,
    },
    Reconnect {
        number: u64,
    },
    /// End it; what is sent back is heard once nothing of it runs any more.
    Stop(oneshot::Sender<()>),
}

/// What follows from an order.
enum Next {
    GoOn,
    Restart,
    Stop,
}

pub(crate) struct ServerTask {
    pub(crate) serial: u64,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) board: Board,
    pub(crate) setting: Setting,
    pub(crate) inbox: mpsc::Receiver<Order>,
    /// Cancelled when nobody holds the servers any more.
    pub(crate) abandoned: CancellationToken,
    pub(crate) log: Log,
    pub(crate) wire: Wire,
    pub(crate) attempts: u32,
    /// The last order to begin anew that was obeyed.
    pub(crate) obeyed: u64,
    /// Whether it has been ready since it was configured.
    pub(crate) was_ready: bool,
}

impl ServerTask {
    pub(crate) async fn run(mut self) {
        let mut stopped = None;
        while stopped.is_none() {
            let outcome = match (self.config.enabled, self.setting.may_start(&self.config)) {
                (true, true) => self.live().await,
                (true, false) => self.rest(ServerState::NeedsConsent { command: Consents::shown(&self.config) }).await,
                (false, _) => self.rest(ServerState::Off).await,
            };
            match outcome {
                Ok(()) => (),
                Err(reply) => stopped = Some(reply),
            }
        }
        self.publish(ServerState::Off);
        if let Some(Some(reply)) = stopped {
            let _ = reply.send(());
        }
    }

    /// One attempt and what comes of it, until something calls for another. The error is the end.
    async fn live(&mut self) -> Result<(), Option<oneshot::Sender<()>>> {
        if self.attempts == 0 {
            self.publish(ServerState::Connecting);
        }
        let (config, setting) = (self.config.clone(), self.setting.clone());
        let (log, wire) = (self.log.clone(), self.wire.clone());
        let attempt = ready(&config, &setting, Ears { log: &log, wire: &wire });
        let mut attempt = pin!(attempt);
        let outcome = loop {
            tokio::select! {
                biased;
                order = next_order(&mut self.inbox, &self.abandoned) => match self.obey(order) {
                    (Next::GoOn, _) => (),
                    (Next::Restart, _) => return Ok(()),
                    (Next::Stop, reply) => return Err(reply),
                },
                outcome = &mut attempt => break outcome,
                () = paced(&self.log) => self.publish_log(),
            }
        };
        match outcome {
            Ok(connected) => self.watch(connected).await,
            Err(error) => self.fail(error).await,
        }
    }

    /// While it is ready.
    async fn watch(&mut self, connected: Connected) -> Result<(), Option<oneshot::Sender<()>>> {
        let Connected { mut link, tools, latency } = connected;
        let session = link.session.clone();
        let since = Instant::now();
        self.was_ready = true;
        self.publish_ready(&session, tools, latency);
        // It ends with the session.
        tokio::spawn(spread(session.clone(), self.board.clone(), self.serial));
        let mut jobs = Jobs::new(&self.config.name, &session, link.session.news.clone());
        let ended = loop {
            tokio::select! {
                biased;
                order = next_order(&mut self.inbox, &self.abandoned) => match self.obey(order) {
                    (Next::GoOn, _) => (),
                    (Next::Restart, _) => break Ok(None),
                    (Next::Stop, reply) => break Err(reply),
                },
                error = link.lost() => break Ok(Some(error)),
                done = jobs.next() => match done {
                    Done::Listed(Ok(tools)) => self.publish_tools(tools),
                    // What was listed before is better than nothing.
                    Done::Listed(Err(error)) => self.log.push(&format!("[the new list of tools could not be had: {error}]")),
                    Done::Answered(Ok(latency)) => self.publish_latency(latency),
                    // A server at work may be too busy to answer; its calls have deadlines of their own.
                    Done::Answered(Err(RequestError::TimedOut(_))) if session.is_busy() => (),
                    Done::Answered(Err(error)) => break Ok(Some(ConnectError::from_request(error))),
                    Done::Nothing => (),
                },
                () = paced(&self.log) => self.publish_log(),
            }
        };
        drop(jobs);
        self.board.update(self.serial, |server| server.session = None);
        if let Ok(Some(error)) = &ended {
            // What ends while it is called is not told by trying less often that it should not.
            if since.elapsed() >= PROVEN_AFTER || session.was_used() {
                self.attempts = 0;
            }
            self.publish_lost(error);
        }
        link.close().await;
        match ended? {
            Some(error) => self.fail(error).await,
            None => Ok(()),
        }
    }

    /// Says what is wrong, then waits for the next attempt or for somebody to do something about it.
    async fn fail(&mut self, error: ConnectError) -> Result<(), Option<oneshot::Sender<()>>> {
        if matches!(error.main(), ConnectError::SignIn) {
            return self.rest(ServerState::NeedsSignIn).await;
        }
        let report = error.report(&self.config, &self.log);
        let gives_up = self.attempts >= MAX_ATTEMPTS && !self.is_elsewhere();
        if !error.may_pass(self.was_ready) || gives_up {
            return self.rest(ServerState::Failed { error: report }).await;
        }
        let pause = scattered(LONGEST_PAUSE.min(SHORTEST_PAUSE * 2_u32.saturating_pow(self.attempts)));
        self.attempts = self.attempts.saturating_add(1);
        self.publish(reconnecting(pause, report));
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                biased;
                order = next_order(&mut self.inbox, &self.abandoned) => match self.obey(order) {
                    (Next::GoOn, _) => (),
                    (Next::Restart, _) => return Ok(()),
                    (Next::Stop, reply) => return Err(reply),
                },
                () = sleep_until(until) => return Ok(()),
                () = woken() => return Ok(()),
            }
        }
    }

    /// What is on the web may be out of reach for hours, and come back by itself.
    fn is_elsewhere(&self) -> bool {
        !matches!(self.config.transport, Transport::Stdio { .. })
    }

    /// Until an order changes something.
    async fn rest(&mut self, state: ServerState) -> Result<(), Option<oneshot::Sender<()>>> {
        self.publish(state);
        loop {
            let order = next_order(&mut self.inbox, &self.abandoned).await;
            match self.obey(order) {
                (Next::GoOn, _) => (),
                (Next::Restart, _) => return Ok(()),
                (Next::Stop, reply) => return Err(reply),
            }
        }
    }

    fn obey(&mut self, order: Option<Order>) -> (Next, Option<oneshot::Sender<()>>) {
        match order {
            None => (Next::Stop, None),
            Some(Order::Stop(reply)) => (Next::Stop, Some(reply)),
            Some(Order::Reconnect { number }) => {
                self.obeyed = self.obeyed.max(number);
                (self.fresh(), None)
            }
            Some(Order::Configure { config, number }) => {
                self.obeyed = self.obeyed.max(number);
                let same = config.connects_like(&self.config);
                self.config = config;
                (if same { Next::GoOn } else { self.fresh() }, None)
            }
        }
    }

    fn fresh(&mut self) -> Next {
        (self.attempts, self.was_ready) = (0, false);
        Next::Restart
    }

    fn publish(&self, state: ServerState) {
        let log = self.log.written();
        let starting = Starting { since: unix_now(), logged: log.count };
        self.board.update(self.serial, |server| {
            server.take_log(log);
            server.session = None;
            if server.ordered == self.obeyed {
                server.starting = (state == ServerState::Connecting).then_some(starting);
                server.state = state;
            }
        });
    }

    fn publish_lost(&self, error: &ConnectError) {
        if !matches!(error.main(), ConnectError::SignIn) {
            self.publish(reconnecting(Duration::ZERO, error.report(&self.config, &self.log)));
        }
    }

    fn publish_ready(&self, session: &Session, tools: Vec<Tool>, latency: Duration) {
        let log = self.log.written();
        self.board.update(self.serial, |server| {
            if server.ordered != self.obeyed {
                return;
            }
            server.state = ServerState::Ready { tools: count(&tools), latency_ms: latency.as_secs_f64() * 1000.0 };
            let Offers { prompts_changed, resources_changed, .. } = server.offers;
            if *server.tools != tools {
                server.tools = Arc::new(tools);
            }
            server.take_log(log);
            server.offers = Offers { prompts_changed, resources_changed, ..session.offers() };
            server.session = Some(session.clone());
            server.starting = None;
        });
    }

    fn publish_tools(&self, tools: Vec<Tool>) {
        self.board.update(self.serial, |server| {
            if let ServerState::Ready { tools: shown, .. } = &mut server.state {
                *shown = count(&tools);
            }
            server.tools = Arc::new(tools);
        });
    }

    fn publish_latency(&self, latency: Duration) {
        self.board.update(self.serial, |server| {
            if let ServerState::Ready { latency_ms, .. } = &mut server.state {
                *latency_ms = latency.as_secs_f64() * 1000.0;
            }
        });
    }

    fn publish_log(&self) {
        self.board.logged(self.serial, self.log.written());
    }
}

/// A server that has answered and said what it offers.
pub(crate) struct Connected {
    pub(crate) link: Link,
    pub(crate) tools: Vec<Tool>,
    latency: Duration,
}

pub(crate) async fn ready(config: &ServerConfig, setting: &Setting, ears: Ears<'_>) -> Result<Connected, ConnectError> {
    let mut link = connect::connect(config, setting, ears).await?;
    let session = link.session.clone();
    let first = async {
        let begun = Instant::now();
        let tools = tools::list(&session, &config.name).await?;
        let latency = match session.era {
            Era::Legacy => session.ping(PING_DEADLINE).await?,
            Era::Modern => begun.elapsed(),
        };
        Ok::<_, RequestError>((tools, latency))
    };
    let outcome = tokio::select! {
        biased;
        outcome = first => outcome.map_err(|error| match error {
            RequestError::SignIn => ConnectError::SignIn,
            error => ConnectError::NoList(error.to_string()),
        }),
        error = link.lost() => Err(error),
    };
    // What ended in the middle of an answer says by its end what was wrong.
    let outcome = match outcome {
        Err(error @ ConnectError::NoList(_)) => timeout(LAST_WORDS, link.lost()).await.map_or(Err(error), Err),
        outcome => outcome,
    };
    match outcome {
        Ok((tools, latency)) => Ok(Connected { link, tools, latency }),
        Err(error) => {
            link.close().await;
            Err(error)
        }
    }
}

/// The next order; nothing once nobody is left to give any.
async fn next_order(inbox: &mut mpsc::Receiver<Order>, abandoned: &CancellationToken) -> Option<Order> {
    tokio::select! {
        order = inbox.recv() => order,
        () = abandoned.cancelled() => None,
    }
}

/// Until the log has grown, but not all the time.
async fn paced(log: &Log) {
    log.grown().await;
    sleep(LOG_PACE).await;
}

/// Up to a quarter more or less, so that those who were lost together do not come back all at once.
fn scattered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    pause.mul_f64(0.75 + 0.5 * (random % 1000) as f64 / 1000.0)
}

fn count(tools: &[Tool]) -> u32 {
    u32::try_from(tools.len()).unwrap_or(u32::MAX)
}

fn reconnecting(pause: Duration, error: ErrorReport) -> ServerState {
    let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    ServerState::Reconnecting { at: unix_now().saturating_add(pause), error }
}

/// In milliseconds.
fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
