//! After a whole sign-in, its calls, its renewal, its diagnosis and its end: nothing secret lies anywhere.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

mod desk;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use desk::{Desk, PASSPHRASE};
use testkit::{Conduct, SignInServer};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_left_anywhere() {
    let conduct = Conduct { secret: Some("client_secret_basic"), names_itself: true, ..Conduct::default() };
    let there = SignInServer::start(conduct).await;
    let server = there.clone();
    let (places, desk) = tokio::task::spawn_blocking(move || lived(&server)).await.unwrap();
    let seen = there.seen();
    assert!(seen.refreshes > 0 && seen.calls > 0 && seen.revoked.len() == 1, "{seen:?}");
    let verifiers = seen.grants.iter().filter_map(|grant| grant.get("code_verifier").cloned());
    let states = seen.authorizations.iter().map(|asked| asked["state"].clone());
    let mut needles: Vec<String> = seen.secrets.iter().cloned().chain(verifiers).chain(states).collect();
    // A code, a client's secret, two tokens, a renewed pair, a verifier and a state.
    assert!(needles.len() >= 8, "{needles:?}");
    needles.push(PASSPHRASE.to_owned());
    needles.extend(seen.secrets.iter().map(|secret| STANDARD.encode(secret).trim_end_matches('=').to_owned()));
    let mut count = 0;
    let files = files(desk.path()).into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    for (place, bytes) in places.into_iter().chain(files) {
        count += 1;
        let text = String::from_utf8_lossy(&bytes);
        for needle in &needles {
            assert!(!text.contains(needle.as_str()), "{needle} lies in {place}");
        }
    }
    assert!(count > 20, "only {count} places were looked at");
    let log = fs::read_to_string(desk.path().join("log.txt")).unwrap();
    assert!(log.contains("/token") || log.contains("tools/call"), "the log says something: {log}");
}

/// A sign-in and what follows; what was printed, and what others could see of the programs meanwhile.
fn lived(there: &SignInServer) -> (Vec<(String, Vec<u8>)>, Desk) {
    let desk = Desk::new(&there.url());
    let mut places = vec![];
    let watched = |places: &mut Vec<(String, Vec<u8>)>, args: &[&str]| {
        let mut child = desk.command(args).spawn().unwrap();
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
    };
    assert!(desk.sign_in(|line| {
        // The link has the state in it, and that is what it is for.
        if !line.contains("\"link\"") {
            places.push(("a step".into(), line.as_bytes().to_vec()));
        }
        true
    }));
    watched(&mut places, &["call", "box", "whoami", "--json"]);
    there.expire();
    watched(&mut places, &["call", "box", "whoami", "--json"]);
    watched(&mut places, &["doctor", "box", "--json"]);
    watched(&mut places, &["accounts", "--json"]);
    watched(&mut places, &["logs", "box", "--json"]);
    watched(&mut places, &["logout", "box"]);
    (places, desk)
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
