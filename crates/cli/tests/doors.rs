//! `loq serve` and `loq gateway`, with everything that operators ask of them, as programs that run.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Router, body::Bytes, extract::State};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prost::Message;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

struct Desk {
    home: TempDir,
}

/// A program that serves, until this is dropped.
struct Serving {
    url: String,
    /// What it said up to its address, or what was asked for later.
    said: String,
    /// What it says later, line by line.
    later: mpsc::UnboundedReceiver<String>,
    child: Child,
}

impl Serving {
    /// Until it has said that, in whatever order.
    async fn says(&mut self, words: &str) {
        let saying = async {
            while !self.said.contains(words) {
                self.said.push_str(&self.later.recv().await.unwrap());
                self.said.push('\n');
            }
        };
        let said = tokio::time::timeout(Duration::from_secs(60), saying).await;
        said.unwrap_or_else(|_| panic!("it never said {words:?} but {}", self.said));
    }
}

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

impl Desk {
    fn new() -> Self {
        testkit::program("loquat-helpdesk");
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", self.home.path()).current_dir(self.home.path());
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "DEFAULT_MODEL", "HOST", "PORT", "MCP_SERVER_TOKEN"]
        {
            command.env_remove(name);
        }
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn run(&self, args: &[&str]) -> Outcome {
        Self::outcome(self.command(args)).await
    }

    /// Asks a gateway with a key, which arguments never carry.
    async fn ask(&self, gateway: &Serving, key: &str, args: &[&str]) -> Outcome {
        let mut command = self.command(&[&["gateway"], args, &["--url", &gateway.url]].concat());
        command.env("LOQUAT_GATEWAY_KEY", key);
        Self::outcome(command).await
    }

    async fn outcome(mut command: Command) -> Outcome {
        let output = command.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    async fn serve(&self, args: &[&str]) -> Serving {
        Self::serving(self.command(args)).await
    }

    async fn serving(mut command: Command) -> Serving {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            said.push_str(&line);
            said.push('\n');
            let url = line.split_whitespace().find(|word| word.starts_with("http://"));
            if let Some(url) = url {
                let url = url.trim_end_matches('.').to_owned();
                // What it says later is read, too, so that it never waits for a reader.
                let (heard, later) = mpsc::unbounded_channel();
                tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        // Not every test wants to know.
                        let _ = heard.send(line);
                    }
                });
                return Serving { url, said, later, child };
            }
        }
        panic!("it serves nothing: {said}");
    }
}

