//! Completions.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::behind::CALLS;
use crate::load::{Asking, processor_time, times};
use crate::running::{Running, loq};
use crate::{fact, heading, line, millis, peers};

/// Of each kind, for the time of the processors.
const MANY: usize = 2500;
/// Of each kind, one after the other.
const TURNS: usize = 300;
/// The same where one is many times slower.
const FEWER: usize = 100;

pub(crate) async fn measure(behind: &Running, floor: &Running) {
    let (api, key) = api(behind).await;
    heading("API", "floor");
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
    if let Some(litellm) = peers::litellm(behind).await {
        beside_litellm(&api, &key, &litellm).await;
    }
}

async fn beside_litellm(api: &Running, key: &str, litellm: &Running) {
    heading("API", "LiteLLM");
    let kinds = [("completion", "answers", None), ("completion with 1 call", CALLS, Some(peers::litellm_tools()))];
    for (what, model, tools) in kinds {
        let ours = asking(api, Some(key), model, false);
        let theirs = asking_with(litellm, Some(peers::LITELLM_KEY), model, false, tools);
        let [cpu, their_cpu] = processor_time((api, &ours), (litellm, &theirs), FEWER).await;
        line(&format!("{what}, processor time"), cpu, their_cpu);
        let [(took, _), (their_took, _)] = times([&ours, &theirs], FEWER).await;
        line(&format!("{what} (median of {FEWER})"), took, their_took);
    }
    fact("memory afterwards", &api.memory(), &litellm.memory());
    fact("ready after", &millis(api.ready), &millis(litellm.ready));
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
    asking_with(at, key, model, stream, None)
}

fn asking_with(at: &Running, key: Option<&str>, model: &str, stream: bool, tools: Option<Value>) -> Asking {
    let message = json!({ "role": "user", "content": "hello there" });
    let mut body = json!({ "model": model, "stream": stream, "messages": [message] });
    if let Some(tools) = tools {
        body["tools"] = tools;
    }
    Asking::new(format!("{}/v1/chat/completions", at.url), key, &body, "\"content\":\"token ")
}
