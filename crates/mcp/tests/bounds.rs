//! However much a server says, what it costs us has an end.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![cfg(target_os = "linux")]

mod common;

use common::{call, fixture, is_ready, server, settled, until};
use mcp::{ServerConfig, Transport};
use serde_json::json;

/// What all of them together may take. Kept whole it would be several times as much.
const MOST_KIB: u64 = 900 * 1024;

fn liar(lie: &str) -> ServerConfig {
    let command = fixture().replace("mcp-fixture", "mcp-liar");
    let transport = Transport::Stdio { command, args: vec![lie.into()], env: Default::default(), cwd: None };
    ServerConfig::new(lie.replace(':', "-"), transport)
}

/// The most memory that this program has ever had, as the system counted it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Alone in its file: nothing else shall be counted.
#[tokio::test]
async fn long_lines_and_pages_without_end_take_a_bounded_part_of_the_memory() {
    let lies = ["start:flood", "list:fat-pages", "list:endless", "list:long-words", "call:long", "call:many"];
    let servers = settled(lies.map(liar).to_vec()).await;
    for lie in lies {
        let name = lie.replace(':', "-");
        until(&servers, &name, |server| is_ready(&server.state)).await;
        if lie.starts_with("call:") {
            call(&servers, &name, "echo", json!({})).await.unwrap();
        }
    }
    assert!(server(&servers, "list-fat-pages").tools.len() < 10, "a list has an end");
    let peak = peak();
    servers.shutdown().await;
    assert!(peak < MOST_KIB, "it took {} MiB", peak / 1024);
}
