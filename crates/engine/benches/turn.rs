//! What a turn costs beyond what it must: the same stream read by reqwest alone and the same calls
//! made by rmcp alone, measured in turns with the engine's, in the same run. And how long many
//! servers take to connect, against the slowest one alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not the product")]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat::{ModelRef, TurnEvent, TurnStatus};
use engine::{AppEvent, Engine, Home, Options, Question, Settings};
use futures::future::join_all;
use mcp::{MemorySecrets, ServerConfig, Servers, ServersOptions, Transport};
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, ServiceExt};
use serde_json::json;
use testkit::{Round, Script};

/// Turns measured of each kind, after as many to warm up.
const TURNS: usize = 200;

#[tokio::main]
async fn main() {
    println!("{:<34} {:>9} {:>9} {:>8} {:>10}", "", "ours", "floor", "ratio", "overhead");
    for calls in [0, 1, 4] {
        turns(calls).await;
    }
    for count in [1, 5, 20, 50] {
        connections(count).await;
    }
    opening(20).await;
}

fn helpdesk() -> std::path::PathBuf {
    testkit::program("loquat-helpdesk")
}

fn rounds(calls: usize) -> Vec<Round> {
    let answer = Round::text("An answer of eight words or so, streamed.").chunks(8);
    if calls == 0 {
        return vec![answer];
    }
    let call =
        |round: Round, n: usize| round.call(&format!("c{n}"), "kb__get_article", json!({ "article_id": "KB-001" }));
    vec![(0..calls).fold(Round::new(), call), answer]
}

async fn turns(calls: usize) {
    let script = Script::start(vec![]).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), &script.base_url()).await;
    let floor = Floor::new(&script.base_url()).await;
    let (mut ours, mut theirs) = (vec![], vec![]);
    for turn in 0..2 * TURNS {
        for round in rounds(calls) {
            script.push(round);
        }
        let begun = Instant::now();
        ask(&engine).await;
        let took = begun.elapsed();
        for round in rounds(calls) {
            script.push(round);
        }
        let begun = Instant::now();
        floor.turn(calls).await;
        if turn >= TURNS {
            ours.push(took);
            theirs.push(begun.elapsed());
        }
    }
    engine.shut_down().await;
    line(&format!("turn, {calls} calls (median of {TURNS})"), median(ours), median(theirs));
}

async fn open(dir: &Path, url: &str) -> Engine {
    let settings = Settings {
        model: Some(ModelRef { provider: "custom".into(), model: "scripted".into() }),
        custom_base_url: url.into(),
        ..Settings::default()
    };
    let options = Options {
        helpdesk: Some(helpdesk()),
        settings: Some(settings),
        secrets: Some(Arc::new(MemorySecrets::default())),
        ..Options::new(Home::at(dir).unwrap())
    };
    let engine = Engine::open(options).await.unwrap();
    engine.servers_settled(Duration::from_secs(30)).await;
    engine
}

async fn ask(engine: &Engine) {
    let (_, mut events) = engine.subscribe();
    let question = Question { text: "hi".into(), ..Default::default() };
    let (_, id) = engine.send(question).await.unwrap();
    while let Some(event) = events.recv().await {
        if let AppEvent::Turn { turn, event: TurnEvent::Ended { status, .. }, .. } = event
            && turn == id
        {
            assert_eq!(status, TurnStatus::Completed);
            return;
        }
    }
}

/// The least that must happen: a request, its stream, the calls, a second request.
struct Floor {
    http: reqwest::Client,
    url: String,
    tools: serde_json::Value,
    server: RunningService<RoleClient, Plain>,
}

#[derive(Clone)]
struct Plain;

impl ClientHandler for Plain {
    fn get_info(&self) -> rmcp::model::ClientConfig {
        let mut config = rmcp::model::ClientConfig::default();
        config.protocol_version = rmcp::model::ProtocolVersion::LATEST_WITH_INITIALIZE;
        config
    }
}

impl Floor {
    async fn new(url: &str) -> Self {
        let server = connect().await;
        let tools: Vec<_> = server.list_all_tools().await.unwrap();
        // As many definitions as the engine sends: five servers' worth.
        let functions: Vec<_> = (0..5)
            .flat_map(|n| tools.iter().map(move |tool| (n, tool)))
            .map(|(n, tool)| json!({ "type": "function", "function": { "name": format!("{n}__{}", tool.name), "description": tool.description, "parameters": tool.input_schema } }))
            .collect();
        let http = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
        Self { http, url: format!("{url}/chat/completions"), tools: functions.into(), server }
    }

