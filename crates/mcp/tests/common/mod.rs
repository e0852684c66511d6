//! What the tests have in common: the fixture as a server, and waiting for what happens.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::{path::PathBuf, time::Duration};

use chat::{Output, ServerState};
use mcp::{CallError, CallRequest, ServerConfig, ServerSnapshot, Servers, ServersOptions, Transport};
use serde_json::{Map, Value};
use tokio::time::timeout;

/// Only so that a failing test ends.
pub(crate) const LONG: Duration = Duration::from_secs(40);

pub(crate) fn fixture() -> String {
    let test = std::env::current_exe().unwrap();
    let folder: PathBuf = test.parent().and_then(|deps| deps.parent()).unwrap().join("examples");
    let path = folder.join(format!("mcp-fixture{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "build it: cargo build -p mcp --example mcp-fixture");
    path.to_string_lossy().into_owned()
}

/// The server that asks back.
pub(crate) fn asker(mode: &str) -> ServerConfig {
    let command = fixture().replace("mcp-fixture", "mcp-asker");
    let args = vec![mode.to_owned()];
    ServerConfig::new("asker", Transport::Stdio { command, args, env: Default::default(), cwd: None })
}

pub(crate) fn stdio(name: &str, mode: &str) -> ServerConfig {
    let args = vec![mode.to_owned()];
    ServerConfig::new(name, Transport::Stdio { command: fixture(), args, env: Default::default(), cwd: None })
}

pub(crate) fn http(name: &str, url: impl Into<String>) -> ServerConfig {
    ServerConfig::new(name, Transport::Http { url: url.into(), headers: Default::default() })
}

pub(crate) fn start(configs: Vec<ServerConfig>) -> Servers {
    let options = ServersOptions { client_name: "test".into(), client_version: "1".into(), ..Default::default() };
    Servers::start(options, configs)
}

pub(crate) async fn settled(configs: Vec<ServerConfig>) -> Servers {
    let servers = start(configs);
    servers.settled(LONG).await;
    servers
}

pub(crate) fn server(servers: &Servers, name: &str) -> ServerSnapshot {
    servers.snapshot().iter().find(|server| server.config.name == name).unwrap().clone()
}

pub(crate) fn state(servers: &Servers, name: &str) -> ServerState {
    server(servers, name).state
}

pub(crate) fn is_ready(state: &ServerState) -> bool {
    matches!(state, ServerState::Ready { .. })
}

/// Waits until the server is as wanted.
pub(crate) async fn until(servers: &Servers, name: &str, wanted: impl Fn(&ServerSnapshot) -> bool) -> ServerSnapshot {
    let mut changes = servers.changes();
    let waiting = async {
        loop {
            let server = server(servers, name);
            if wanted(&server) {
                return server;
            }
            // Having missed some is as good as a change.
            let _ = changes.recv().await;
        }
    };
    match timeout(LONG, waiting).await {
        Ok(server) => server,
        Err(_) => panic!("it stayed at {:?}", state(servers, name)),
    }
}

pub(crate) fn request(server: &str, tool: &str, arguments: Value) -> CallRequest {
    let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
    CallRequest::new(server, tool, arguments)
}

pub(crate) async fn call(servers: &Servers, name: &str, tool: &str, arguments: Value) -> Result<Output, CallError> {
    let call = servers.call(request(name, tool, arguments), |_| (), Default::default());
    timeout(LONG, call).await.unwrap()
}
