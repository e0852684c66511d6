//! Secrets: a server's, from whoever knows it to where secrets are kept, and where that is.

use std::io::{IsTerminal, Read};

use ::chat::{ErrorCode, ErrorReport};
use engine::{Engine, SecretPlace};
use mcp::{Keychain, Secrets as _};
use serde_json::json;

use crate::args::{Given, Secret, Secrets};
use crate::{Ending, print};

pub(crate) async fn secret(args: Secret) -> Result<Ending, ErrorReport> {
    if std::io::stdin().is_terminal() {
        print::note(&format!("Paste the secret {}, then press Enter and Ctrl+D:", args.name));
    }
    let mut value = String::new();
    std::io::stdin().read_to_string(&mut value).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, "The secret cannot be read.").because(error.to_string())
    })?;
    let engine = crate::open::open_servers(&Given::default()).await?;
    let stored = engine.store_server_secret(&args.name, value.trim()).await;
    engine.shut_down().await;
    stored.map(|()| Ending::Answered)
}

/// Where secrets are kept; with a wish, where they are kept from now on.
pub(crate) async fn secrets(args: Secrets) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&Given::default()).await?;
    let outcome = placed(&engine, &args).await;
    engine.shut_down().await;
    outcome.map(|()| Ending::Answered)
}

async fn placed(engine: &Engine, args: &Secrets) -> Result<(), ErrorReport> {
    if args.file && !matches!(engine.secret_place(), SecretPlace::File { .. }) {
        engine.make_secret_file(crate::passphrase::new()?.expose()).await?;
    }
    let place = engine.secret_place();
    if args.json {
        print::line(&json!(place).to_string());
        return Ok(());
    }
    match place {
        SecretPlace::Keychain | SecretPlace::Memory => {
            // Asked for something that is not there: whether it answers is all that counts.
            if let Err(error) = Keychain::new("loquat").get("whether you are there").await {
                let fix =
                    "`loq secrets --file` keeps them in a file under a passphrase; without it they end with each run.";
                return Err(error.report().fix(fix));
            }
            print::line("Secrets are kept in the system's keychain.");
        }
        SecretPlace::File { open: true } => {
            print::line("Secrets are kept in a file under your passphrase, which is open now.");
        }
        SecretPlace::File { open: false } => {
            print::line("Secrets are kept in a file under your passphrase, which is locked.");
        }
    }
    Ok(())
}
