//! A server for tests that behaves well, or badly in exactly one way, by its first argument; and with `owner`, a
//! program that has servers of its own; with `secrets`, one that uses the keychain.
//!
//! It writes JSON-RPC by hand: no library would let it misbehave. `cargo test` and `cargo nextest run` build it.
//!
//! Where `FIXTURE_DOWNLOAD` names a TCP address, it writes to its standard error what it reads there, and serves only once
//! there is no more: as a program does that is downloaded first.
//!
//! Where `FIXTURE_LEASH` names a Unix socket, it connects there and never lets go: its end is the connection's end.

use std::{
    env,
    io::{self, BufRead, Write},
    process::{self, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

fn main() {
    let mode = env::args().nth(1).unwrap_or_else(|| "good".to_owned());
    hold_the_leash();
    match mode.as_str() {
        "owner" => return own(),
        "secrets" => return keep_secrets(),
        _ => (),
    }
    download();
    if mode == "starts-late" {
        pause(500);
    }
    if mode == "exit-at-once" {
        complain("fatal: no such database");
        process::exit(3);
    }
    let server = Arc::new(Server { mode, cancelled: Mutex::default(), grown: AtomicU32::new(0) });
    if server.mode == "stderr-flood" {
        for line in 0..20_000 {
            complain(&format!("flood {line} {}", "x".repeat(80)));
        }
    }
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let server = server.clone();
        thread::spawn(move || server.hear(&message));
    }
}

struct Server {
    mode: String,
    cancelled: Mutex<Vec<Value>>,
    grown: AtomicU32,
}

impl Server {
    fn hear(&self, message: &Value) {
        if self.mode == "silent" {
            return;
        }
        let params = &message["params"];
        let answer = match message["method"].as_str() {
            Some("initialize") if self.mode == "modern" => Err((-32601, "no such method")),
            Some("initialize") => Ok(json!({
                "protocolVersion": params["protocolVersion"], "capabilities": { "tools": { "listChanged": true } },
                "serverInfo": { "name": "fixture", "version": "1" }
            })),
            Some("server/discover") if self.mode == "modern" => Ok(json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "fixture", "version": "1" }, "ttlMs": 0, "cacheScope": "private"
            })),
            Some("ping") => Ok(json!({})),
            Some("tools/list") => Ok(self.list(params)),
            Some("tools/call") => self.call(params),
            Some("notifications/cancelled") => {
                let mut cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
                cancelled.push(params["requestId"].clone());
                return;
            }
            _ if message["id"].is_null() => return,
            _ => Err((-32601, "no such method")),
        };
        if self.mode == "noise-on-stdout" {
            say("Listening… (this is no JSON)");
            say("{\"neither\": \"is this\"}");
        }
        say(&match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string(),
            Err((code, words)) => {
                json!({ "jsonrpc": "2.0", "id": message["id"], "error": { "code": code, "message": words } })
                    .to_string()
            }
        });
    }

    fn list(&self, params: &Value) -> Value {
        let tool = |name: &str| json!({ "name": name, "description": format!("{name}s"), "inputSchema": { "type": "object" } });
        match self.mode.as_str() {
            "malformed-tools" => json!({ "tools": [
                tool("echo"), { "name": "no-schema" }, { "name": "odd", "inputSchema": true, "icons": "x", "annotations": 7 }, 5
            ] }),
            "many" => json!({ "tools": (1..=1000).map(|number| tool(&format!("tool-{number}"))).collect::<Vec<_>>() }),
            "repeats-cursor" if params["cursor"].is_null() => json!({ "tools": [tool("echo")], "nextCursor": "again" }),
            "repeats-cursor" => json!({ "tools": [tool("slow")], "nextCursor": "again" }),
            _ => {
                let names = [
                    "echo",
                    "slow",
                    "fail",
                    "image",
                    "progress",
                    "breed",
                    "variables",
                    "cancelled",
                    "grow",
                    "refuse",
                    "die",
                ];
                let grown = (0..self.grown.load(Ordering::SeqCst)).map(|number| tool(&format!("grown-{number}")));
                let tools: Vec<Value> = names.iter().map(|name| tool(name)).chain(grown).collect();
                json!({ "tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private" })
            }
        }
    }

    fn call(&self, params: &Value) -> Result<Value, (i32, &'static str)> {
        let arguments = &params["arguments"];
        let text = |text: &str| json!({ "content": [{ "type": "text", "text": text }] });
        if self.mode == "dies-in-call" {
            complain("segmentation fault, so to speak");
            process::exit(9);
        }
        Ok(match params["name"].as_str().unwrap_or_default() {
            "echo" => text(arguments["text"].as_str().unwrap_or_default()),
            "slow" => {
                pause(arguments["ms"].as_u64().unwrap_or(200));
                text("done")
            }
            "fail" => json!({ "content": [{ "type": "text", "text": "disk full" }], "isError": true }),
            "image" => json!({ "content": [{ "type": "image", "data": "AAAA", "mimeType": "image/png" }] }),
            "progress" => {
                for step in 1..=arguments["steps"].as_u64().unwrap_or(3) {
                    pause(arguments["ms"].as_u64().unwrap_or(10));
                    say(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": {
                        "progressToken": params["_meta"]["progressToken"], "progress": step, "message": format!("step {step}")
                    } }).to_string());
                }
                text("done")
            }
            "breed" => text(&breed()),
            "variables" => text(&env::vars().map(|(name, _)| name).collect::<Vec<_>>().join(" ")),
            "cancelled" => {
                let cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
                text(&cancelled.len().to_string())
            }
            "grow" => {
                self.grown.fetch_add(1, Ordering::SeqCst);
                for _ in 0..5 {
                    say(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
                }
                text("grown")
            }
            "die" => process::exit(1),
            _ => return Err((-32602, "unknown tool")),
        })
    }
}

