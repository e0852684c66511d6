//! Nothing outlives us: neither when we end as we should, nor when we are killed.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![cfg(unix)]

mod common;

use std::{collections::BTreeMap, path::Path, time::Duration};

use common::{LONG, call, fixture, is_ready, server, settled, state, stdio, until};
use mcp::{ServerConfig, ServersOptions, Transport};
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// Programs hold on to the other end for as long as they live.
struct Leash {
    _folder: tempfile::TempDir,
    path: String,
    listener: UnixListener,
}

impl Leash {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leash");
        let listener = UnixListener::bind(&path).unwrap();
        Self { path: path.to_string_lossy().into_owned(), _folder: folder, listener }
    }

    /// The next program that has come to life.
    async fn next(&self) -> UnixStream {
        timeout(LONG, self.listener.accept()).await.unwrap().unwrap().0
    }

    fn server(&self, name: &str) -> ServerConfig {
        let mut config = stdio(name, "good");
        if let Transport::Stdio { env, .. } = &mut config.transport {
            env.insert("FIXTURE_LEASH".into(), self.path.clone());
        }
        config
    }
}

/// Returns once the program at the other end is no more.
async fn gone(mut program: UnixStream) {
    assert_eq!(timeout(LONG, program.read(&mut [0])).await.unwrap().unwrap_or(0), 0);
}

#[tokio::test]
async fn shutting_down_ends_servers_and_their_children() {
    let leash = Leash::new();
    let servers = settled(vec![leash.server("parent")]).await;
    let parent = leash.next().await;
    call(&servers, "parent", "breed", json!({})).await.unwrap();
    let child = leash.next().await;
    servers.shutdown().await;
    gone(parent).await;
    gone(child).await;
}

#[tokio::test]
async fn a_server_that_dies_takes_its_children_along() {
    let leash = Leash::new();
    let servers = settled(vec![leash.server("parent")]).await;
    let parent = leash.next().await;
    call(&servers, "parent", "breed", json!({})).await.unwrap();
    let child = leash.next().await;
    call(&servers, "parent", "die", json!({})).await.unwrap_err();
    gone(parent).await;
    gone(child).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn removing_a_server_that_is_still_starting_ends_it() {
    let leash = Leash::new();
    let mut config = leash.server("silent");
    if let Transport::Stdio { args, .. } = &mut config.transport {
        *args = vec!["silent".into()];
    }
    let servers = common::start(vec![config]);
    let program = leash.next().await;
    servers.remove("silent").await;
    gone(program).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_that_will_not_end_is_made_to() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("trap '' TERM HUP INT; '{}' good; while :; do sleep 1; done", fixture());
    let transport = Transport::Stdio {
        command: "sh".into(),
        args: vec!["-c".into(), script],
        env: BTreeMap::new(),
        cwd: Some(folder.path().to_owned()),
    };
    let servers = settled(vec![ServerConfig::new("stubborn", transport)]).await;
    assert!(is_ready(&state(&servers, "stubborn")));
    timeout(Duration::from_secs(30), servers.shutdown()).await.unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let leash = Leash::new();
    let servers = settled(vec![leash.server("parent")]).await;
    let parent = leash.next().await;
    drop(servers);
    gone(parent).await;
}

/// A program with two servers, each with a child, killed without a chance to clean up.
#[tokio::test]
async fn killing_us_leaves_nothing() {
    let (leash, runs) = (Leash::new(), tempfile::tempdir().unwrap());
    let mut owner = start_owner(&leash, runs.path());
    // The owner itself, two servers, and a child of each.
    let owner_line = leash.next().await;
    let others = [leash.next().await, leash.next().await, leash.next().await, leash.next().await];
    owner.kill().await.unwrap();
    gone(owner_line).await;
    for program in others {
        gone(program).await;
    }
    // The next start has nothing left to sweep but the record.
    let left = || std::fs::read_dir(runs.path()).unwrap().count();
    assert_eq!(left(), 1);
    let options = ServersOptions { run_dir: Some(runs.path().to_owned()), ..Default::default() };
    let servers = mcp::Servers::start(options, vec![stdio("good", "good")]);
    until(&servers, "good", |server| is_ready(&server.state)).await;
    assert_eq!(left(), 1, "the old record is gone, ours is there");
    assert!(!server(&servers, "good").tools.is_empty());
    servers.shutdown().await;
    assert_eq!(left(), 0);
}

#[expect(clippy::disallowed_methods, reason = "this stands for Loquat itself being started")]
fn start_owner(leash: &Leash, runs: &Path) -> tokio::process::Child {
    let mut command = tokio::process::Command::new(fixture());
    command.arg("owner").arg(runs).env("FIXTURE_LEASH", &leash.path).kill_on_drop(true);
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}
