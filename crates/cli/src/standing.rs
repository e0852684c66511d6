//! Telling in the terminal, while a door is open, how the servers behind it stand: nobody looks at them there.

use std::{collections::BTreeMap, convert::Infallible};

use ::chat::ServerState;
use mcp::{ServerChange, ServerSnapshot, Servers};
use tokio::sync::broadcast::error::RecvError;

use crate::print;

/// Tells of every server when it is ready and when it is not, each but once until that changes. `sign_in` says what to do
/// about one that wants that.
pub(crate) async fn follow(servers: &Servers, sign_in: impl Fn(&str) -> String) -> Infallible {
    let (mut changes, mut told) = (servers.changes(), BTreeMap::new());
    loop {
        for server in servers.snapshot().iter() {
            let Some(word) = word(server, &sign_in) else { continue };
            if told.get(&server.config.name) != Some(&word) {
                print::note(&print::plain(&word));
                told.insert(server.config.name.clone(), word);
            }
        }
        loop {
            match changes.recv().await {
                Ok(ServerChange::Logged { .. } | ServerChange::ResourceUpdated { .. }) => (),
                Ok(ServerChange::Changed(_)) | Err(RecvError::Lagged(_)) => break,
                Ok(ServerChange::Removed(name)) => drop(told.remove(&name)),
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// Where one signs in with this program.
pub(crate) fn here(name: &str) -> String {
    format!("It wants a sign-in: loq login {name}")
}

fn word(server: &ServerSnapshot, sign_in: impl Fn(&str) -> String) -> Option<String> {
    let name = &server.config.name;
    match &server.state {
        ServerState::Ready { tools, .. } => Some(format!("✓ {name}: ready, {tools} tools.")),
        state => missing(name, state, sign_in).map(|why| format!("! {name}: {why}")),
    }
}

/// Why a server is not ready, where there is something to say about it.
pub(crate) fn missing(name: &str, state: &ServerState, sign_in: impl Fn(&str) -> String) -> Option<String> {
    match state {
        ServerState::Failed { error } | ServerState::Reconnecting { error, .. } => {
            let cause = error.cause.as_deref().unwrap_or_default();
            Some(format!("{} {cause}", error.message).trim_end().to_owned())
        }
        ServerState::NeedsSignIn | ServerState::SigningIn { .. } => Some(sign_in(name)),
        // Said when it was asked about.
        ServerState::NeedsConsent { .. } => None,
        ServerState::Connecting | ServerState::Off | ServerState::Ready { .. } => None,
    }
}
