//! The passphrase of the file with the secrets: typed unseen, or read from a file that its owner names.

use std::io::IsTerminal;

use ::chat::{ErrorCode, ErrorReport};
use engine::Home;
use mcp::Secret;

use crate::print;

/// Names a file whose first line is the passphrase. The passphrase itself does not belong into an environment, which
/// other programs of the same person can read.
const VARIABLE: &str = "LOQUAT_PASSPHRASE_FILE";

/// The passphrase of that home's file, where there is such a file and somebody gives it.
pub(crate) fn of(home: &Home) -> Result<Option<Secret>, ErrorReport> {
    if !home.secret_file().exists() {
        return Ok(None);
    }
    if let Some(given) = from_file()? {
        return Ok(Some(given));
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    print::note("Your secrets are in a file under a passphrase. Enter alone goes on without them.");
    let given = typed("Passphrase: ")?;
    Ok((!given.expose().is_empty()).then_some(given))
}

/// A new passphrase, typed twice.
pub(crate) fn new() -> Result<Secret, ErrorReport> {
    if let Some(given) = from_file()? {
        return Ok(given);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "There is nobody here who could give a passphrase.")
            .fix(format!("Run this in a terminal, or let {VARIABLE} name a file whose first line it is.")));
    }
    let (one, other) = (typed("New passphrase: ")?, typed("Once more: ")?);
    if one == other {
        return Ok(one);
    }
    Err(ErrorReport::new(ErrorCode::InvalidInput, "The two passphrases differ.").fix("Give the same one twice."))
}

fn from_file() -> Result<Option<Secret>, ErrorReport> {
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map(Secret::from).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, "The passphrase cannot be read.")
            .because(format!("{}: {error}", path.display()))
            .fix(format!("Let {VARIABLE} name a file whose first line is the passphrase."))
    })?;
    Ok(text.expose().lines().next().map(Secret::new))
}

fn typed(question: &str) -> Result<Secret, ErrorReport> {
    rpassword::prompt_password(question).map(Secret::from).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, "The passphrase cannot be read.").because(error.to_string())
    })
}
