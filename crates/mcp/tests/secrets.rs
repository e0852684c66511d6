//! Secrets in a real keychain, each test with a bus and a keyring of its own; and where there is none.
//!
//! The keychain is found through the environment of the process, so each case runs in a process of its own: the
//! fixture, inside `dbus-run-session`.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![cfg(target_os = "linux")]

mod common;

use std::{fs, path::Path, process::Output};

use mcp::{MemorySecrets, Secret, Secrets};

/// Runs the fixture's `secrets` with those steps; the answer is one line for each.
#[expect(clippy::disallowed_methods, reason = "this stands for Loquat itself in another session")]
fn steps(home: &Path, session: Option<&str>, steps: &str) -> Vec<String> {
    let fixture = common::fixture();
    let run = home.join("run");
    fs::create_dir_all(&run).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut command = match session {
        None => std::process::Command::new(&fixture),
        Some(before) => {
            let mut command = std::process::Command::new("dbus-run-session");
            command.args(["--", "sh", "-c", &format!("{before}\nexec \"$0\" \"$@\""), &fixture]);
            command
        }
    };
    command.arg("secrets").args(steps.split(' ')).env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("DISPLAY");
    command.env("XDG_DATA_HOME", home.join("data")).env("XDG_RUNTIME_DIR", &run).env("HOME", home);
    let Output { stdout, stderr, .. } = command.output().unwrap();
    let lines: Vec<String> = String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    lines
}

const UNLOCKED: &str = "printf test-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null";

#[test]
fn a_keychain_keeps_secrets_across_runs() {
    let home = tempfile::tempdir().unwrap();
    let first = steps(home.path(), Some(UNLOCKED), "get:key set:key=hunter2 get:key");
    assert_eq!(first, ["Ok(None)", "Ok(())", "Ok(Some(hunter2))"]);
    let second = steps(home.path(), Some(UNLOCKED), "get:key set:key=other get:key remove:key remove:key get:key");
    assert_eq!(second, ["Ok(Some(hunter2))", "Ok(())", "Ok(Some(other))", "Ok(())", "Ok(())", "Ok(None)"]);
    let third = steps(home.path(), Some(UNLOCKED), "get:key");
    assert_eq!(third, ["Ok(None)"]);
}

#[test]
fn without_a_bus_there_is_no_keychain() {
    let home = tempfile::tempdir().unwrap();
    let lines = steps(home.path(), None, "get:key set:key=x");
    assert!(lines.iter().all(|line| line.starts_with("NoKeychain: ")), "{lines:?}");
}

#[test]
fn a_keychain_that_nobody_has_opened_is_not_used() {
    let home = tempfile::tempdir().unwrap();
    let shut = "gnome-keyring-daemon --start --components=secrets >/dev/null";
    let lines = steps(home.path(), Some(shut), "set:key=x");
    let known = ["Locked: ", "Denied: ", "TimedOut: "];
    assert!(known.iter().any(|kind| lines[0].starts_with(kind)), "{lines:?}");
}

#[tokio::test]
async fn memory_keeps_secrets_too() {
    let secrets: Box<dyn Secrets> = Box::new(MemorySecrets::default());
    secrets.set("key", Secret::new("hunter2")).await.unwrap();
    let secret = secrets.get("key").await.unwrap().unwrap();
    assert_eq!((secret.expose(), format!("{secret:?}").contains("hunter2")), ("hunter2", false));
    secrets.remove("key").await.unwrap();
    assert_eq!(secrets.get("key").await, Ok(None));
}
