//! Which servers there are and how each is reached.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use chat::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::mask;

/// One server as configured.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Wire")]
pub struct ServerConfig {
    /// Unique; lower-case letters, digits, `_` and `-`.
    pub name: String,
    pub enabled: bool,
    /// Ships with Loquat.
    pub bundled: bool,
    pub transport: Transport,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long it may take until it is ready. In files: seconds.
    #[serde(with = "seconds")]
    pub start_timeout: Duration,
    /// How long a call may be silent. In files: seconds.
    #[serde(with = "seconds")]
    pub call_timeout: Duration,
    /// How long a call may take altogether. In files: seconds.
    #[serde(with = "seconds")]
    pub call_limit: Duration,
    /// Which generation of the protocol it is spoken to in.
    #[serde(skip_serializing_if = "Era::is_auto")]
    pub era: Era,
    /// A file with certificates (PEM) that are trusted for this server besides the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Tools of it that nobody is offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disabled_tools: Vec<String>,
    /// How many calls it gets at the same time.
    pub parallel: u32,
    /// What its program may reach; everything where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// What was configured about signing in (`auth_type`, `oauth`, `auth`), verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Value>,
}

/// Which generation of the protocol a server is spoken to in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Era {
    /// Whichever it turns out to speak.
    #[default]
    Auto,
    /// The older, which begins with `initialize` (up to 2025-11-25).
    Legacy,
    /// The newer, in which every request stands for itself (from 2026-07-28 on).
    Modern,
}

impl Era {
    pub(crate) fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// How a server is reached.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Transport {
    /// A program of this machine that speaks over its standard input and output.
    Stdio {
        command: String,
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<PathBuf>,
    },
    /// MCP's streamable HTTP.
    Http {
        url: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The older HTTP with a stream of events beside it (2024-11-05).
    Sse {
        url: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

impl fmt::Debug for ServerConfig {
    /// Without what is known about signing in: passwords may stand there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ServerConfig");
        out.field("name", &self.name).field("enabled", &self.enabled).field("transport", &self.transport);
        out.finish_non_exhaustive()
    }
}

impl fmt::Debug for Transport {
    /// Shows the address only: variables and headers are where secrets are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio { .. } => write!(f, "Stdio({})", self.address()),
            Self::Http { .. } => write!(f, "Http({})", self.address()),
            Self::Sse { .. } => write!(f, "Sse({})", self.address()),
        }
    }
}

impl Transport {
    fn address(&self) -> String {
        match self {
            Self::Stdio { command, args, .. } => mask::command_line(command, args),
            Self::Http { url, .. } | Self::Sse { url, .. } => mask::url(url),
        }
    }

    /// A program may have to be downloaded first; a web server is there or is not.
    pub(crate) fn default_start_timeout(&self) -> Duration {
        match self {
            Self::Stdio { .. } => Duration::from_secs(120),
            Self::Http { .. } | Self::Sse { .. } => Duration::from_secs(30),
        }
    }
}

pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(120);
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(3600);
pub(crate) const PARALLEL: u32 = 4;

impl ServerConfig {
    pub fn new(name: impl Into<String>, transport: Transport) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            bundled: false,
            description: None,
            start_timeout: transport.default_start_timeout(),
            call_timeout: CALL_TIMEOUT,
            call_limit: CALL_LIMIT,
            era: Era::Auto,
            ca: None,
            disabled_tools: vec![],
            parallel: PARALLEL,
            sandbox: None,
            auth: None,
            transport,
        }
    }

    /// The whole command line or URL as a person may see it: what looks like a secret is masked.
    pub fn address(&self) -> String {
        self.transport.address()
    }

    /// Whether a session made for the one is as good for the other.
    pub(crate) fn connects_like(&self, other: &Self) -> bool {
        let way = |config: &Self| (config.enabled, config.transport.clone(), config.era, config.ca.clone());
        way(self) == way(other) && self.sandbox == other.sandbox && self.auth == other.auth
    }
}

/// What may be left out when a configuration is written down.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    name: String,
    #[serde(default = "on")]
    enabled: bool,
    #[serde(default)]
    bundled: bool,
    transport: Transport,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    start_timeout: Option<f64>,
    #[serde(default)]
    call_timeout: Option<f64>,
    #[serde(default)]
    call_limit: Option<f64>,
    #[serde(default)]
    era: Era,
    #[serde(default)]
    ca: Option<PathBuf>,
    disabled_tools: Vec<String>,
    #[serde(default)]
    parallel: Option<u32>,
    #[serde(default)]
    sandbox: Option<Sandbox>,
    #[serde(default)]
    auth: Option<Value>,
}

fn on() -> bool {
    true
}

impl From<Wire> for ServerConfig {
    fn from(wire: Wire) -> Self {
        let plain = Self::new(wire.name, wire.transport);
        Self {
            enabled: wire.enabled,
            bundled: wire.bundled,
            description: wire.description,
            start_timeout: wire.start_timeout.and_then(seconds::read).unwrap_or(plain.start_timeout),
            call_timeout: wire.call_timeout.and_then(seconds::read).unwrap_or(plain.call_timeout),
            call_limit: wire.call_limit.and_then(seconds::read).unwrap_or(plain.call_limit),
            era: wire.era,
            ca: wire.ca,
            disabled_tools: wire.disabled_tools,
            parallel: wire.parallel.filter(|most| *most > 0).unwrap_or(PARALLEL),
            sandbox: wire.sandbox,
            auth: wire.auth,
            ..plain
        }
    }
}

/// Durations as a number of seconds.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    /// Nothing where no deadline can be made of it.
    pub(crate) fn read(seconds: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
    }
}
