//! What a configuration means: checked whole, compiled once, replaced whole.

mod auth;
#[cfg(any(test, fuzzing))]
pub(crate) mod outside;
mod rules;
mod tenants;
mod tools;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_saphyr::{Location, Spanned};

use crate::{
    GatewayError, Problem,
    auth::{JwtRules, hash},
    caller::Caller,
    config::{self, Arguments, Source},
    fetch::FetchRules,
    limits::LimitRules,
    offer::Offer,
    reload::{Marks, marks},
};

pub(crate) use tenants::{Service, Tenant};
pub(crate) use tools::ServerRule;

pub(crate) const DEFAULT_ROLES: [&str; 4] = ["Admin", "Orchestrator", "CRM-Supervisor", "Agent"];

/// A configuration that can be served.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) instructions: Option<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) path: String,
    /// Lower-case; besides the names of this machine.
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) max_body: usize,
    /// By the SHA-256 of the key.
    pub(crate) keys: HashMap<[u8; 32], Arc<Caller>>,
    pub(crate) jwt: Option<Arc<JwtRules>>,
    pub(crate) stdio: Option<Arc<Caller>>,
    pub(crate) anonymous: Option<Arc<Caller>>,
    pub(crate) tenants: HashMap<String, Arc<Tenant>>,
    pub(crate) offers: BTreeMap<String, Arc<Offer>>,
    pub(crate) default_roles: Arc<[String]>,
    pub(crate) admin_roles: Vec<String>,
    pub(crate) approvals: ApprovalRules,
    pub(crate) servers: Vec<mcp::ServerConfig>,
    /// Servers whose tools keep their own names.
    pub(crate) plain_names: Vec<String>,
    pub(crate) server_rules: HashMap<String, ServerRule>,
    pub(crate) tool_rules: HashMap<String, ServerRule>,
    pub(crate) limits: LimitRules,
    pub(crate) fetch: FetchRules,
    pub(crate) backends: BackendRules,
    pub(crate) audit: AuditRules,
    /// Every file that was read for it.
    pub(crate) files: Vec<PathBuf>,
    /// What they were before they were read; nothing where one was just being replaced.
    pub(crate) marks: Option<Marks>,
}

#[derive(Clone)]
pub(crate) struct ApprovalRules {
    pub(crate) mode: config::Approval,
    pub(crate) wait: Duration,
    pub(crate) approvers: Vec<String>,
    pub(crate) servers: config::OfServers,
    pub(crate) ask_client: bool,
}

