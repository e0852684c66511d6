//! A server whose first start takes its time: `loq` waits, and says meanwhile what it waits for.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
};

use serde_json::json;

#[test]
fn what_a_slow_server_writes_is_told_while_it_starts() {
    let home = tempfile::tempdir().unwrap();
    let source = TcpListener::bind("127.0.0.1:0").unwrap();
    let env = json!({ "FIXTURE_DOWNLOAD": source.local_addr().unwrap().to_string() });
    let slow = json!({ "command": testkit::program("mcp-fixture"), "args": ["good"], "env": env });
    let servers = home.path().join("given.json");
    std::fs::write(&servers, json!({ "mcpServers": { "slow": slow } }).to_string()).unwrap();
    let mut loq = Command::new(env!("CARGO_BIN_EXE_loq"))
        .args(["call", "slow", "echo", r#"{"text":"here at last"}"#, "--servers"])
        .arg(&servers)
        .env("LOQUAT_HOME", home.path())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut download = source.accept().unwrap().0;
    let mut said = BufReader::new(loq.stderr.take().unwrap()).lines().map_while(Result::ok);
    for part in ["Downloading 12 of 80 MB", "Downloading 79 of 80 MB"] {
        writeln!(download, "{part}").unwrap();
        let line = said.find(|line| line.contains(part)).unwrap();
        assert!(line.contains("slow is still starting ("), "{line}");
    }
    drop(download);
    let mut out = String::new();
    loq.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((out.as_str(), loq.wait().unwrap().code()), ("here at last\n", Some(0)));
}
