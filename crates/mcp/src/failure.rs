//! Why a server is not there, in words for people.

use std::time::Duration;

use chat::{ErrorCode, ErrorReport};
use rmcp::service::ClientInitializeError;

use crate::{
    ServerConfig, Transport, http, log::Log, process::SpawnError, references::Lacking, session::RequestError,
    web::StatusError,
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
    #[error("The server did not answer within {} s.", .0.as_secs_f64())]
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
        } else if http::is_unreachable(inner) || http::status(inner).is_some_and(StatusError::may_pass) {
            Self::Unreachable(http::causes(inner))
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

    /// Whether the older handshake, alone, may still work.
    pub(crate) fn may_be_the_era(&self) -> bool {
        match self {
            Self::Handshake(_) | Self::OtherEra | Self::Closed | Self::Silent(_) => true,
            Self::Spawn(_) | Self::Exited { .. } | Self::SignIn | Self::Moved(_) | Self::Unreachable(_) => false,
            Self::Lacks(_) | Self::Settings(_) | Self::NoList(_) | Self::Unresponsive(_) => false,
        }
    }

    /// Whether another attempt may succeed though nothing was changed. `was_ready`: it has worked before.
    pub(crate) fn may_pass(&self, was_ready: bool) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Exited { .. } | Self::Silent(_) | Self::Handshake(_) | Self::Closed => was_ready,
            Self::NoList(_) | Self::Unresponsive(_) => was_ready,
            Self::Spawn(_) | Self::Lacks(_) | Self::OtherEra | Self::SignIn | Self::Moved(_) | Self::Settings(_) => {
                false
            }
        }
    }

    pub(crate) fn report(&self, config: &ServerConfig, log: &Log) -> ErrorReport {
        let code = match self {
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
        match self {
            Self::Exited { .. } | Self::Silent(_) | Self::Handshake(_) | Self::NoList(_) | Self::OtherEra => {
                log.tail(8)
            }
            Self::Unresponsive(_) => log.tail(8),
            Self::Spawn(_)
            | Self::Lacks(_)
            | Self::SignIn
            | Self::Moved(_)
            | Self::Unreachable(_)
            | Self::Closed
            | Self::Settings(_) => None,
        }
    }

    fn fix(&self, config: &ServerConfig) -> String {
        let local = matches!(config.transport, Transport::Stdio { .. });
        match self {
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
            Self::Handshake(_) | Self::OtherEra | Self::Silent(_) if !local => {
                "Check the address: most servers are at a path such as /mcp.".to_owned()
            }
            Self::Handshake(_) | Self::OtherEra => {
                "Check that this program is an MCP server that speaks over stdio.".to_owned()
            }
            Self::Silent(_) | Self::Closed | Self::NoList(_) | Self::Unresponsive(_) => "Try again.".to_owned(),
        }
    }
}
