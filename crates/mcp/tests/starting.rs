//! A first start may have to download its program: as long as that says something it is waited for, and what it says is
//! seen while it says it.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::time::{Duration, Instant};

use chat::ServerState;
use common::{LONG, is_ready, server, start, stdio, until};
use mcp::{ServerConfig, Transport};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// A server that downloads itself from us, and the way there.
async fn downloading(mode: &str) -> (ServerConfig, TcpListener) {
    let source = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = stdio("slow", mode);
    if let Transport::Stdio { env, .. } = &mut config.transport {
        env.insert("FIXTURE_DOWNLOAD".into(), source.local_addr().unwrap().to_string());
    }
    (config, source)
}

async fn accepted(source: &TcpListener) -> TcpStream {
    timeout(LONG, source.accept()).await.unwrap().unwrap().0
}

#[tokio::test]
async fn what_prints_while_it_starts_is_waited_for_and_heard_at_once() {
    let (mut config, source) = downloading("good").await;
    config.start_timeout = Duration::from_secs(4);
    let deadline = config.start_timeout;
    let servers = start(vec![config]);
    let begun = Instant::now();
    let mut download = accepted(&source).await;
    let mut line = 0;
    // Well beyond what it may take in silence.
    while begun.elapsed() < deadline + deadline / 4 {
        line += 1;
        let words = format!("Downloading part {line}");
        download.write_all(format!("{words}\n").as_bytes()).await.unwrap();
        let seen = until(&servers, "slow", |server| server.log.last() == Some(&words)).await;
        assert_eq!(seen.state, ServerState::Connecting);
        let starting = seen.starting.unwrap();
        assert_eq!((starting.logged, seen.logged), (0, line));
    }
    drop(download);
    let ready = until(&servers, "slow", |server| is_ready(&server.state)).await;
    assert_eq!(ready.starting, None);
    servers.shutdown().await;
}

#[tokio::test]
async fn what_falls_silent_is_given_up_with_its_last_words() {
    let (mut config, source) = downloading("good").await;
    config.start_timeout = Duration::from_secs(1);
    let servers = start(vec![config]);
    let mut download = accepted(&source).await;
    download.write_all(b"Downloading part 1\n").await.unwrap();
    let failed = until(&servers, "slow", |server| matches!(server.state, ServerState::Failed { .. })).await;
    let ServerState::Failed { error } = failed.state else { panic!() };
    let cause = error.cause.unwrap();
    assert!(cause.contains("did not answer within") && cause.contains("Downloading part 1"), "{cause}");
    assert!(error.fix.unwrap().contains("may still be downloading"));
    assert_eq!(server(&servers, "slow").starting, None);
    servers.shutdown().await;
}
