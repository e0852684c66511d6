//! What can be wrong with a gateway before it serves anyone.

use std::{fmt, io, path::PathBuf};

use chat::{ErrorCode, ErrorReport};
use serde_saphyr::Location;

#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The file says something that cannot be meant.
    #[error("{0}")]
    Config(Box<Problem>),
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{address} cannot be listened on: {source}")]
    Bind { address: String, source: io::Error },
    #[error("the audit log {} cannot be written: {source}", path.display())]
    Audit { path: PathBuf, source: io::Error },
    #[error("the audit log {} is damaged at its end: {reason}", path.display())]
    AuditDamaged { path: PathBuf, reason: &'static str },
    /// What the copies of a gateway share.
    #[error("{0}")]
    Team(#[from] team::TeamError),
    #[error("no client for backends could be made: {0}")]
    Client(#[from] reqwest::Error),
    #[error("what OTEL_EXPORTER_OTLP_ENDPOINT names cannot be sent to: {0}")]
    Collector(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error("serving ended: {0}")]
    Serve(io::Error),
    #[error("{address} is reached from the network, and the file is not made for that")]
    NotForTheNetwork { address: String },
    /// Over standard input and output there is no key to know a caller by.
    #[error("who calls over standard input and output is not said in the file")]
    NobodyOnStdio,
}

impl GatewayError {
    /// What to do now, where it is not already in the words.
    pub fn fix(&self) -> Option<&str> {
        match self {
            Self::Config(problem) => Some(&problem.fix),
            Self::Unreadable { .. } => Some("Give the path of a gateway's YAML file with --config."),
            Self::Bind { .. } => Some("Choose another address with --listen, or end what listens there."),
            Self::Audit { .. } => Some("Make room or give the folder the rights; without an audit log nothing is run."),
            Self::AuditDamaged { .. } => {
                Some("Look at it with `loq audit verify`, move it away, and start again with a new one.")
            }
            Self::NotForTheNetwork { .. } => {
                Some("Name the hosts under `server.hosts`, and let nobody in without a key; or listen on 127.0.0.1.")
            }
            Self::Team(error) => Some(error.fix()),
            Self::NobodyOnStdio => Some("Add `auth: { stdio: { tenant: …, roles: […] } }`."),
            Self::Collector(_) => {
                Some("Give the address of a collector, such as http://localhost:4318, or leave the variable away.")
            }
            Self::Client(_) | Self::Serve(_) => None,
        }
    }

    /// As people are told.
    pub fn report(&self) -> ErrorReport {
        let code = match self {
            Self::Config(_)
            | Self::Unreadable { .. }
            | Self::NotForTheNetwork { .. }
            | Self::NobodyOnStdio
            | Self::Collector(_) => ErrorCode::InvalidInput,
            Self::Team(team::TeamError::Address { .. } | team::TeamError::Taken(_)) => ErrorCode::InvalidInput,
            Self::Team(team::TeamError::Unknown(_)) => ErrorCode::NotFound,
            Self::Team(team::TeamError::Unusable { .. } | team::TeamError::Damaged { .. })
            | Self::Audit { .. }
            | Self::AuditDamaged { .. } => ErrorCode::StorageFailed,
            Self::Bind { .. } | Self::Client(_) | Self::Serve(_) => ErrorCode::Unknown,
        };
        let report = ErrorReport::new(code, self.to_string());
        match self.fix() {
            Some(fix) => report.fix(fix),
            None => report,
        }
    }
}

/// One thing in a configuration file that cannot be meant: where, what, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// From 1; 0 where it is the file as a whole.
    pub line: u64,
    pub column: u64,
    pub what: String,
    pub why: String,
    pub fix: String,
}

impl Problem {
    pub(crate) fn at(file: &str, location: Location) -> Self {
        Self {
            file: file.to_owned(),
            line: location.line(),
            column: location.column(),
            what: String::new(),
            why: String::new(),
            fix: String::new(),
        }
    }

    pub(crate) fn what(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), ..self }
    }

    pub(crate) fn why(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: fix.into(), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what)?,
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.what)?,
        }
        if self.why.is_empty() { Ok(()) } else { write!(f, " {}", self.why) }
    }
}

impl From<Problem> for GatewayError {
    fn from(problem: Problem) -> Self {
        Self::Config(Box::new(problem))
    }
}