async fn post(url: &str, key: &str, body: &Value) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http.post(url).bearer_auth(key).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_listed_without_themselves_and_revoked() {
    let desk = Desk::new();
    let rights = ["--server", "ticket", "--allow", "ticket/*", "--budget", "5000"];
    let made = desk.run(&[&["keys", "create", "notebook", "--json"], &rights[..]].concat()).await.json();
    let key = made["key"].as_str().unwrap();
    assert!(made["name"] == "notebook" && key.starts_with("lq-") && key.len() > 60);
    let list = desk.run(&["keys", "list", "--json"]).await;
    assert!(!list.out.contains(key) && !list.out.contains("hash"), "{}", list.out);
    let listed = &list.json()[0];
    assert_eq!(listed["rights"], json!({ "servers": ["ticket"], "allow": ["ticket/*"], "budget": 5000 }));
    let twice = desk.run(&["keys", "create", "notebook"]).await;
    assert!(twice.code == Some(2) && twice.err.contains("already"), "{}", twice.err);
    assert_eq!(desk.run(&["keys", "create", "x", "--allow", "everything"]).await.code, Some(2));
    assert_eq!(desk.run(&["keys", "revoke", "notebook", "--json"]).await.json()["revoked"], true);
    assert_eq!(desk.run(&["keys", "list", "--json"]).await.json()[0]["revoked"], true);
    assert_eq!(desk.run(&["keys", "revoke", "notebook"]).await.code, Some(2));
    let kept = std::fs::read_to_string(desk.home.path().join("api-keys.json")).unwrap();
    assert!(!kept.contains(key));
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_answers_who_has_a_key_in_both_shapes_and_keeps_sessions() {
    let desk = Desk::new();
    let key = desk.run(&["keys", "create", "notebook", "--json"]).await.json()["key"].as_str().unwrap().to_owned();
    let args = ["serve", "--listen", "127.0.0.1:0", "--provider", "practice"];
    let serving = desk.serve(&args).await;
    let question = "What are all the critical priority tickets?";
    let (status, first) = post(&format!("{}/chat", serving.url), &key, &json!({ "message": question })).await;
    assert_eq!(status, 200, "{first}");
    assert!(first["response"].as_str().unwrap().contains("3 tickets"), "{first}");
    // As clients name a model that they think is there.
    let body = json!({ "model": "gpt-3.5-turbo", "messages": [{ "role": "user", "content": question }] });
    let completions = format!("{}/v1/chat/completions", serving.url);
    let (status, whole) = post(&completions, &key, &body).await;
    assert_eq!((status, &whole["object"]), (200, &json!("chat.completion")), "{whole}");
    let (status, error) = post(&completions, "lq-wrong", &body).await;
    assert_eq!((status, &error["error"]["code"]), (401, &json!("invalid_api_key")));
    let again = json!({ "message": "And the open ones?", "session_id": first["session_id"] });
    drop(serving);
    let serving = desk.serve(&args).await;
    let (status, second) = post(&format!("{}/chat", serving.url), &key, &again).await;
    assert_eq!((status, &second["session_id"]), (200, &first["session_id"]), "a session survives: {second}");
    // A key that is revoked while it serves is soon none.
    desk.run(&["keys", "revoke", "notebook"]).await;
    let completions = format!("{}/v1/chat/completions", serving.url);
    while post(&completions, &key, &json!({})).await.0 != 401 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_fails_closed() {
    let desk = Desk::new();
    let open = desk.run(&["serve", "--open", "--listen", "0.0.0.0:0"]).await;
    assert!(open.code == Some(2) && open.err.contains("this machine"), "{}", open.err);
    assert_eq!(desk.run(&["serve", "--listen", "nowhere"]).await.code, Some(2));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let busy = desk.run(&["serve", "--listen", &listen]).await;
    assert!(busy.code == Some(2) && busy.err.contains(&listen), "{}", busy.err);
    let serving = desk.serve(&["serve", "--listen", "127.0.0.1:0", "--provider", "practice"]).await;
    assert!(serving.said.contains("no key yet"), "{}", serving.said);
    let (status, _) = post(&format!("{}/chat", serving.url), "", &json!({ "message": "hi" })).await;
    assert_eq!(status, 401);
}

/// A gateway's file before a backend, with the keys of an administrator and an agent.
async fn configured(desk: &Desk) -> (Serving, String, [String; 2]) {
    let backend = desk.serve(&["gateway", "dev-backend", "--listen", "127.0.0.1:0"]).await;
    let (mut keys, mut made) = (String::new(), [const { String::new() }; 2]);
    for (role, key) in ["Admin", "Agent"].into_iter().zip(&mut made) {
        let it = desk.run(&["gateway", "key", role, "--json"]).await.json();
        keys += &format!("    - {{ name: {role}, sha256: {}, tenant: default, roles: [{role}] }}\n", it["sha256"]);
        it["key"].as_str().unwrap().clone_into(key);
    }
    let text = format!(
        "server: {{ listen: \"127.0.0.1:0\" }}\nauth:\n  keys:\n{keys}tenants:\n  default:\n    services:\n      memory: \
         \"{0}/mcp/memory\"\n      crm: \"{0}/mcp/crm\"\nsecurity:\n  approvals: {{ mode: person, wait_seconds: 600 }}\n  \
         tools: {{ memory_delete: {{ user_approval_required: true }} }}\n",
        backend.url
    );
    let path = desk.home.path().join("gateway.yaml");
    std::fs::write(&path, text).unwrap();
    (backend, path.display().to_string(), made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_listed_called_asked_answered_and_verified_from_the_terminal() {
    let desk = Desk::new();
    let (_backend, file, [admin, agent]) = configured(&desk).await;
    assert_eq!(desk.run(&["gateway", "check", &file]).await.code, Some(0));
    let gateway = desk.serve(&["gateway", "--config", &file]).await;
    assert_eq!(desk.ask(&gateway, "", &["health"]).await.json()["status"], "ok");
    let tools = desk.ask(&gateway, &agent, &["list-tools", "--json"]).await.json();
    assert!(tools.as_array().unwrap().iter().any(|tool| tool["name"] == "memory.search"), "aliases, too");
    let found = desk.ask(&gateway, &agent, &["call", "memory_search", r#"{"query": "invoices"}"#, "--json"]).await;
    assert_eq!((found.code, &found.json()["structuredContent"]["total"]), (Some(0), &json!(1)));
    assert_eq!(desk.ask(&gateway, "loq_wrong", &["list-tools"]).await.code, Some(3));
    assert_eq!(desk.ask(&gateway, &agent, &["call", "no_such_tool"]).await.code, Some(2));
    for (answer, code, words) in [("--deny", Some(1), "said no"), ("--approve", Some(0), "")] {
        let call = ["call", "memory_delete", r#"{"memory_id": "MEM-0001"}"#];
        let answering = async {
            let waiting = loop {
                let waiting = desk.ask(&gateway, &admin, &["approvals", "--json"]).await.json();
                if let Some(first) = waiting.get(0) {
                    break first.clone();
                }
            };
            assert_eq!((&waiting["tool"], &waiting["actor"]), (&json!("memory_delete"), &json!("Agent")));
            let answered = desk.ask(&gateway, &admin, &["approvals", answer, waiting["id"].as_str().unwrap()]).await;
            assert_eq!(answered.code, Some(0), "{}", answered.err);
        };
        let (called, ()) = tokio::join!(desk.ask(&gateway, &agent, &call), answering);
        assert!(called.code == code && called.out.contains(words), "{}{}", called.out, called.err);
    }
    let log = desk.home.path().join("logs/audit.log").display().to_string();
    let whole = desk.run(&["audit", "verify", &log, "--json"]).await.json();
    assert!(whole["records"].as_u64() > Some(5), "{whole}");
    drop(gateway);
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("approval_denied", "approved_denied", 1)).unwrap();
    let broken = desk.run(&["audit", "verify", &log]).await;
    assert!(broken.code == Some(1) && broken.err.contains("was changed"), "{}", broken.err);
}

/// What a collector of OpenTelemetry was sent, by the names of what is counted: the newest of each.
type Collected = Arc<Mutex<BTreeMap<String, Metric>>>;

/// A collector that keeps what it is sent; where it listens.
async fn collector(collected: Collected) -> String {
    let take = async |State(collected): State<Collected>, body: Bytes| {
        for resource in ExportMetricsServiceRequest::decode(body).unwrap().resource_metrics {
            let said = format!("{:?}", resource.resource.unwrap().attributes);
            assert!(said.contains("loquat-gateway"), "{said}");
            let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            collected.lock().unwrap().extend(metrics.map(|metric| (metric.name.clone(), metric)));
        }
    };
    let router = Router::new().route("/v1/metrics", axum::routing::post(take)).with_state(collected);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_of_open_telemetry_is_told_what_was_counted() {
    let desk = Desk::new();
    let (_backend, file, [_, agent]) = configured(&desk).await;
    let collected = Collected::default();
    let endpoint = collector(collected.clone()).await;
    let with = |endpoint: &str| {
        let mut command = desk.command(&["gateway", "--config", &file]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        command
    };
    let refused = Desk::outcome(with("not an address")).await;
    assert!(refused.code == Some(2) && refused.err.contains("collector"), "{}", refused.err);
    let mut gateway = Desk::serving(with(&endpoint)).await;
    for _ in 0..3 {
        let called = desk.ask(&gateway, &agent, &["call", "memory_search", r#"{"query": "invoices"}"#]).await;
        assert_eq!(called.code, Some(0), "{}", called.err);
    }
    assert_eq!(desk.ask(&gateway, "loq_wrong", &["list-tools"]).await.code, Some(3));
    // The next sending is a minute away: what was counted goes out as it ends.
    assert!(collected.lock().unwrap().is_empty());
    let id = nix::unistd::Pid::from_raw(gateway.child.id().unwrap().try_into().unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(gateway.child.wait().await.unwrap().success());
    let collected = collected.lock().unwrap();
    let told = |name: &str| format!("{:?}", collected.get(name).unwrap_or_else(|| panic!("no {name}")).data);
    for (name, values) in [
        ("loquat.gateway.calls", &["memory_search", "AsInt(3)"][..]),
        ("loquat.gateway.call.duration", &["memory_search", "count: 3"]),
        ("loquat.gateway.calls.running", &["AsInt(0)"]),
        ("loquat.gateway.denied", &["credential", "AsInt("]),
    ] {
        let told = told(name);
        assert!(values.iter().all(|value| told.contains(value)), "{name}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_meant_says_where() {
    let desk = Desk::new();
    let path = desk.home.path().join("gateway.yaml");
    std::fs::write(&path, "server:\n  lisen: 127.0.0.1:9000\n").unwrap();
    let path = path.display().to_string();
    for args in [["gateway", "check", &path], ["gateway", "--config", &path]] {
        let refused = desk.run(&args).await;
        assert!(refused.code == Some(2) && refused.err.contains(":2:"), "{}", refused.err);
    }
    assert_eq!(desk.run(&["audit", "verify", "nowhere.log"]).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_how_servers_stand_and_what_becomes_of_a_changed_file() {
    let desk = Desk::new();
    let program = testkit::program("loquat-helpdesk");
    let config = |more: &str| {
        let servers = format!("servers: {{ tickets: {{ command: {program:?}, args: [ticket] }}{more} }}\n");
        let text =
            format!("server: {{ listen: 127.0.0.1:0 }}\ntenants: {{ default: {{}} }}\ncatalogue: false\n{servers}");
        std::fs::write(desk.home.path().join("gateway.yaml"), text).unwrap();
    };
    config("");
    // Named as one does who stands beside it: programs begin in its folder all the same.
    let mut gateway = desk.serve(&["gateway", "--config", "gateway.yaml"]).await;
    gateway.says("✓ tickets: ready, 4 tools.").await;
    let guarded = testkit::SignInServer::start(testkit::Conduct::default()).await;
    config(&format!(", gone: {{ command: no-such-program }}, guarded: {{ url: {:?} }}", guarded.url()));
    gateway.says("read again").await;
    gateway.says("! gone: ").await;
    gateway.says("! guarded: It wants a sign-in, which this gateway has not").await;
    config(", gone: { command: [] }");
    gateway.says("refused, and the old one goes on").await;
    gateway.child.kill().await.unwrap();
    let servers = json!({ "mcpServers": { "tickets": { "command": program, "args": ["ticket"] } } });
    std::fs::write(desk.home.path().join("list.json"), servers.to_string()).unwrap();
    let options = ["--listen", "127.0.0.1:0", "--provider", "practice", "--servers", "list.json"];
    let mut api = desk.serve(&[&["serve"], &options[..]].concat()).await;
    api.says("✓ tickets: ready, 4 tools.").await;
}
