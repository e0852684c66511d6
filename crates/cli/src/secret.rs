//! A server's secret, from whoever knows it to the keychain.

use std::io::{IsTerminal, Read};

use ::chat::{ErrorCode, ErrorReport};

use crate::args::Secret;
use crate::{Ending, print};

pub(crate) async fn secret(args: Secret) -> Result<Ending, ErrorReport> {
    if std::io::stdin().is_terminal() {
        print::note(&format!("Paste the secret {}, then press Enter and Ctrl+D:", args.name));
    }
    let mut value = String::new();
    std::io::stdin().read_to_string(&mut value).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, "The secret cannot be read.").because(error.to_string())
    })?;
    let engine = crate::open::open_servers(None).await?;
    let stored = engine.store_server_secret(&args.name, value.trim()).await;
    engine.shut_down().await;
    stored.map(|()| Ending::Answered)
}
