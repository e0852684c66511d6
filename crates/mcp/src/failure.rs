//! Why a server is not there, in words for people.

use std::time::Duration;

use chat::{ErrorCode, ErrorReport};
use rmcp::service::ClientInitializeError;

use crate::{
    ServerConfig, Transport, era::Way, http, log::Log, process::SpawnError, references::Lacking, session::RequestError,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The configuration refers to something that is not there.
    #[error("The settings lack something: {0}.")]
    Lacks(#[from] Lacking),
    /// It belongs to the other era: not an end, but a reason to ask anew.
    #[error("The server speaks no version of the protocol that is known here.")]
    OtherEra,
    #[error("The program ended{}.", .status.as_ref().map_or_else(String::new, |status| format!(" ({status})")))]
    Exited { status: Option<String> },
    #[error("The server did not answer within {} s.", (.0.as_secs_f64() * 10.0).round() / 10.0)]
    Silent(Duration),
    #[error("The server's first answer cannot be used: {0}")]
    Handshake(String),
    #[error("The server wants a sign-in.")]
    SignIn,
    #[error("The server has moved to {0}.")]
    Moved(String),
    #[error("The server could not be reached: {0}")]
    Unreachable(String),
    #[error("The connection was closed.")]
    Closed,
    #[error("The settings cannot be used: {0}")]
    Settings(String),
    #[error("The server did not list its tools: {0}")]
    NoList(String),
    #[error("The server stopped answering: {0}")]
    Unresponsive(String),
    /// It, or what stands before it, is unwell or wants to be left alone for a while.
    #[error("The server is not well: {0}")]
    Busy(String),
    /// All that it said is that status.
    #[error("The server refused: {words}")]
    Refused { status: u16, words: String },
    /// More than one way was tried.
    #[error("{main}\n{}", others.join("\n"))]
    Tried { main: Box<ConnectError>, others: Vec<String> },
}

impl ConnectError {
    pub(crate) fn from_web(error: &ClientInitializeError) -> Self {
        // Its own error type does not always count the transport's among its causes.
        let inner = match error {
            ClientInitializeError::TransportError { error, .. } => Some(error.error.as_ref()),
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => return Self::from_web(fallback),
            _ => None,
        };
        match inner {
            Some(inner) => Self::from_transport(inner),
            None => Self::Handshake(http::causes(error)),
        }
    }

    pub(crate) fn from_transport(inner: &(dyn std::error::Error + 'static)) -> Self {
        if http::wants_sign_in(inner) {
            Self::SignIn
        } else if let Some(redirected) = http::redirected(inner) {
            Self::Moved(redirected.to.clone())
        } else if http::is_unreachable(inner) {
            Self::Unreachable(http::causes(inner))
        } else if let Some(error) = http::status(inner) {
            let words = http::causes(inner);
            if error.may_pass() { Self::Busy(words) } else { Self::Refused { status: error.status, words } }
        } else {
            Self::Handshake(http::causes(inner))
        }
    }

    /// What a server that was ready no longer does.
    pub(crate) fn from_request(error: RequestError) -> Self {
        match error {
            RequestError::SignIn => Self::SignIn,
            error @ (RequestError::Lost(_) | RequestError::Rejected { .. } | RequestError::TimedOut(_)) => {
                Self::Unresponsive(error.to_string())
            }
        }
    }

    /// The same failure, with another way beside it that was tried as well.
    pub(crate) fn besides(self, way: Way, other: &Self) -> Self {
        let words = other.to_string();
        let (main, mut others) = match self {
            Self::Tried { main, others } => (main, others),
            main => (Box::new(main), vec![]),
        };
        // Said once is enough.
        if main.to_string() != words {
            others.push(format!("Tried {}: {words}", way.words()));
        }
        if others.is_empty() { *main } else { Self::Tried { main, others } }
    }

    /// Whether it may be a server of the older HTTP with events: it refused to be posted to.
    pub(crate) fn may_be_sse(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400 | 404 | 405 | 406 | 411),
            _ => false,
        }
    }

    /// Whether another way of speaking may still work.
    pub(crate) fn may_be_the_era(&self) -> bool {
        match self {
            Self::Tried { main, .. } => main.may_be_the_era(),
            Self::Handshake(_) | Self::OtherEra | Self::Closed | Self::Silent(_) => true,
            Self::Busy(_) | Self::Refused { .. } => true,
            Self::Spawn(_) | Self::Exited { .. } | Self::SignIn | Self::Moved(_) | Self::Unreachable(_) => false,
            Self::Lacks(_) | Self::Settings(_) | Self::NoList(_) | Self::Unresponsive(_) => false,
        }
    }

    /// Whether another attempt may succeed though nothing was changed. `was_ready`: it has worked before.
    pub(crate) fn may_pass(&self, was_ready: bool) -> bool {
        match self {
            Self::Tried { main, .. } => main.may_pass(was_ready),
            Self::Unreachable(_) | Self::Busy(_) => true,
            Self::Refused { .. } => was_ready,
            Self::Exited { .. } | Self::Silent(_) | Self::Handshake(_) | Self::Closed => was_ready,
            Self::NoList(_) | Self::Unresponsive(_) => was_ready,
            Self::Spawn(_) | Self::Lacks(_) | Self::OtherEra | Self::SignIn | Self::Moved(_) | Self::Settings(_) => {
                false
            }
        }
    }

    pub(crate) fn report(&self, config: &ServerConfig, log: &Log) -> ErrorReport {
        let code = match self.main() {
            Self::SignIn => ErrorCode::SignInRequired,
            Self::Silent(_) => ErrorCode::TimedOut,
            Self::Lacks(Lacking::Unreadable { .. }) => ErrorCode::KeychainUnavailable,
            _ => ErrorCode::ServerUnavailable,
        };
        let name = &config.name;
        let report = ErrorReport::new(code, format!("The server '{name}' is not available."));
        let cause = match self.last_words(log) {
            Some(words) => format!("{self}\nIts last words:\n{words}"),
            None => self.to_string(),
        };
        report.because(cause).fix(self.fix(config))
    }

    /// What it wrote before it ended or fell silent is the best explanation there is.
    fn last_words(&self, log: &Log) -> Option<String> {
        match self.main() {
            Self::Exited { .. } | Self::Silent(_) | Self::Handshake(_) | Self::NoList(_) | Self::OtherEra => {
                log.tail(8)
            }
            Self::Unresponsive(_) => log.tail(8),
            Self::Spawn(_)
            | Self::Lacks(_)
            | Self::SignIn
            | Self::Moved(_)
            | Self::Unreachable(_)
            | Self::Busy(_)
            | Self::Refused { .. }
            | Self::Tried { .. }
            | Self::Closed
            | Self::Settings(_) => None,
        }
    }

    fn fix(&self, config: &ServerConfig) -> String {
        let local = matches!(config.transport, Transport::Stdio { .. });
        match self.main() {
            Self::Spawn(error) => error.fix(),
            Self::Lacks(lacking) => lacking.fix(),
            Self::Exited { .. } => {
                format!("Run it in a terminal to see more: {} — then try again.", config.address())
            }
            Self::Silent(_) if local => {
                "A first start may still be downloading: try again. Otherwise check that this program is an MCP server."
                    .to_owned()
            }
            Self::Moved(to) => format!("If you trust that address, enter it instead: {to}"),
            Self::Unreachable(_) => "Check the address and that the server is running.".to_owned(),
            Self::SignIn => "Sign in.".to_owned(),
            Self::Settings(_) => "Correct the server's settings.".to_owned(),
            Self::Busy(_) => "It is tried again by itself. If this lasts, ask whoever runs the server.".to_owned(),
            Self::Handshake(_) | Self::Refused { .. } | Self::OtherEra | Self::Silent(_) if !local => {
                "Check the address: most servers are at a path such as /mcp.".to_owned()
            }
            Self::Handshake(_) | Self::OtherEra => {
                "Check that this program is an MCP server that speaks over stdio.".to_owned()
            }
            Self::Refused { .. } | Self::Tried { .. } | Self::Silent(_) | Self::Closed => "Try again.".to_owned(),
            Self::NoList(_) | Self::Unresponsive(_) => "Try again.".to_owned(),
        }
    }

    /// What it comes down to.
    pub(crate) fn main(&self) -> &Self {
        match self {
            Self::Tried { main, .. } => main,
            other => other,
        }
    }
}
