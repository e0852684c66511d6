//! The gateway as a whole: one configuration at a time, and what outlives each of them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use chat::Offers;
use mcp::Servers;
use team::Redis;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    GatewayError,
    approvals::Approvals,
    audit::{Audit, Outcome, Record},
    auth::{TeamKeys, Tokens, hash},
    backend::Backends,
    caller::Caller,
    face,
    fetch::Fetcher,
    ground::Ground,
    limits::Limits,
    metrics::Metrics,
    offer::Offer,
    plan::Plan,
    recent::Recent,
    reload::{self, Reading},
    rounds::Rounds,
    upstream::Upstream,
};

/// How a gateway is started.
#[derive(Clone, Default)]
pub struct Options {
    pub config: PathBuf,
    /// Instead of what the file says.
    pub listen: Option<SocketAddr>,
    /// Lets its holder in as an administrator, as long as the file names nobody and only this machine is served.
    pub spare_key: Option<mcp::Secret>,
    /// Servers that somebody else runs and that are offered as well. They are not ended with the gateway.
    pub servers: Option<mcp::Servers>,
    /// Where PostgreSQL is, for a gateway of several copies: they write one audit log there and know the same keys.
    pub database: Option<mcp::Secret>,
    /// Where Redis or Valkey is, for the same: there they count together, and calls wait that any of them can answer.
    pub redis: Option<mcp::Secret>,
}

/// A gateway that is ready to serve. Dropping it ends everything that it started.
pub struct Gateway {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    config: PathBuf,
    listen: SocketAddr,
    /// Whether servers are offered that the file does not name.
    lent: bool,
    spare_key: Option<mcp::Secret>,
    shown: ArcSwap<Shown>,
    limits: ArcSwap<Limits>,
    pub(crate) team_keys: TeamKeys,
    pub(crate) tokens: Tokens,
    pub(crate) approvals: Approvals,
    pub(crate) recent: Recent,
    pub(crate) audit: Audit,
    pub(crate) metrics: Metrics,
    pub(crate) backends: Backends,
    pub(crate) fetcher: Fetcher,
    pub(crate) upstream: Upstream,
    pub(crate) rounds: Rounds,
    /// What all copies share, where there are several.
    pub(crate) redis: Option<Redis>,
    /// What servers told: to every session that wants to hear it.
    pub(crate) told: broadcast::Sender<News>,
    /// What the servers had besides tools when that was last looked at.
    marks: Mutex<Offers>,
    pub(crate) readings: watch::Sender<Option<Reading>>,
    /// Counts how often what can be called has changed.
    changed: watch::Sender<u64>,
    /// Cancelled when the gateway ends.
    pub(crate) end: CancellationToken,
}

/// What a server told of itself.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Prompts,
    Resources,
    Updated { server: String, uri: String },
}

/// A configuration with everything that can be called under it.
pub(crate) struct Shown {
    pub(crate) plan: Arc<Plan>,
    pub(crate) offers: BTreeMap<String, Arc<Offer>>,
}

impl Shown {
    /// What leads anywhere for some tenant.
    pub(crate) fn leading(&self) -> impl Iterator<Item = &Arc<Offer>> {
        let tenants = &self.plan.tenants;
        self.offers.values().filter(|offer| tenants.values().any(|tenant| offer.via.leads(Some(tenant))))
    }

    fn exposed(&self) -> Vec<chat::Exposed> {
        let mut exposed: Vec<chat::Exposed> = vec![];
        for offer in self.leading().filter(|offer| offer.alias_of.is_none()) {
            let (name, asks) = (offer.via.name(), u32::from(offer.approval != crate::config::Approval::Never));
            match exposed.iter_mut().find(|known| known.name == name) {
                Some(known) => (known.tools, known.asking) = (known.tools + 1, known.asking + asks),
                None => exposed.push(chat::Exposed { name: name.to_owned(), tools: 1, asking: asks }),
            }
        }
        exposed
    }
}

/// Where a gateway serves; it does so until this is dropped or stopped.
pub struct Served {
    address: SocketAddr,
    path: String,
    end: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), std::io::Error>>,
}

