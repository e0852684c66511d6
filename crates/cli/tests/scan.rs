//! After a whole sign-in, its calls, its renewal, its diagnosis and its end, and everything else that has to do with
//! secrets: nothing secret lies anywhere.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

mod desk;

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use desk::{Desk, PASSPHRASE};
use serde_json::{Value, json};
use testkit::{Conduct, Seen, SignInServer};

/// What a person gives for the header of a server.
const HEADER: &str = "planted-header-5d01";

/// What was printed, and what others could see of the programs meanwhile; by where that was.
type Places = Vec<(String, Vec<u8>)>;

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_left_anywhere() {
    let conduct = Conduct { secret: Some("client_secret_basic"), names_itself: true, ..Conduct::default() };
    let (there, elsewhere) = (SignInServer::start(conduct).await, SignInServer::start(Conduct::default()).await);
    let (server, other) = (there.clone(), elsewhere.clone());
    let (places, desk, key) = tokio::task::spawn_blocking(move || lived(&server, &other)).await.unwrap();
    let (seen, kept) = (there.seen(), elsewhere.seen());
    assert!(seen.refreshes > 0 && seen.calls > 0 && seen.revoked.len() == 2, "{seen:?}");
    assert_eq!((seen.callers.contains(&2), kept.calls), (true, 1), "both accounts and what was taken over were used");
    let mut needles = secrets_of(&seen);
    // Two codes, a client's secret, two pairs of tokens, a renewed pair, two verifiers and two states.
    assert!(needles.len() >= 13, "{needles:?}");
    needles.extend(secrets_of(&kept));
    needles.extend([PASSPHRASE, HEADER, &key].map(str::to_owned));
    needles.extend(
        needles.iter().map(|secret| STANDARD.encode(secret).trim_end_matches('=').to_owned()).collect::<Vec<_>>(),
    );
    let mut count = 0;
    let files = files(desk.path()).into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    for (place, bytes) in places.into_iter().chain(files) {
        count += 1;
        let text = String::from_utf8_lossy(&bytes);
        for needle in &needles {
            assert!(!text.contains(needle.as_str()), "{needle} lies in {place}");
        }
    }
    assert!(count > 40, "only {count} places were looked at");
    let log = fs::read_to_string(desk.path().join("log.txt")).unwrap();
    assert!(log.contains("/token") || log.contains("tools/call"), "the log says something: {log}");
}

/// Everything that was given out there, and what we made up ourselves.
fn secrets_of(seen: &Seen) -> Vec<String> {
    let verifiers = seen.grants.iter().filter_map(|grant| grant.get("code_verifier").cloned());
    let states = seen.authorizations.iter().map(|asked| asked["state"].clone());
    seen.secrets.iter().cloned().chain(verifiers).chain(states).collect()
}

/// A life with sign-ins, a header, a key for other programs and what another program left behind; and that key.
fn lived(there: &SignInServer, elsewhere: &SignInServer) -> (Places, Desk, String) {
    let desk = Desk::new(&there.url());
    let servers = json!({ "mcpServers": {
        "box": { "url": there.url(), "headers": { "X-Key": "${secret:header}" } },
        "left": { "url": elsewhere.url() },
    } });
    fs::write(desk.path().join("servers.json"), servers.to_string()).unwrap();
    let mut places = vec![];
    given(&desk, &mut places, &["secret", "header"], HEADER);
    for account in ["home", "work"] {
        assert!(desk.sign_in_as(Some(account), |line| {
            // The link has the state in it, and that is what it is for.
            if !line.contains("\"link\"") {
                places.push(("a step".into(), line.as_bytes().to_vec()));
            }
            true
        }));
    }
    let as_home = ["call", "box", "whoami", "--account", "home", "--json"];
    watched(&desk, &mut places, &as_home);
    there.expire();
    watched(&desk, &mut places, &as_home);
    watched(&desk, &mut places, &["call", "box", "whoami", "--json"]);
    taken_over(&desk, &mut places, elsewhere);
    watched(&desk, &mut places, &["ask", "--provider", "practice", "--yes", "Call whoami"]);
    for args in ["doctor --json", "doctor box --verbose", "accounts --json", "logs box --json", "ledger --json"] {
        watched(&desk, &mut places, &args.split(' ').collect::<Vec<_>>());
    }
    let made = desk.run(&["keys", "create", "another", "--json"]);
    let key: Value = serde_json::from_slice(&made.stdout).unwrap();
    watched(&desk, &mut places, &["keys", "list", "--json"]);
    for account in ["home", "work"] {
        watched(&desk, &mut places, &["logout", "box", "--account", account]);
    }
    (places, desk, key["key"].as_str().unwrap().to_owned())
}

/// The sign-in that another program kept in the open is ours, and its file is gone.
fn taken_over(desk: &Desk, places: &mut Places, elsewhere: &SignInServer) {
    let file = desk.path().join(".mcp_tokens.json");
    fs::write(&file, json!({ "left": elsewhere.sign_in_by_hand() }).to_string()).unwrap();
    watched(desk, places, &["import", ".mcp_tokens.json", "--yes", "--delete", "--json"]);
    assert!(!file.exists());
    watched(desk, places, &["call", "left", "whoami", "--json"]);
}

/// Runs it, and looks meanwhile at what can be seen of it from outside.
fn watched(desk: &Desk, places: &mut Places, args: &[&str]) {
    given(desk, places, args, "");
}

/// The same with what it reads.
fn given(desk: &Desk, places: &mut Places, args: &[&str], input: &str) {
    let mut child = desk.command(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let mut seen = BTreeSet::new();
    while child.try_wait().unwrap().is_none() {
        seen.extend(shown_by(&child));
        // Often enough to see the programs that it starts.
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {error}");
    places.extend(seen.into_iter().map(|bytes| (format!("the system, while {args:?}"), bytes)));
    places.push((format!("standard output of {args:?}"), output.stdout));
    places.push((format!("standard error of {args:?}"), output.stderr));
}

/// What everybody on this machine, or the same person's other programs, can see of it and of what it started.
#[cfg(target_os = "linux")]
fn shown_by(child: &Child) -> Vec<Vec<u8>> {
    let mut family = vec![child.id()];
    let mut at = 0;
    while let Some(id) = family.get(at) {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        family.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        at += 1;
    }
    let of = |id: &u32| ["cmdline", "environ"].map(|what| fs::read(format!("/proc/{id}/{what}")).unwrap_or_default());
    family.iter().flat_map(of).filter(|bytes| !bytes.is_empty()).collect()
}

#[cfg(not(target_os = "linux"))]
fn shown_by(_: &Child) -> Vec<Vec<u8>> {
    vec![]
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
