//! Completions.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::behind::CALLS;
use crate::load::{Asking, processor_time, times};
use crate::running::{Running, loq};
use crate::{fact, heading, line, millis};

/// Of each kind, for the time of the processors.
const MANY: usize = 2500;
/// Of each kind, one after the other.
const TURNS: usize = 300;

pub(crate) async fn measure(behind: &Running, floor: &Running) {
    let (api, key) = api(behind).await;
    heading("API");
    for (what, model) in [("completion", "answers"), ("completion with 1 call", CALLS)] {
        let [ours, theirs] = [(&api, Some(key.as_str())), (floor, None)].map(|(at, key)| asking(at, key, model, false));
        let [cpu, floor_cpu] = processor_time((&api, &ours), (floor, &theirs), MANY).await;
        line(&format!("{what}, processor time"), cpu, floor_cpu);
        let [(took, _), (floor_took, _)] = times([&ours, &theirs], TURNS).await;
        line(&format!("{what} (median of {TURNS})"), took, floor_took);
    }
    let ours = asking(&api, Some(&key), "answers", true);
    let (theirs, direct) = (asking(floor, None, "answers", true), asking(behind, None, "answers", true));
    let [(_, first), (_, floor_first), (_, direct_first)] = times([&ours, &theirs, &direct], TURNS).await;
    let added = [first, floor_first].map(|first| first.saturating_sub(direct_first));
    line("added until the first words", added[0], added[1]);
    fact("memory afterwards", &api.memory(), &floor.memory());
    fact("ready after", &millis(api.ready), &millis(floor.ready));
}

/// `loq serve` with the server that is behind it, once its tools are there.
async fn api(behind: &Running) -> (Running, String) {
    let home = tempfile::tempdir().unwrap();
    let key = key(&home).await;
    let servers = json!({ "mcpServers": { "fast": { "url": format!("{}/mcp", behind.url) } } });
    std::fs::write(home.path().join("list.json"), servers.to_string()).unwrap();
    let url = format!("{}/v1", behind.url);
    let provider = ["--provider", "custom", "--model", "answers", "--base-url", &url];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--servers", "list.json", "--yes"];
    (Running::loq(home, &[&serve[..], &provider[..]].concat()).await, key)
}

async fn key(home: &TempDir) -> String {
    let made = loq(home.path(), &["keys", "create", "bench", "--json"]).output().await.unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

fn asking(at: &Running, key: Option<&str>, model: &str, stream: bool) -> Asking {
    let message = json!({ "role": "user", "content": "hello there" });
    let body = json!({ "model": model, "stream": stream, "messages": [message] });
    Asking::new(format!("{}/v1/chat/completions", at.url), key, &body, "\"content\":\"token ")
}