impl Gateway {
    /// Reads the configuration, opens the audit log and starts the other servers. Nobody is served yet.
    pub async fn open(options: Options) -> Result<Self, GatewayError> {
        let lent = options.servers.is_some();
        let mut plan = load(options.config.clone(), lent).await?;
        let listen = options.listen.unwrap_or(plan.listen);
        plan.may_listen(listen)?;
        let spare_key = options.spare_key.filter(|_| listen.ip().is_loopback());
        // Copies know each other's keys; one that each made for itself would open one of them.
        let spare_key = spare_key.filter(|_| options.database.is_none());
        plan.welcome(spare_key.as_ref());
        let ground = Ground::open(&plan, options.database.as_ref(), options.redis.as_ref()).await?;
        let end = CancellationToken::new();
        ground.team_keys.follow(&end);
        let inner = Arc::new(Inner {
            config: options.config,
            listen,
            lent,
            spare_key,
            limits: ArcSwap::from_pointee(Limits::new(&plan.limits, ground.counting)),
            team_keys: ground.team_keys,
            tokens: Tokens::new(reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?),
            approvals: ground.approvals,
            recent: Recent::default(),
            audit: ground.audit,
            metrics: Metrics::new()?,
            backends: Backends::new()?,
            fetcher: Fetcher::new(&plan.fetch)?,
            upstream: Upstream::start(&plan, options.servers),
            rounds: ground.rounds,
            redis: ground.redis,
            told: broadcast::channel(256).0,
            marks: Mutex::default(),
            readings: watch::Sender::new(None),
            changed: watch::Sender::new(0),
            end,
            shown: ArcSwap::from_pointee(Shown { offers: plan.offers.clone(), plan: Arc::new(plan) }),
        });
        inner.refresh();
        reload::start(&inner);
        inner.note("started", "ok").await;
        Ok(Self { inner })
    }

    /// Until no server behind it is connecting for the first time any more, or until the deadline.
    pub async fn settled(&self, deadline: Duration) {
        self.inner.upstream.own().settled(deadline).await;
        self.inner.refresh();
    }

    /// The servers of the configuration.
    pub fn servers(&self) -> &Servers {
        self.inner.upstream.own()
    }

    /// What came of the last reading of a file that has changed; nothing while none has.
    pub fn readings(&self) -> watch::Receiver<Option<Reading>> {
        self.inner.readings.subscribe()
    }

    /// Whether anybody could come in over HTTP.
    pub fn knows_someone(&self) -> bool {
        self.inner.team_keys.are_kept() || self.inner.shown().plan.knows_someone()
    }

    /// Whether the spare key opens it, since the file names nobody.
    pub fn is_open_to_spare_key(&self) -> bool {
        let spare = self.inner.spare_key.as_ref().map(|key| hash(key.expose()));
        spare.is_some_and(|spare| self.inner.shown().plan.keys.contains_key(&spare))
    }

    /// Serves HTTP until what is returned is dropped or stopped.
    pub async fn serve(&self) -> Result<Served, GatewayError> {
        let bind = |source| GatewayError::Bind { address: self.inner.listen.to_string(), source };
        let listener = tokio::net::TcpListener::bind(self.inner.listen).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let end = self.inner.end.child_token();
        let task = tokio::spawn(face::serve(self.inner.clone(), listener, end.clone()));
        Ok(Served { address, path: self.inner.shown().plan.path.clone(), end, task })
    }

    /// Serves one client over standard input and output, until it leaves.
    pub async fn serve_stdio(&self) -> Result<(), GatewayError> {
        let caller = self.inner.shown().plan.stdio.clone().ok_or(GatewayError::NobodyOnStdio)?;
        face::serve_stdio(self.inner.clone(), caller).await
    }

    /// Reads the configuration again; a bad one changes nothing.
    pub async fn reload(&self) -> Result<(), GatewayError> {
        self.inner.reload().await
    }

    /// Calls of tools that run now or ran a moment ago, newest first.
    pub fn recent(&self) -> Vec<chat::VisitorRequest> {
        self.inner.recent.list()
    }

    /// The calls that wait for a person, of every tenant, oldest first: now and whenever that changes.
    pub fn waiting(&self) -> watch::Receiver<Vec<chat::VisitorCall>> {
        self.inner.approvals.shown()
    }

    /// The word of whoever sits at this machine; false where the call does not wait any more.
    pub async fn answer(&self, id: &str, approve: bool) -> bool {
        self.inner.approvals.answer_here(id, approve).await
    }

    /// What there is to call, by the server or service behind it.
    pub fn exposed(&self) -> Vec<chat::Exposed> {
        self.inner.shown().exposed()
    }

    /// Where the audit log lies.
    pub fn audit_log(&self) -> PathBuf {
        self.inner.shown().plan.audit.file.clone()
    }

    /// Ends everything behind it; returns when nothing of it runs any more.
    pub async fn shut_down(self) {
        self.inner.note("ended", "ok").await;
        self.inner.end.cancel();
        self.inner.upstream.own().clone().shutdown().await;
        self.inner.metrics.end().await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.inner.end.cancel();
    }
}

