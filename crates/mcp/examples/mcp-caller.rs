//! A program that calls a server as whoever is signed in, for tests of several programs at once. The first line it reads is
//! the passphrase of the file with the secrets; each one after that makes a call, and is answered with what came of it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test reads what it prints, and it may end where something is odd"
)]

use std::{env::args, path::PathBuf, sync::Arc, time::Duration};

use mcp::{CallRequest, Secret, SecretFile, ServerConfig, Servers, ServersOptions, Transport};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() {
    let (url, home) = (args().nth(1).unwrap(), PathBuf::from(args().nth(2).unwrap()));
    let mut lines = BufReader::new(stdin()).lines();
    let secrets = SecretFile::at(home.join("secrets.sealed"));
    secrets.unlock(Secret::new(lines.next_line().await.unwrap().unwrap())).await.unwrap();
    let options = ServersOptions {
        secrets: Some(Arc::new(secrets)),
        accounts: Some(home.join("accounts.json")),
        run_dir: Some(home.join("run")),
        client_name: "test".into(),
        ..Default::default()
    };
    let transport = Transport::Http { url, headers: Default::default() };
    let config = ServerConfig { auth: Some(json!({ "oauth": {} })), ..ServerConfig::new("box", transport) };
    let servers = Servers::start(options, vec![config]);
    servers.settled(Duration::from_secs(60)).await;
    while let Some(_line) = lines.next_line().await.unwrap() {
        let request = CallRequest::new("box", "whoami", Default::default());
        match servers.call(request, |_| (), Default::default()).await {
            Ok(_) => println!("ok"),
            Err(error) => println!("{error}"),
        }
    }
    servers.shutdown().await;
}
