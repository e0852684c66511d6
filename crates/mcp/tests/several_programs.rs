//! Several programs with one sign-in: real ones, each with a memory of its own.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs programs")]

mod common;
mod signing;

use std::{path::Path, process::Stdio, sync::Arc};

use common::LONG;
use mcp::{Secret, SecretFile};
use serde_json::json;
use signing::{Home, config, home, servers, sign_in};
use testkit::{Conduct, SignInServer, program};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

const PASSPHRASE: &str = "four words are enough";

/// One that calls when it is told to.
struct Caller {
    process: Child,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Caller {
    async fn start(url: &str, home: &Path) -> Self {
        let mut command = Command::new(program("mcp-caller"));
        command.arg(url).arg(home).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let (told, says) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut caller = Self { process, told, says: BufReader::new(says).lines() };
        caller.tell(PASSPHRASE).await;
        caller
    }

    async fn tell(&mut self, line: &str) {
        self.told.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn calls(&mut self) -> String {
        self.tell("").await;
        timeout(LONG, self.says.next_line()).await.unwrap().unwrap().unwrap_or_default()
    }

    async fn end(mut self) {
        drop(self.told);
        assert!(timeout(LONG, self.process.wait()).await.unwrap().unwrap().success());
    }
}

#[tokio::test]
async fn two_programs_renew_one_rotating_token_a_hundred_times_and_lose_nothing() {
    let there = SignInServer::start(Conduct::default()).await;
    let Home { folder, .. } = home();
    let secrets = SecretFile::at(folder.path().join("secrets.sealed"));
    secrets.create(Secret::new(PASSPHRASE)).await.unwrap();
    let place = Home { secrets: Arc::new(secrets), folder };
    let first = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&first, None).await.outcome.unwrap();
    first.shutdown().await;

    let home = place.folder.path();
    let (url, other) = (there.url(), there.url());
    let (mut one, mut other) = tokio::join!(Caller::start(&url, home), Caller::start(&other, home));
    for round in 0..100 {
        there.expire();
        let said = tokio::join!(one.calls(), other.calls());
        assert_eq!(said, ("ok".to_owned(), "ok".to_owned()), "round {round}");
    }
    let seen = there.seen();
    assert_eq!((seen.reuses, seen.authorizations.len(), there.families()), (0, 1, 1));
    assert!(seen.refreshes >= 100, "{}", seen.refreshes);
    one.end().await;
    other.end().await;
}
