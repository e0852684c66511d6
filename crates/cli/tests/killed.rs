//! Whatever a sign-in is killed at, one more click is all that it takes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

mod desk;

use std::sync::Arc;

use desk::Desk;
use serde_json::{Value, json};
use testkit::{Conduct, SignInServer};
use tokio::{sync::Semaphore, task::JoinSet};

/// As many at the same time as a small machine bears.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_killed_at_any_step_takes_one_more_click() {
    let there = SignInServer::start(Conduct::default()).await;
    let url = there.url();
    let steps = tokio::task::spawn_blocking(move || {
        let mut count = 0;
        assert!(Desk::new(&url).sign_in(|_| {
            count += 1;
            true
        }));
        count
    });
    let steps: usize = steps.await.unwrap();
    assert!(steps >= 12, "only {steps} steps were told");
    let (turns, mut attempts) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for at in 1..=steps {
        let (url, turn) = (there.url(), turns.clone().acquire_owned().await.unwrap());
        attempts.spawn_blocking(move || {
            let _turn = turn;
            killed_at(at, &url);
        });
    }
    while let Some(done) = attempts.join_next().await {
        done.unwrap();
    }
    assert_eq!(there.seen().reuses, 0);
}

fn killed_at(at: usize, url: &str) {
    let desk = Desk::new(url);
    let (mut count, mut last) = (0, String::new());
    let whole = desk.sign_in(|line| {
        count += 1;
        last = line.to_owned();
        count < at
    });
    assert!(!whole);
    assert!(desk.sign_in(|_| true), "killed at {last}");
    let accounts = std::fs::read_to_string(desk.path().join("accounts.json")).unwrap();
    let accounts: Value = serde_json::from_str(&accounts).unwrap();
    assert_eq!(accounts[url]["names"], json!(["default"]), "killed at {last}: {accounts}");
    desk.run(&["call", "box", "whoami"]);
    let left = std::fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = left.filter(|name| name.ends_with(".new")).collect();
    assert!(left.len() <= 1, "killed at {last}: {left:?}");
}
