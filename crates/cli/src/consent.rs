//! Programs that nobody has agreed to yet: their whole command lines are shown, and somebody is asked, before they first
//! run.

use std::io::{BufRead, IsTerminal};

use ::chat::ErrorReport;
use engine::Engine;

use crate::print;

/// Asks about every program in the list that waits for a word. Where nobody can be asked it is said how to agree, and the
/// others go on.
pub(crate) async fn all(engine: &Engine, yes: bool) -> Result<(), ErrorReport> {
    for (server, command) in engine.waiting_for_consent() {
        one(engine, &server, &command, yes).await?;
    }
    Ok(())
}

/// Whether that server may be started; asked about where nobody has agreed yet.
pub(crate) async fn server(engine: &Engine, server: &str, yes: bool) -> Result<bool, ErrorReport> {
    match engine.waiting_for_consent().into_iter().find(|(name, _)| name == server) {
        Some((name, command)) => one(engine, &name, &command, yes).await,
        None => Ok(true),
    }
}

async fn one(engine: &Engine, server: &str, command: &str, yes: bool) -> Result<bool, ErrorReport> {
    print::note(&print::plain(&format!(
        "{server} starts a program on this computer that has not run yet:\n  {command}"
    )));
    let agreed = yes || asked().await;
    if agreed {
        engine.consent(server).await?;
    } else {
        print::note(&print::plain(&format!("It does not run. To agree: loq servers --allow {server}, or --yes.")));
    }
    Ok(agreed)
}

/// Asks whoever sits at the terminal; nobody is no agreement.
async fn asked() -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    print::note("Let it run? [y/N]");
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    matches!(line.await, Ok(Some(Ok(line))) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
