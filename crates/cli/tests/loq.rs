//! `loq` as scripts use it: what it prints where, and how it ends.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use testkit::{Round, Script};

struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        // The help desk must lie beside the program under test.
        testkit::program("loquat-helpdesk");
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", self.home.path()).current_dir(self.home.path());
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "SYSTEM_PROMPT", "LMSTUDIO_MODEL"] {
            command.env_remove(name);
        }
        // No keychain is asked: none of these tests stores a secret.
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    out(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_question_is_answered_by_the_practice_model_without_any_set_up() {
    let desk = Desk::new();
    let output = desk.run(&["ask", "What's the outstanding balance for TechCorp Industries?"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("7600.50"), "{}", out(&output));
    assert!(err(&output).contains("no AI") && err(&output).contains("calculate_outstanding_balance"));
    assert!(!out(&output).contains('\u{1b}') && !err(&output).contains('\u{1b}'), "colours in a pipe");
}

#[test]
fn json_prints_one_event_a_line() {
    let desk = Desk::new();
    let output = desk.run(&["ask", "--json", "--provider", "practice", "Check warranty status for asset AST-SRV-001"]);
    let events = lines(&output);
    assert_eq!(events.first().unwrap()["type"], "asked");
    assert_eq!(events.last().unwrap()["status"]["state"], "completed");
    let called =
        events.iter().any(|it| it["item"]["tool"] == "check_warranty" && it["item"]["status"]["state"] == "succeeded");
    assert!(called, "{}", out(&output));
}

#[test]
fn servers_and_tools_as_json() {
    let desk = Desk::new();
    let servers = lines(&desk.run(&["servers", "--json"])).remove(0);
    let ready = servers.as_array().unwrap().iter().filter(|it| it["state"] == "ready" && it["tools"] == 4).count();
    assert_eq!(ready, 5, "{servers}");
    let tools = lines(&desk.run(&["tools", "--json"])).remove(0);
    assert_eq!(tools.as_array().unwrap().len(), 20);
    for key in ["server", "name", "title", "description", "inputSchema", "annotations", "tokens", "warnings"] {
        assert!(tools[0].get(key).is_some(), "{key} in {}", tools[0]);
    }
}

#[test]
fn a_call_by_hand_and_one_that_fails() {
    let desk = Desk::new();
    let good = desk.run(&["call", "customer", "lookup_customer", r#"{"customer_id":"CUST-001"}"#, "--json"]);
    let result = lines(&good).remove(0);
    assert_eq!((good.status.code(), &result["status"]), (Some(0), &json!("succeeded")));
    assert!(result["structuredContent"].to_string().contains("TechCorp Industries"));
    let bad = desk.run(&["call", "customer", "lookup_customer", r#"{"customer_id":"CUST-999"}"#, "--json"]);
    let result = lines(&bad).remove(0);
    assert_eq!((bad.status.code(), &result["status"]), (Some(1), &json!("failed")));
    assert!(result["error"]["cause"].as_str().unwrap().contains("CUST-001"), "{result}");
    let usage = desk.run(&["call", "customer", "lookup_customer", "not json"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn wrong_words_end_with_two_and_a_missing_key_with_three() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["ask"]).status.code(), Some(2));
    assert_eq!(desk.run(&["frobnicate"]).status.code(), Some(2));
    let keyless = desk.run(&["ask", "--provider", "openai", "hi"]);
    assert!(matches!(keyless.status.code(), Some(1 | 3)), "{}", err(&keyless));
    assert!(err(&keyless).contains("Error:"));
}

#[test]
fn questions_through_a_pipe_until_quit() {
    let desk = Desk::new();
    let mut chat = desk.command(&["chat"]);
    let mut child = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"Show me customer CUST-001's information and SLA terms\nquit\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("Connected to 5 server(s) with 20 total tools"), "{}", out(&output));
    assert!(out(&output).contains("TechCorp Industries"));
}

/// Everything that asks a scripted model, which needs a runtime of its own beside the blocking program.
async fn with_script(rounds: Vec<Round>, work: impl FnOnce(&Desk, &str) + Send + 'static) -> Vec<Value> {
    let script = Script::start(rounds).await.unwrap();
    let url = script.base_url();
    tokio::task::spawn_blocking(move || work(&Desk::new(), &url)).await.unwrap();
    script.finish().unwrap()
}

const SERVERS: &str = "servers.json";

/// A file with one server that is not bundled.
fn servers_file(desk: &Desk) -> String {
    let command = testkit::program("mcp-fixture");
    let servers = json!({ "mcpServers": { "fixture": { "command": command, "args": ["good"] } } });
    let path = desk.home.path().join(format!("given-{SERVERS}"));
    std::fs::write(&path, servers.to_string()).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_to_ask_means_refused_and_yes_means_allowed() {
    let call = || Round::new().call("a", "fixture__echo", json!({ "text": "x" }));
    let rounds = vec![call(), Round::text("refused"), call(), Round::text("allowed")];
    with_script(rounds, |desk, url| {
        let servers = servers_file(desk);
        let ask = ["ask", "--base-url", url, "--model", "m", "--servers", &servers, "hi"];
        let output = desk.run(&ask);
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        assert!(err(&output).contains("not run"), "{}", err(&output));
        let output = desk.run(&[&ask[..], &["--yes"]].concat());
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "allowed\n"), "{}", err(&output));
        // Servers given for one call are no part of the home.
        let kept = std::fs::read_to_string(desk.home.path().join(SERVERS)).unwrap_or_default();
        assert!(!kept.contains("fixture"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_and_a_file_beside_it_say_who_answers() {
    let requests = with_script(vec![Round::text("one"), Round::text("two")], |desk, url| {
        let file = format!(
            "OPENAI_API_KEY=from-file-123456\nOPENAI_BASE_URL={url}\nMODEL=from-file\nSYSTEM_PROMPT=\"Be kind.\"\n"
        );
        std::fs::write(desk.home.path().join(".env"), file).unwrap();
        assert_eq!(out(&desk.run(&["ask", "hi"])), "one\n");
        let output = desk.command(&["ask", "-s", "Be brief.", "hi"]).env("MODEL", "from-environment").output().unwrap();
        assert_eq!(out(&output), "two\n", "{}", err(&output));
    })
    .await;
    assert_eq!((&requests[0]["model"], &requests[1]["model"]), (&json!("from-file"), &json!("from-environment")));
    assert_eq!(requests[0]["messages"][0]["content"], "Be kind.");
    assert_eq!(requests[1]["messages"][0]["content"], "Be brief.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_provider_ends_with_one_and_says_why() {
    with_script(vec![Round::no_quota()], |desk, url| {
        let output = desk.run(&["ask", "--base-url", url, "--model", "m", "hi"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("nothing left to spend"), "{}", err(&output));
    })
    .await;
}