    async fn turn(&self, calls: usize) {
        let mut messages = vec![json!({ "role": "user", "content": "hi" })];
        self.stream(&messages).await;
        if calls == 0 {
            return;
        }
        let arguments = || json!({ "article_id": "KB-001" }).as_object().cloned().unwrap();
        let call = |_| self.server.call_tool(CallToolRequestParams::new("get_article").with_arguments(arguments()));
        let results = join_all((0..calls).map(call)).await;
        let proposed: Vec<_> = (0..calls).map(|n| json!({ "id": format!("c{n}"), "type": "function", "function": { "name": "kb__get_article", "arguments": "{}" } })).collect();
        messages.push(json!({ "role": "assistant", "content": null, "tool_calls": proposed }));
        for (n, result) in results.into_iter().enumerate() {
            let text = serde_json::to_string(&result.unwrap().structured_content).unwrap();
            messages.push(json!({ "role": "tool", "tool_call_id": format!("c{n}"), "content": text }));
        }
        self.stream(&messages).await;
    }

    async fn stream(&self, messages: &[serde_json::Value]) {
        let body = json!({ "model": "scripted", "stream": true, "stream_options": { "include_usage": true }, "messages": messages, "tools": self.tools });
        let mut response = self.http.post(&self.url).json(&body).send().await.unwrap();
        assert!(response.status().is_success());
        while response.chunk().await.unwrap().is_some() {}
    }
}

async fn connect() -> RunningService<RoleClient, Plain> {
    let mut command = rmcp::transport::which_command(helpdesk()).unwrap();
    command.arg("kb").stderr(Stdio::null());
    let (transport, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    Plain.serve(transport).await.unwrap()
}

/// Many servers through ours, against as many by rmcp alone, all at the same time.
async fn connections(count: usize) {
    let (mut ours, mut floor) = (vec![], vec![]);
    for _ in 0..10 {
        let configs = (0..count).map(|n| {
            let command = helpdesk().display().to_string();
            let transport = Transport::Stdio { command, args: vec!["kb".into()], env: Default::default(), cwd: None };
            ServerConfig::new(format!("s{n}"), transport)
        });
        let options = ServersOptions { client_name: "bench".into(), client_version: "0".into(), ..Default::default() };
        let begun = Instant::now();
        let servers = Servers::start(options, configs.collect());
        servers.settled(Duration::from_secs(60)).await;
        ours.push(begun.elapsed());
        assert_eq!(servers.tools().tools().len(), 4 * count);
        servers.shutdown().await;
        let begun = Instant::now();
        let bare = join_all((0..count).map(|_| async {
            let server = connect().await;
            server.list_all_tools().await.unwrap();
            server
        }));
        let bare = bare.await;
        floor.push(begun.elapsed());
        for server in bare {
            server.cancel().await.unwrap();
        }
    }
    line(&format!("connect {count} servers (median of 10)"), median(ours), median(floor));
}

/// From nothing to an engine that takes questions and shows the tools it knows of, in a home it was
/// in before, against a home without a server.
async fn opening(count: usize) {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let command = helpdesk().display().to_string();
    let servers: serde_json::Map<_, _> =
        (0..count).map(|n| (format!("s{n}"), json!({ "command": command, "args": ["kb"] }))).collect();
    let engine = opened(homes[0].path()).await;
    engine.add_servers(&json!({ "mcpServers": servers }).to_string()).await.unwrap();
    engine.servers_settled(Duration::from_secs(60)).await;
    assert_eq!(engine.servers().tools().tools().len(), 4 * count);
    engine.shut_down().await;
    opened(homes[1].path()).await.shut_down().await;
    let mut taken = [vec![], vec![]];
    for _ in 0..11 {
        for (home, taken) in homes.iter().zip(&mut taken) {
            let begun = Instant::now();
            let engine = opened(home.path()).await;
            taken.push(begun.elapsed());
            engine.servers_settled(Duration::from_secs(60)).await;
            engine.shut_down().await;
        }
    }
    let [with, without] = taken;
    line(&format!("open with {count} servers, with none"), median(with), median(without));
}

async fn opened(home: &Path) -> Engine {
    let secrets = Some(Arc::new(MemorySecrets::default()) as _);
    Engine::open(Options { secrets, ..Options::new(Home::at(home).unwrap()) }).await.unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn line(what: &str, ours: Duration, floor: Duration) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let ratio = ms(ours) / ms(floor);
    println!("{what:<34} {:>6.2} ms {:>6.2} ms {ratio:>7.2}× {:>7.2} ms", ms(ours), ms(floor), ms(ours) - ms(floor));
}
