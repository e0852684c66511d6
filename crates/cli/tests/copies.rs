//! Three copies of the gateway as three processes, before real databases and a backend that keeps count, killed one
//! after the other under load.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may fail, runs the program, and tells what came of it"
)]
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, routing::post};
use gateway::{Client, ClientError};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use testkit::{TestPostgres, TestRedis};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// More is asked for than is allowed.
const CALLS: usize = 360;
const ALLOWED: usize = 300;
const AT_ONCE: usize = 6;
/// A copy is killed whenever so many calls have ended.
const KILL_EVERY: usize = 60;

/// How often each note was written, as the backend saw it.
type Written = Arc<Mutex<BTreeMap<String, usize>>>;

async fn backend() -> (String, Written) {
    let written = Written::default();
    let write = async |State(written): State<Written>, Json(body): Json<Value>| {
        let note = body["note"].as_str().unwrap_or_default().to_owned();
        *written.lock().unwrap().entry(note).or_default() += 1;
        Json(json!({ "kept": true }))
    };
    let router = Router::new().route("/notes", post(write)).with_state(written.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, written)
}

struct Team {
    folder: TempDir,
    postgres: TestPostgres,
    redis: TestRedis,
    copies: Mutex<Vec<(String, Child)>>,
    turn: AtomicUsize,
}

