//! What can go wrong with a configuration, a server, a call, or the keychain; each as a report for people.

use std::{path::PathBuf, time::Duration};

use chat::{ErrorCode, ErrorReport, Output};

/// A configuration cannot be used as it is. Each message says where and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("There is nothing here yet. Give a URL, a command, or the JSON from a server's instructions.")]
    Empty,
    #[error("This JSON cannot be read: {cause}. Check the place named, most often a missing comma or quote.")]
    NotJson { cause: String },
    #[error("This command cannot be read: {cause}.")]
    NotACommand { cause: &'static str },
    #[error("'{url}' is not a web address: {cause}. It should look like https://example.com/mcp.")]
    NotAUrl { url: String, cause: String },
    #[error(
        "No server is described here. Expected \"mcpServers\", \"servers\", or an object with \"command\" or \"url\"."
    )]
    NoServers,
    #[error("Server '{server}': {problem}.")]
    Server { server: String, problem: String },
    #[error("The list of servers in {path} cannot be read: {cause}.")]
    Corrupted { path: PathBuf, cause: String },
    #[error("The list of servers in {path} could not be {verb}: {cause}.")]
    File { path: PathBuf, verb: &'static str, cause: String },
}

impl ConfigError {
    pub(crate) fn server(server: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Server { server: server.into(), problem: problem.into() }
    }

    pub fn report(&self) -> ErrorReport {
        match self {
            Self::Empty | Self::NotJson { .. } | Self::NotACommand { .. } | Self::NotAUrl { .. } | Self::NoServers => {
                ErrorReport::new(ErrorCode::InvalidInput, self.to_string())
            }
            Self::Server { .. } => ErrorReport::new(ErrorCode::InvalidInput, self.to_string()),
            Self::Corrupted { path, cause } => {
                ErrorReport::new(ErrorCode::StorageFailed, "The list of servers cannot be read as it is now.")
                    .because(cause.clone())
                    .fix(format!(
                        "Mend {}: it is read again at once, and nothing is written to it before.",
                        path.display()
                    ))
            }
            Self::File { cause, .. } => ErrorReport::new(ErrorCode::StorageFailed, self.to_string())
                .because(cause.clone())
                .fix("Check that the disk is not full and that the file may be written."),
        }
    }
}

