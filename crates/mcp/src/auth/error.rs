//! Why a sign-in did not come about: at which step, what was said, what to do.

use chat::{ErrorCode, ErrorReport, Remedy, SignInStage};

use super::{exchange::WebError, grant::GrantError};
use crate::SecretError;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    #[error("There is no server called '{server}' that one signs in to.")]
    NoServer { server: String },
    #[error("The server asks nobody to sign in: it answered {status}.")]
    NotNeeded { status: u16 },
    #[error("{cause}")]
    Unreachable { stage: SignInStage, cause: String },
    #[error("The server publishes nothing about how to sign in.")]
    NothingPublished { tried: Vec<String> },
    #[error("The server calls itself {received}, but its address is {expected}.")]
    OtherResource { expected: String, received: String },
    #[error("The server names {expected} as the one who signs people in, but that one calls itself {received}.")]
    OtherIssuer { expected: String, received: String },
    #[error("The one who signs people in, {expected}, does not say its own name.")]
    NoIssuer { expected: String },
    #[error("The answer came from {received} instead of {expected}.")]
    MixedUp { expected: String, received: String },
    #[error("The authorization server cannot protect the answer (PKCE with S256).")]
    NoPkce,
    #[error("The authorization server does not let programs register themselves.")]
    NoRegistration { issuer: String },
    #[error("The registration was refused: {cause}")]
    RegistrationRefused { cause: String },
    #[error("Port {port}, to which the browser must come back, is taken: {cause}")]
    PortTaken { port: u16, cause: String },
    #[error("{} ({error})", description.as_deref().unwrap_or("The authorization server said no."))]
    Refused { stage: SignInStage, error: String, description: Option<String> },
    #[error("Nobody came back from the browser in time.")]
    NobodyCame,
    #[error("The sign-in was stopped.")]
    Stopped,
    #[error("The form could not be filled in: {cause}")]
    Form { cause: String },
    #[error("The configured key cannot be used: {cause}")]
    Key { cause: String },
    #[error("Signed in, but the server still refuses: {cause}")]
    StillRefused { cause: String },
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl SignInError {
    /// Where it stopped.
    pub fn stage(&self) -> SignInStage {
        match self {
            Self::NoServer { .. } | Self::NotNeeded { .. } => SignInStage::Reach,
            Self::Unreachable { stage, .. } | Self::Refused { stage, .. } => *stage,
            Self::NothingPublished { .. } | Self::OtherResource { .. } | Self::OtherIssuer { .. } => {
                SignInStage::Metadata
            }
            Self::NoIssuer { .. } | Self::NoPkce => SignInStage::Metadata,
            Self::NoRegistration { .. } | Self::RegistrationRefused { .. } | Self::PortTaken { .. } => {
                SignInStage::Register
            }
            Self::NobodyCame | Self::Stopped | Self::MixedUp { .. } | Self::Form { .. } => SignInStage::Consent,
            Self::Secret(_) | Self::Key { .. } => SignInStage::Token,
            Self::StillRefused { .. } => SignInStage::FirstCall,
        }
    }

    /// What to do about it, in words.
    pub fn fix(&self) -> String {
        let manual =
            "Enter a client id, and the addresses to sign in at, in the server's settings: its operator has them.";
        match self {
            Self::NoServer { .. } => "Name a server on the web, as `loq servers` shows it.".into(),
            Self::NotNeeded { .. } => "Nothing: start the server again.".into(),
            Self::Unreachable { .. } => "Check the address, the network and the proxy, then try again.".into(),
            Self::NothingPublished { .. } | Self::NoRegistration { .. } => manual.into(),
            Self::OtherResource { received, .. } => {
                format!("If that is right, set \"resource\": \"{received}\" in the server's oauth settings.")
            }
            Self::OtherIssuer { received, .. } => {
                format!("If you trust {received} to sign you in here, trust this issuer: \"issuer\": \"{received}\".")
            }
            Self::NoIssuer { expected } => {
                format!("If you trust {expected} to sign you in here, trust this issuer: \"issuer\": \"{expected}\".")
            }
            Self::MixedUp { .. } => "Do not sign in there. Begin anew, and tell the server's operator.".into(),
            Self::NoPkce => "Tell the server's operator: signing in there is not safe.".into(),
            Self::RegistrationRefused { .. } => format!("Reset the registration and try again. {manual}"),
            Self::PortTaken { .. } => "End the program that uses it, or set another redirect_port.".into(),
            Self::Refused { error, .. } if error == "access_denied" => "Sign in again and allow the access.".into(),
            Self::Refused { error, .. } if matches!(error.as_str(), "invalid_client" | "unauthorized_client") => {
                "Check the configured client id and secret, or reset the registration and try again.".into()
            }
            Self::Refused { error, .. } if error == "invalid_scope" => {
                "Set \"scopes\" in the server's oauth settings to ones that it knows.".into()
            }
            Self::Refused { .. } => {
                "Sign in again; if it happens again, show the server's operator these words.".into()
            }
            Self::NobodyCame => "Open the link and finish within five minutes.".into(),
            Self::Stopped => "Sign in when you are ready.".into(),
            Self::Form { .. } => "Check the user name and password in the server's settings.".into(),
            Self::Key { .. } => "Check private_key (PEM) and algorithm in the server's oauth settings.".into(),
            Self::StillRefused { .. } => "Ask the server's operator whether this account may use it.".into(),
            Self::Secret(error) => error.report().fix.unwrap_or_default(),
        }
    }

    /// What helps by one click.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::OtherIssuer { received, .. } => vec![Remedy::TrustIssuer { issuer: received.clone() }],
            Self::NoIssuer { expected } => vec![Remedy::TrustIssuer { issuer: expected.clone() }],
            Self::OtherResource { received, .. } if received.contains("://") => {
                vec![Remedy::UseResource { resource: received.clone() }]
            }
            Self::NothingPublished { .. } | Self::NoRegistration { .. } => vec![Remedy::UseClient],
            Self::RegistrationRefused { .. } => vec![Remedy::ResetRegistration, Remedy::UseClient],
            Self::Refused { error, .. } if matches!(error.as_str(), "invalid_client" | "unauthorized_client") => {
                vec![Remedy::ResetRegistration, Remedy::UseClient]
            }
            // Strangers are often told so on a page that never sends the browser back.
            Self::NobodyCame => vec![Remedy::ResetRegistration],
            _ => vec![],
        }
    }

    pub fn report(&self) -> ErrorReport {
        match self {
            Self::Secret(error) => error.report(),
            Self::NoServer { .. } => ErrorReport::new(ErrorCode::NotFound, self.to_string()).fix(self.fix()),
            Self::Stopped => ErrorReport::new(ErrorCode::Interrupted, self.to_string()).fix(self.fix()),
            _ => ErrorReport::new(ErrorCode::SignInRequired, "The sign-in did not come about.")
                .because(self.to_string())
                .fix(self.fix()),
        }
    }

    pub(crate) fn web(stage: SignInStage, error: &WebError) -> Self {
        let stage = match error {
            WebError::Tls { .. } if stage == SignInStage::Reach => SignInStage::Tls,
            _ => stage,
        };
        Self::Unreachable { stage, cause: error.to_string() }
    }

    pub(crate) fn grant(error: GrantError) -> Self {
        let stage = SignInStage::Token;
        match error {
            GrantError::Refused { error, description } => Self::Refused { stage, error, description },
            GrantError::Web(error) => Self::web(stage, &error),
            GrantError::Unusable(cause) => Self::Unreachable { stage, cause },
        }
    }
}