impl Team {
    async fn start(backend: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "server: {{ listen: 127.0.0.1:0 }}
tenants: {{ default: {{ services: {{ notes: \"{backend}\" }} }} }}
catalogue: false
tools:
  note.write:
    description: Keeps a note.
    service: notes
    call: POST /notes
    roles: [Agent]
    input: {{ required: [note], properties: {{ note: {{ type: string }} }} }}
audit: {{ arguments: masked }}
rate_limits:
  default_per_minute: 1000000
  per_actor_per_minute: 1000000
  requests_per_minute: 1000000
  tools: [{{ tool: note.write, per: all, requests: {ALLOWED}, window_seconds: 86400 }}]
"
        );
        std::fs::write(folder.path().join("gateway.yaml"), config).unwrap();
        let (postgres, redis) = (TestPostgres::start(), TestRedis::start());
        let team = Self { folder, postgres, redis, copies: Mutex::default(), turn: AtomicUsize::new(0) };
        for _ in 0..3 {
            let copy = team.copy().await;
            team.copies.lock().unwrap().push(copy);
        }
        team
    }

    fn command(&self, args: &[&str]) -> Command {
        let home: &Path = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", home).current_dir(home).env_remove("MCP_SERVER_TOKEN");
        command.env("LOQUAT_DATABASE", self.postgres.url()).env("LOQUAT_REDIS", self.redis.url());
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// One more copy, ready, with its address.
    async fn copy(&self) -> (String, Child) {
        let mut child = self.command(&["gateway", "--config", "gateway.yaml"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let url = url.to_owned();
                // What it says later is read, too, so that it never waits for a reader.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return (url, child);
            }
            said.push_str(&line);
        }
        panic!("a copy ended at once: {said}");
    }

    async fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args).output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Kills one of the copies as it stands, and starts another in its place.
    async fn replace(&self, number: usize) {
        let at = number % 3;
        let mut child = {
            let mut copies = self.copies.lock().unwrap();
            let nobody = Command::new("true").spawn().unwrap();
            std::mem::replace(&mut copies[at].1, nobody)
        };
        child.kill().await.unwrap();
        let copy = self.copy().await;
        self.copies.lock().unwrap()[at] = copy;
    }

    /// The next copy in turn that takes connections. Nothing that was sent is ever sent again.
    async fn next(&self) -> String {
        loop {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let url = self.copies.lock().unwrap()[turn % 3].0.clone();
            let address = url.trim_start_matches("http://").split('/').next().unwrap();
            if TcpStream::connect(address).await.is_ok() {
                return url;
            }
        }
    }
}

/// What the callers heard.
#[derive(Default)]
struct Heard {
    ok: BTreeSet<String>,
    limited: BTreeSet<String>,
    /// The copy died before it answered.
    nothing: BTreeSet<String>,
}

async fn one_caller(team: &Team, key: &str, next: &AtomicUsize, ended: &AtomicUsize, heard: &Mutex<Heard>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= CALLS {
            return;
        }
        let note = format!("note-{number}");
        let client = Client::new(team.next().await, Some(key.to_owned())).unwrap();
        let arguments = Map::from_iter([("note".to_owned(), json!(note))]);
        let answer = client.call("note.write", arguments).await;
        let mut heard = heard.lock().unwrap();
        match answer {
            Ok(answer) if answer["isError"] != json!(true) => heard.ok.insert(note),
            Ok(answer) => {
                assert_eq!(answer["structuredContent"]["error"]["code"], "rate_limited", "{answer}");
                heard.limited.insert(note)
            }
            Err(ClientError::Unreachable { .. }) => heard.nothing.insert(note),
            Err(error) => panic!("{error}"),
        };
        ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_are_killed_under_load_lose_nothing_and_do_nothing_twice() {
    let (url, written) = backend().await;
    let team = Team::start(&url).await;
    let made = team.json(&["gateway", "key", "robot", "--role", "Agent", "--json"]).await;
    let key = made["key"].as_str().unwrap();
    for copy in 0..3 {
        let url = team.copies.lock().unwrap()[copy].0.clone();
        let client = Client::new(url, Some(key.to_owned())).unwrap();
        while client.tools().await.is_err() {
            tokio::task::yield_now().await;
        }
    }
    let (next, ended, heard) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Heard::default()));
    let calling = futures::future::join_all((0..AT_ONCE).map(|_| one_caller(&team, key, &next, &ended, &heard)));
    let killing = async {
        for number in 1.. {
            while ended.load(Ordering::Relaxed) < number * KILL_EVERY {
                tokio::task::yield_now().await;
            }
            team.replace(number).await;
        }
    };
    tokio::select! {
        _ = calling => (),
        () = killing => (),
    }
    let heard = heard.into_inner().unwrap();
    let written = written.lock().unwrap().clone();
    let records = team.postgres.run("SELECT line FROM audit ORDER BY seq").unwrap();
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str, result: &str| -> Vec<String> {
        let fitting = records.iter().filter(|record| record["kind"] == kind && record["result"] == result);
        fitting.map(|record| record["arguments"]["note"].as_str().unwrap_or_default().to_owned()).collect()
    };
    check(&heard, &written, &of);
    let verified = team.json(&["audit", "verify", "--json"]).await;
    assert_eq!(verified["records"].as_u64().unwrap() as usize, records.len());
}

fn check(heard: &Heard, written: &BTreeMap<String, usize>, of: &dyn Fn(&str, &str) -> Vec<String>) {
    let Heard { ok, limited, nothing } = heard;
    assert_eq!(ok.len() + limited.len() + nothing.len(), CALLS);
    assert!(limited.len() >= CALLS - ALLOWED - nothing.len(), "the limit was met: {}", limited.len());
    // No call run twice, none run that was refused, none lost that was answered.
    assert!(written.values().all(|times| *times == 1), "{written:?}");
    assert!(written.len() <= ALLOWED, "{} were let through", written.len());
    assert!(ok.iter().all(|note| written.contains_key(note)));
    assert!(limited.iter().all(|note| !written.contains_key(note)));
    // What was done is written down, and it was before it was done; so is whatever was answered.
    let begun = of("begun", "begun");
    let distinct: BTreeSet<&String> = begun.iter().collect();
    assert_eq!(distinct.len(), begun.len(), "written down once");
    assert!(written.keys().all(|note| distinct.contains(note)));
    let concluded: BTreeSet<String> = of("call", "ok").into_iter().collect();
    assert!(ok.iter().all(|note| concluded.contains(note)), "an answered call is without its record");
    let refused: BTreeSet<String> = of("call", "rate_limited").into_iter().collect();
    assert!(limited.iter().all(|note| refused.contains(note)), "a refused call is without its record");
    eprintln!(
        "{} answered, {} refused, {} unanswered; {} run, {} begun",
        ok.len(),
        limited.len(),
        nothing.len(),
        written.len(),
        begun.len()
    );
}