impl Served {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients find the MCP server.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    /// Lets what runs come to its end and returns.
    pub async fn stop(mut self) -> Result<(), GatewayError> {
        self.end.cancel();
        match (&mut self.task).await {
            Ok(result) => result.map_err(GatewayError::Serve),
            Err(error) => Err(GatewayError::Serve(std::io::Error::other(error))),
        }
    }

    /// Until serving ends by itself, which it only does where it fails.
    pub async fn ended(&mut self) -> Result<(), GatewayError> {
        match (&mut self.task).await {
            Ok(result) => result.map_err(GatewayError::Serve),
            Err(error) => Err(GatewayError::Serve(std::io::Error::other(error))),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

impl Inner {
    pub(crate) fn shown(&self) -> Arc<Shown> {
        self.shown.load_full()
    }

    /// Tells when what can be called has changed.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn limits(&self) -> Arc<Limits> {
        self.limits.load_full()
    }

    /// The tools that this caller may see: those of its tenant's services and of its roles.
    pub(crate) fn listed(&self, caller: &Caller) -> Vec<Arc<Offer>> {
        let shown = self.shown();
        let tenant = shown.plan.tenants.get(&*caller.tenant).map(AsRef::as_ref);
        let is_there = |offer: &Offer| offer.via.leads(tenant) && caller.has_one_of(&offer.roles);
        shown.offers.values().filter(|offer| is_there(offer)).cloned().collect()
    }

    /// Puts together anew what can be called: the plan's own tools and what the servers offer now.
    pub(crate) fn refresh(&self) {
        let plan = self.shown().plan.clone();
        self.show(plan);
        let now = self.beyond_tools();
        let before = std::mem::replace(&mut *self.marks.lock().unwrap_or_else(PoisonError::into_inner), now);
        // Nobody may be listening.
        if (before.prompts, before.prompts_changed) != (now.prompts, now.prompts_changed) {
            let _ = self.told.send(News::Prompts);
        }
        if (before.resources, before.resources_changed) != (now.resources, now.resources_changed) {
            let _ = self.told.send(News::Resources);
        }
    }

    fn show(&self, plan: Arc<Plan>) {
        let mut offers = self.upstream.offers(&plan);
        // What the configuration names itself is never replaced by what a server calls so.
        offers.extend(plan.offers.iter().map(|(name, offer)| (name.clone(), offer.clone())));
        let before = self.shown.swap(Arc::new(Shown { plan, offers: offers.clone() }));
        let names =
            |offers: &BTreeMap<String, Arc<Offer>>| offers.values().map(|offer| offer.listed()).collect::<Vec<_>>();
        if names(&before.offers) != names(&offers) {
            self.changed.send_modify(|times| *times += 1);
        }
    }

    /// Reads the configuration again; a bad one changes nothing.
    pub(crate) async fn reload(&self) -> Result<(), GatewayError> {
        let read = load(self.config.clone(), self.lent).await.and_then(|mut plan| {
            plan.may_listen(self.listen)?;
            plan.welcome(self.spare_key.as_ref());
            Ok(Arc::new(plan))
        });
        let plan = match read {
            Ok(plan) => plan,
            Err(error) => {
                self.metrics.reloaded("refused");
                self.note("reloaded", "refused").await;
                return Err(error);
            }
        };
        if !self.limits().are(&plan.limits) {
            self.limits.store(Arc::new(self.limits().under(&plan.limits)));
        }
        self.fetcher.reconfigure(&plan.fetch);
        self.upstream.reconfigure(&plan.servers).await;
        self.show(plan);
        self.metrics.reloaded("ok");
        self.note("reloaded", "ok").await;
        Ok(())
    }

    /// Writes down something about the gateway itself; returns once it is on the disk.
    pub(crate) async fn note(&self, kind: &'static str, result: &str) {
        let record = Record {
            kind,
            correlation: "",
            credential: "",
            actor: "",
            tenant: "",
            roles: &[],
            tool: "",
            arguments: &serde_json::Value::Null,
            outcome: Outcome { result, ..Outcome::default() },
        };
        if self.audit.write_through(&record).await.is_err() {
            tracing::warn!(kind, "this could not be written into the audit log");
        }
    }
}

/// Reads a file as a gateway would, and says how many tools it has of its own.
pub async fn check(config: PathBuf) -> Result<usize, GatewayError> {
    load(config, false).await.map(|plan| plan.offers.len())
}

async fn load(path: PathBuf, lent: bool) -> Result<Plan, GatewayError> {
    let read = tokio::task::spawn_blocking(move || Plan::load(&path, lent)).await;
    read.unwrap_or_else(|error| Err(GatewayError::Serve(std::io::Error::other(error))))
}