/// Why a call has no result. A call is never made twice: what was lost stays lost.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    #[error("There is no server called '{server}'.")]
    NoSuchServer { server: String },
    /// `why` is what is known of the reason.
    #[error("The server '{server}' is {state}.")]
    NotReady { server: String, state: &'static str, why: Option<Box<ErrorReport>> },
    #[error("The server '{server}' has no tool '{tool}'.")]
    NoSuchTool { server: String, tool: String },
    /// The tool ran and said that it failed; its words are in `output`.
    #[error("The tool failed: {}", output.model_text)]
    ToolFailed { output: Box<Output> },
    /// The server answered with a JSON-RPC error.
    #[error("The server refused the call ({code}): {message}")]
    Rejected { code: i32, message: String, data: Option<serde_json::Value> },
    #[error("{}", silence(*after, *total))]
    TimedOut { after: Duration, total: bool },
    #[error("The call was stopped.")]
    Stopped,
    /// The server or the way to it was lost in the middle of the call.
    #[error("The server '{server}' was lost during the call: {cause}")]
    Lost { server: String, cause: String },
    #[error("The server '{server}' wants a sign-in.")]
    SignInRequired { server: String },
    /// Whoever is signed in may not do this.
    #[error("The server '{server}' wants more rights for this: {}.", rights.join(", "))]
    RightsRequired { server: String, rights: Vec<String> },
    /// The server answered with something that this version cannot go on with.
    #[error("The server '{server}' answered with {what}, which is not supported yet.")]
    NotSupported { server: String, what: &'static str },
    /// The server wants pages to be visited first; each is as it came.
    #[error("The server wants a page to be visited first.")]
    NeedsPage { elicitations: Vec<serde_json::Value>, message: String },
    #[error("The server '{server}' needs a visit to {host}, which was declined.")]
    PageDeclined { server: String, host: String },
    #[error("The server '{server}' cancelled the task.")]
    TaskCancelled { server: String },
}

fn silence(after: Duration, total: bool) -> String {
    let seconds = after.as_secs_f64();
    if total {
        format!("The call took longer than {seconds} s.")
    } else {
        format!("Nothing was heard for {seconds} s.")
    }
}

impl CallError {
    pub fn report(&self) -> ErrorReport {
        let report = |code| ErrorReport::new(code, self.to_string());
        match self {
            Self::NoSuchServer { .. } => {
                report(ErrorCode::NotFound).fix("Settings → Servers, or `loq servers`, show those that there are.")
            }
            Self::NotReady { why: Some(why), .. } => ErrorReport { message: self.to_string(), ..(**why).clone() },
            Self::NotReady { why: None, .. } => report(ErrorCode::ServerUnavailable)
                .fix("Look at the server in Settings → Servers: it says there why, and can be started again."),
            Self::NoSuchTool { .. } => {
                report(ErrorCode::ToolUnknown).fix("The server's tools may have changed; ask again.")
            }
            Self::ToolFailed { output } => {
                ErrorReport::new(ErrorCode::ToolFailed, "The tool ran and reported a failure.")
                    .because(output.model_text.clone())
            }
            Self::Rejected { code, message, .. } => {
                ErrorReport::new(ErrorCode::ToolFailed, "The server refused the call.")
                    .because(format!("{message} ({code})"))
            }
            Self::TimedOut { total, .. } => report(ErrorCode::TimedOut)
                .because(if *total {
                    "The call reached its time limit."
                } else {
                    "The server sent neither a result nor progress."
                })
                .fix("Whether it took effect is not known. Raise the time limit of this server if it needs longer."),
            Self::Stopped => report(ErrorCode::Interrupted)
                .because("Someone stopped it while the tool was running; whether it took effect is not known."),
            Self::Lost { server, cause } => ErrorReport::new(
                ErrorCode::ServerUnavailable,
                format!("The server '{server}' was lost during the call."),
            )
            .because(cause.clone())
            .fix("Whether it took effect is not known. The server is started again by itself; then ask again."),
            Self::SignInRequired { .. } => report(ErrorCode::SignInRequired).fix("Sign in, then ask again."),
            Self::RightsRequired { .. } => {
                report(ErrorCode::SignInRequired).fix("Sign in once more and allow them, then ask again.")
            }
            Self::NotSupported { .. } | Self::NeedsPage { .. } | Self::TaskCancelled { .. } => {
                report(ErrorCode::ToolFailed)
            }
            Self::PageDeclined { .. } => report(ErrorCode::ToolFailed).fix("Ask again, and visit the page this time."),
        }
    }
}

/// Why a secret could not be read or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// This session has none, or it does not answer at all.
    #[error("This session has no keychain: {cause}")]
    NoKeychain { cause: String },
    /// It is there but shut.
    #[error("The keychain is locked: {cause}")]
    Locked { cause: String },
    /// It asked and was told no.
    #[error("The keychain was not opened: {cause}")]
    Denied { cause: String },
    #[error("The keychain did not answer within {} s.", after.as_secs())]
    TimedOut { after: Duration },
    #[error("The keychain failed: {cause}")]
    Failed { cause: String },
    /// They lie in a file, and nobody has given its passphrase yet.
    #[error("The file with the secrets is locked.")]
    Shut,
    #[error("This is not the passphrase of the file with the secrets.")]
    WrongPassphrase,
    #[error("A passphrase has at least {least} characters.")]
    TooShort { least: usize },
}

impl SecretError {
    pub fn report(&self) -> ErrorReport {
        let (message, cause, fix) = match self {
            Self::NoKeychain { cause } => (
                "There is no keychain to keep secrets in.",
                Some(cause),
                "Install and start one (on Linux: gnome-keyring or KWallet) and sign in to the desktop again.",
            ),
            Self::Locked { cause } => ("The keychain is locked.", Some(cause), "Unlock it, then try again."),
            Self::Denied { cause } => {
                ("The keychain may not be opened.", Some(cause), "Allow it when you are asked, then try again.")
            }
            Self::TimedOut { .. } => {
                ("The keychain does not answer.", None, "It may be waiting behind another window to be unlocked.")
            }
            Self::Failed { cause } => ("The keychain failed.", Some(cause), "Try again."),
            Self::Shut => ("The file with your secrets is locked.", None, "Give its passphrase."),
            Self::WrongPassphrase => {
                return ErrorReport::new(ErrorCode::InvalidInput, self.to_string())
                    .because("The file stays locked, and nothing in it has changed.")
                    .fix("Give the one with which it was made. Nobody can open it without.");
            }
            Self::TooShort { .. } => {
                return ErrorReport::new(ErrorCode::InvalidInput, self.to_string())
                    .because("Shorter ones are found by trying.")
                    .fix("Take four words that do not belong together.");
            }
        };
        let report = ErrorReport::new(ErrorCode::KeychainUnavailable, message).fix(fix);
        match cause {
            Some(cause) => report.because(cause.clone()),
            None => report,
        }
    }
}
