//! What is wrong with the configuration and with what it names, while the gateway goes on.

use chat::{ErrorReport, ServerState};

use crate::{Gateway, Reading};

impl Gateway {
    /// Why the file as it is now is refused, and which of its servers are not ready.
    pub(crate) fn troubles(&self) -> Vec<ErrorReport> {
        let refused = match &*self.readings().borrow() {
            Some(Reading::Refused(report)) => {
                Some(worded("The configuration is refused; the one before goes on.", report))
            }
            Some(Reading::Taken) | None => None,
        };
        let servers = self.servers().snapshot();
        let missing = servers.iter().filter_map(|server| {
            let words = format!("The server '{}' of the configuration is not ready.", server.config.name);
            match &server.state {
                ServerState::Failed { error } | ServerState::Reconnecting { error, .. } => Some(worded(&words, error)),
                ServerState::NeedsSignIn => {
                    let report = ErrorReport::new(chat::ErrorCode::SignInRequired, words);
                    Some(report.because("It wants a sign-in."))
                }
                _ => None,
            }
        });
        refused.into_iter().chain(missing).collect()
    }
}

/// The same report under other words, which are no reason.
fn worded(words: &str, report: &ErrorReport) -> ErrorReport {
    let cause = report.cause.as_deref().unwrap_or_default();
    let cause = format!("{} {cause}", report.message);
    ErrorReport { message: words.to_owned(), cause: Some(cause.trim_end().to_owned()), ..report.clone() }
}
