//! However much a server says, what it costs `loq` has an end: measured on the program itself, beside what an honest server
//! costs it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::json;

/// What each may cost beside an honest one: less than what they say, which for each is more than this.
const MOST_KIB: u64 = 256 * 1024;

/// Runs `loq` with one server, to its end; what it printed, and the most memory that it was ever seen to have, in KiB.
fn run(lie: &str, args: &[&str]) -> (String, u64) {
    let home = tempfile::tempdir().unwrap();
    let server = json!({ "command": testkit::program("mcp-liar"), "args": [lie] });
    let servers = home.path().join("given.json");
    fs::write(&servers, json!({ "mcpServers": { "it": server } }).to_string()).unwrap();
    let mut loq = Command::new(env!("CARGO_BIN_EXE_loq"))
        .args(args)
        .arg("--servers")
        .arg(&servers)
        .env("LOQUAT_HOME", home.path())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = loq.stdout.take().unwrap();
    let said = thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).map(|_| said)
    });
    let status = format!("/proc/{}/status", loq.id());
    let mut peak = 0;
    // The system keeps the peak, so it is enough to look now and then: what is seen last counts.
    while loq.try_wait().unwrap().is_none() {
        peak = peak_of(&status).unwrap_or(0).max(peak);
        thread::sleep(Duration::from_millis(5));
    }
    (said.join().unwrap().unwrap(), peak)
}

fn peak_of(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn what_a_lying_server_costs_has_an_end() {
    let call = ["call", "it", "echo", r#"{"text":"hi"}"#];
    let (said, honest) = run("nothing", &call);
    assert!(said == "hi\n" && honest > 0, "{said}");
    // Half a gigabyte of noise; as much in pages; pages without end; a hundred thousand levels; an answer of 20 MiB.
    for (lie, words) in [
        ("start:deluge", "hi"),
        ("list:fat-pages", ""),
        ("list:endless", ""),
        ("list:abyss", "hi"),
        ("call:long", "long"),
    ] {
        let (said, peak) = run(lie, &call);
        assert!(said.contains(words), "{lie}: {said}");
        assert!(peak < honest + MOST_KIB, "{lie} took {} MiB, an honest server {} MiB", peak / 1024, honest / 1024);
    }
}