fn download() {
    let address = env::var("FIXTURE_DOWNLOAD").ok();
    let Some(Ok(from)) = address.map(std::net::TcpStream::connect) else { return };
    io::BufReader::new(from).lines().map_while(Result::ok).for_each(|line| complain(&line));
}

/// Whole lines only: threads share the output.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn pause(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// Starts a program that only a signal ends, as real servers do.
#[expect(clippy::disallowed_methods, reason = "a server under test starts what it likes")]
fn breed() -> String {
    let program = env::current_exe().unwrap_or_default();
    let child = Command::new(program).arg("idle").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    match child {
        // Its input stays open for as long as we live; then it idles on without one.
        Ok(child) => {
            let id = child.id().to_string();
            std::mem::forget(child);
            id
        }
        Err(error) => error.to_string(),
    }
}

#[cfg(unix)]
fn hold_the_leash() {
    if let Ok(path) = env::var("FIXTURE_LEASH")
        && let Ok(leash) = std::os::unix::net::UnixStream::connect(path)
    {
        std::mem::forget(leash);
    }
    if env::args().nth(1).as_deref() == Some("idle") {
        loop {
            thread::park();
        }
    }
}

#[cfg(not(unix))]
fn hold_the_leash() {}

/// Has two servers with a child each, says so, and idles until it is killed.
fn own() {
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return };
    runtime.block_on(async {
        let command = env::current_exe().unwrap_or_default().to_string_lossy().into_owned();
        let env = env::vars().filter(|(name, _)| name == "FIXTURE_LEASH").collect();
        let transport = mcp::Transport::Stdio { command, args: vec!["good".into()], env, cwd: None };
        let configs = ["one", "two"].map(|name| mcp::ServerConfig::new(name, transport.clone()));
        let run_dir = env::args().nth(2).map(Into::into);
        let options = mcp::ServersOptions { client_name: "owner".into(), run_dir, ..Default::default() };
        let servers = mcp::Servers::start(options, configs.into());
        servers.settled(Duration::from_secs(30)).await;
        for name in ["one", "two"] {
            let request = mcp::CallRequest::new(name, "breed", Default::default());
            if let Err(error) = servers.call(request, |_| (), Default::default()).await {
                complain(&error.to_string());
            }
        }
        say("ready");
        std::future::pending::<()>().await;
    });
}

/// Takes each further argument (`get:name`, `set:name=text`, `remove:name`) as a question to the keychain.
fn keep_secrets() {
    use mcp::{Keychain, Secret, SecretError, Secrets};
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return };
    runtime.block_on(async {
        for step in env::args().skip(2) {
            // A fresh one each time: nothing is remembered from the step before.
            let keychain = Keychain::new("loquat-test").with_deadline(Duration::from_secs(20));
            let (verb, rest) = step.split_once(':').unwrap_or((&step, ""));
            let (name, text) = rest.split_once('=').unwrap_or((rest, ""));
            let outcome = match verb {
                "get" => keychain.get(name).await.map(|secret| match secret {
                    Some(secret) => format!("Ok(Some({}))", secret.expose()),
                    None => "Ok(None)".to_owned(),
                }),
                "set" => keychain.set(name, Secret::new(text)).await.map(|()| "Ok(())".to_owned()),
                _ => keychain.remove(name).await.map(|()| "Ok(())".to_owned()),
            };
            say(&outcome.unwrap_or_else(|error| match &error {
                SecretError::NoKeychain { .. } => format!("NoKeychain: {error}"),
                SecretError::Locked { .. } => format!("Locked: {error}"),
                SecretError::Denied { .. } => format!("Denied: {error}"),
                SecretError::TimedOut { .. } => format!("TimedOut: {error}"),
                SecretError::Failed { .. } => format!("Failed: {error}"),
                SecretError::Shut | SecretError::WrongPassphrase | SecretError::TooShort { .. } => {
                    format!("File: {error}")
                }
            }));
        }
    });
    // A question that is still open would keep us waiting.
    process::exit(0);
}