impl ApprovalRules {
    /// What stands before a tool of another server of which nothing else is said.
    pub(crate) fn of_server(&self, hints: chat::ToolHints) -> config::Approval {
        match self.servers {
            config::OfServers::All => self.mode,
            config::OfServers::Changes if !hints.read_only => self.mode,
            config::OfServers::Changes | config::OfServers::None => config::Approval::Never,
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct BackendRules {
    pub(crate) timeout: Duration,
    pub(crate) retries: u8,
    pub(crate) max_response: usize,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_pause: Duration,
}

pub(crate) struct AuditRules {
    pub(crate) file: PathBuf,
    pub(crate) arguments: Arguments,
    pub(crate) rotate_bytes: u64,
}

impl Plan {
    /// Reads the file and every file that it includes. `lent`: it also serves servers that it does not name.
    pub(crate) fn load(path: &Path, lent: bool) -> Result<Self, GatewayError> {
        let before = marks(&[path.to_owned()]);
        let source = Source::open(path)?;
        // From the root on: programs begin in it, and nowhere would be no folder.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = whole.parent().unwrap_or(Path::new(".")).to_owned();
        let mut plan = Compiler { source, folder, lent }.compile()?;
        plan.files.insert(0, path.to_owned());
        plan.marks = before.zip(plan.marks).map(|(own, named)| own.into_iter().chain(named).collect());
        Ok(plan)
    }

    /// Whether it may be served at that address, which need not be the file's own.
    pub(crate) fn may_listen(&self, listen: SocketAddr) -> Result<(), GatewayError> {
        let on_the_network = !listen.ip().is_loopback();
        if on_the_network && (self.hosts.is_empty() || self.anonymous.is_some()) {
            return Err(GatewayError::NotForTheNetwork { address: listen.to_string() });
        }
        Ok(())
    }

    /// Lets the holder of a key in that is made for one run, where the file names nobody.
    pub(crate) fn welcome(&mut self, spare: Option<&mcp::Secret>) {
        let Some(key) = spare.filter(|_| !self.knows_someone()) else { return };
        let tenant = self.tenants.keys().min().cloned().unwrap_or_else(|| "default".to_owned());
        let caller = Caller::new("key:this-run".to_owned(), "operator", &tenant, &DEFAULT_ROLES.map(str::to_owned));
        self.keys.insert(hash(key.expose()), Arc::new(caller));
    }

    /// Whether anybody could come in over HTTP.
    pub(crate) fn knows_someone(&self) -> bool {
        !self.keys.is_empty() || self.jwt.is_some() || self.anonymous.is_some()
    }
}

/// Turns what is written into what is meant, and complains about what cannot be.
struct Compiler {
    source: Source,
    folder: PathBuf,
    /// Whether rules may be about servers that the file does not name.
    lent: bool,
}

impl Compiler {
    fn compile(self) -> Result<Plan, Problem> {
        let file: config::File = config::read(&self.source)?;
        let named = file.include.iter().chain(&file.auth.keys_from);
        let files: Vec<PathBuf> = named.map(|name| self.folder.join(&name.value)).collect();
        // Before they are read: what is changed afterwards is seen to have changed.
        let marks = marks(&files);
        let tenants = self.tenants(&file.tenants)?;
        let listen = self.listen(&file.server)?;
        let identities = self.identities(&file.auth, &file.tenants, listen)?;
        let default_roles = self.default_roles(&file.security)?;
        let admin_roles = file.security.admin_roles.clone().unwrap_or_else(|| vec!["Admin".to_owned()]);
        let approvals = self.approvals(&file.security.approvals, &admin_roles)?;
        let offers = self.offers(&file, approvals.mode, &default_roles)?;
        let server_rules = self.server_rules(&file)?;
        let tool_rules = self.tool_rules(&file, &offers)?;
        Ok(Plan {
            name: file.server.name.clone().unwrap_or_else(|| "loquat-gateway".to_owned()),
            instructions: file.server.instructions.clone(),
            path: self.path(&file.server)?,
            hosts: self.hosts(&file.server, listen)?,
            origins: self.origins(&file.server)?,
            listen,
            max_body: file.server.max_body_bytes.unwrap_or(4 << 20),
            keys: identities.keys,
            jwt: identities.jwt,
            stdio: identities.stdio,
            anonymous: identities.anonymous,
            tenants,
            offers,
            default_roles,
            admin_roles,
            approvals,
            servers: self.servers(&file.servers)?,
            plain_names: self.plain_names(&file)?,
            server_rules,
            tool_rules,
            limits: self.limits(&file.rate_limits)?,
            fetch: self.fetch(&file.fetch)?,
            backends: self.backends(&file.backends)?,
            audit: self.audit(&file.audit)?,
            files,
            marks,
        })
    }

    fn problem(&self, location: Location) -> Problem {
        self.source.problem(location)
    }

    fn problem_of<T>(&self, spanned: &Spanned<T>) -> Problem {
        self.problem(spanned.referenced)
    }

    fn whole(&self) -> Problem {
        self.problem(Location::UNKNOWN)
    }

    /// A text with its variables filled in.
    fn text(&self, raw: &str, location: Location) -> Result<String, Problem> {
        config::text(raw).map_err(|unset| {
            self.problem(location)
                .what(format!("The variable {} is not set.", unset.0))
                .why("A value names it as ${env:…}.")
                .fix(format!("Set {} where the gateway is started.", unset.0))
        })
    }

    fn seconds(&self, value: Option<f64>, otherwise: f64, what: &str) -> Result<Duration, Problem> {
        let value = value.unwrap_or(otherwise);
        Duration::try_from_secs_f64(value).map_err(|_| {
            self.whole()
                .what(format!("{what} is {value} seconds."))
                .why("No duration can be made of that.")
                .fix("Give a number of seconds from 0 on.")
        })
    }
}

#[cfg(test)]
mod tests;
