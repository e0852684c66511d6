//! Programs that nobody has agreed to yet: their whole command lines are shown, and somebody is asked, before they first
//! run.
//!
//! The programs of Loquat's own list always wait for that word. Those of a file that a person names for one call wait for
//! it only at a terminal: a script that names the file has said it by that.

use std::io::{BufRead, IsTerminal};

use ::chat::ErrorReport;
use engine::Engine;

use crate::args::Given;
use crate::print;

/// Whether somebody sits at the terminal who can be asked.
pub(crate) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks about every program that waits for a word. Where nobody can be asked it is said how to agree, and the others go
/// on.
pub(crate) async fn all(engine: &Engine, given: &Given) -> Result<(), ErrorReport> {
    for (server, command) in engine.waiting_for_consent() {
        one(engine, (server.as_str(), command.as_str()), given).await?;
    }
    Ok(())
}

/// Whether that server may be started; asked about where nobody has agreed yet.
pub(crate) async fn server(engine: &Engine, server: &str, given: &Given) -> Result<bool, ErrorReport> {
    match engine.waiting_for_consent().into_iter().find(|(name, _)| name == server) {
        Some((name, command)) => one(engine, (name.as_str(), command.as_str()), given).await,
        None => Ok(true),
    }
}

async fn one(engine: &Engine, (server, command): (&str, &str), given: &Given) -> Result<bool, ErrorReport> {
    print::note(&print::plain(&format!(
        "{server} starts a program on this computer that has not run yet:\n  {command}"
    )));
    let agreed = given.yes || asked().await;
    if agreed {
        engine.consent(server).await?;
    } else {
        print::note(&print::plain(&format!("It does not run. To agree: {}, or --yes.", how_to_agree(server, given))));
    }
    Ok(agreed)
}

/// The command by which a person agrees later.
pub(crate) fn how_to_agree(server: &str, given: &Given) -> String {
    match &given.servers {
        Some(file) => format!("loq servers --servers '{}' --allow {server}", file.display()),
        None => format!("loq servers --allow {server}"),
    }
}

/// Asks whoever sits at the terminal; nobody is no agreement.
async fn asked() -> bool {
    if !somebody_is_there() {
        return false;
    }
    print::note("Let it run? [y/N]");
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    matches!(line.await, Ok(Some(Ok(line))) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
