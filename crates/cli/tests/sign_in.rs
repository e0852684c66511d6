//! `loq login` as a person uses it: the link on standard output, the steps beside it, the ending a script can read.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::{Conduct, Consent, SignInServer, browse};

/// `loq` in a home of its own, with that server and no keychain.
fn loq(home: &tempfile::TempDir, url: &str, args: &[&str]) -> Command {
    let servers = home.path().join("given.json");
    std::fs::write(&servers, json!({ "mcpServers": { "box": { "url": url } } }).to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
    command.args(args).arg("--servers").arg(servers).env("LOQUAT_HOME", home.path()).current_dir(home.path());
    command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Opens the link as soon as it is printed; what was printed altogether, and how it ended.
async fn login(there: &SignInServer, more: &[&str]) -> (String, String, Option<i32>) {
    let home = tempfile::tempdir().unwrap();
    let args: Vec<&str> = ["login", "box"].iter().chain(more).copied().collect();
    let mut child = loq(&home, &there.url(), &args).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    let (link, rest) = tokio::task::spawn_blocking(move || {
        let link = out.by_ref().map_while(Result::ok).find_map(|line| {
            printed += &line;
            let json = serde_json::from_str::<Value>(&line).unwrap_or_default();
            json["link"].as_str().map(str::to_owned).or_else(|| line.starts_with("http").then_some(line))
        });
        (link, (out, printed))
    })
    .await
    .unwrap();
    browse(&link.unwrap()).await;
    tokio::task::spawn_blocking(move || {
        let (out, mut printed) = rest;
        printed.extend(out.map_while(Result::ok));
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (printed, said, child.wait().unwrap().code())
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_shown_and_the_rest_is_waiting() {
    let there = SignInServer::start(Conduct::default()).await;
    let (out, said, code) = login(&there, &["--verbose"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("✓ first call") && said.contains("1 tools"), "{said}");
    assert!(said.contains("no keychain"), "it says how long it lasts: {said}");
    assert!(said.contains("→ POST") && said.contains("grant_type=authorization_code"), "{said}");
    for secret in there.seen().secrets {
        assert!(!said.contains(&secret) && !out.contains(&secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_ends_with_three_and_says_where() {
    let there = SignInServer::start(Conduct { consent: Consent::No, ..Conduct::default() }).await;
    let (out, said, code) = login(&there, &["--json"]).await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("The person said no."), "{said}");
    assert!(out.contains(r#""step":"consent","state":"failed""#), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_a_mistake_in_the_asking() {
    let home = tempfile::tempdir().unwrap();
    let output = loq(&home, "http://127.0.0.1:1/mcp", &["login", "bux"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let output = loq(&home, "http://127.0.0.1:1/mcp", &["accounts", "--json"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]");
    let output = loq(&home, "http://127.0.0.1:1/mcp", &["logout", "box"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "Nobody was signed in to box.");
}

/// `loq` in that home, without a keychain; its secrets lie in a file of which the passphrase is known.
fn at_home(home: &Path, args: &[&str]) -> std::process::Output {
    let passphrase = home.join("passphrase");
    std::fs::write(&passphrase, "four words are enough\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
    command.args(args).env("LOQUAT_HOME", home).env("LOQUAT_PASSPHRASE_FILE", passphrase).current_dir(home);
    command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null());
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_in_the_open_is_taken_over_and_its_file_deleted() {
    let there = SignInServer::start(Conduct::default()).await;
    let kept = there.sign_in_by_hand();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".mcp_tokens.json");
    std::fs::write(&file, json!({ "box": kept }).to_string()).unwrap();
    let list = home.path().join("mcp_servers.json");
    std::fs::write(&list, json!({ "servers": [{ "name": "box", "url": there.url() }] }).to_string()).unwrap();
    let run = |args: Vec<String>| {
        let home = home.path().to_owned();
        tokio::task::spawn_blocking(move || at_home(&home, &args.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();

    let early = run(words("import .mcp_tokens.json --yes --delete")).await.unwrap();
    assert!(String::from_utf8_lossy(&early.stdout).contains("there is no server of that name"), "{early:?}");
    assert!(file.exists(), "what was not taken over stays");
    let added = run(words("import mcp_servers.json --yes")).await.unwrap();
    assert!(String::from_utf8_lossy(&added.stdout).contains(".mcp_tokens.json"), "it says what lies beside: {added:?}");
    let without = run(words("import .mcp_tokens.json --yes --delete")).await.unwrap();
    assert!(file.exists(), "what would end with loq needs its file: {without:?}");

    assert!(run(words("secrets --file")).await.unwrap().status.success());
    let taken = run(words("import .mcp_tokens.json --yes --delete")).await.unwrap();
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");
    assert!(!file.exists(), "{taken:?}");
    let called = run(words("call box whoami")).await.unwrap();
    assert_eq!(called.status.code(), Some(0), "{called:?}");
    let seen = there.seen();
    assert_eq!((seen.calls, seen.authorizations.len()), (1, 0), "nobody had to sign in");
    there.expire();
    let renewed = run(words("call box whoami")).await.unwrap();
    assert_eq!((renewed.status.code(), there.seen().refreshes), (Some(0), 1), "it renews itself: {renewed:?}");
}
