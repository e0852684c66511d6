//! What copies share, on real servers: each `copy` here is one more connection, as another process would have.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use team::{
    CallRow, CallsWanted, Chain, Counted, Kept, Life, Link, Linked, Mark, Party, Postgres, Redis, SessionError,
    TeamError, Told, Waiting,
};
use testkit::{TestPostgres, TestRedis};
use uuid::Uuid;

fn mark(key: &str, calls: u32) -> Mark {
    Mark { key: key.to_owned(), calls, window: Duration::from_secs(3600) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_count_at_once_never_count_too_few() {
    let server = TestRedis::start();
    let let_through = Arc::new(AtomicU32::new(0));
    let mut copies = vec![];
    for _ in 0..4 {
        let redis = Redis::connect(&server.url(), "door").await.unwrap();
        let let_through = let_through.clone();
        copies.push(tokio::spawn(async move {
            for _ in 0..50 {
                if redis.count(&[mark("a", 70), mark("b", 1000)]).await.unwrap() == Counted::Within {
                    let_through.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    for copy in copies {
        copy.await.unwrap();
    }
    assert_eq!(let_through.load(Ordering::Relaxed), 70);
    let elsewhere = Redis::connect(&server.url(), "another door").await.unwrap();
    assert_eq!(elsewhere.count(&[mark("a", 1)]).await.unwrap(), Counted::Within, "rooms are apart");
    let Counted::Beyond { at: 1, wait } = elsewhere.count(&[mark("x", 5), mark("a", 1)]).await.unwrap() else {
        panic!("the second one refuses");
    };
    assert!((3500..=3600).contains(&wait.as_secs()), "{wait:?}");
}

#[tokio::test]
async fn nothing_is_counted_while_redis_is_away_and_all_goes_on_afterwards() {
    let mut server = TestRedis::start();
    let redis = Redis::connect(&server.url(), "door").await.unwrap();
    redis.keep("once", "", Duration::from_secs(60)).await.unwrap();
    assert!(redis.take("once").await.unwrap() && !redis.take("once").await.unwrap());
    redis.keep("s", "text", Duration::from_secs(60)).await.unwrap();
    assert_eq!(redis.kept("s", Duration::from_secs(60)).await.unwrap().as_deref(), Some("text"));
    server.kill();
    assert!(matches!(redis.count(&[mark("a", 5)]).await, Err(TeamError::Unusable { .. })));
    server.start_again();
    while redis.count(&[mark("a", 5)]).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(redis.kept("s", Duration::from_secs(60)).await.unwrap(), None, "it came back empty");
}

#[tokio::test]
async fn a_word_is_given_at_one_copy_and_taken_once_at_another() {
    let server = TestRedis::start();
    let copy = async || Waiting::new(Redis::connect(&server.url(), "door").await.unwrap());
    let (asks, answers) = (copy().await, copy().await);
    let shown = r#"{"tenant":"acme","credential":"key:agent","tool":"x"}"#;
    let id = Uuid::new_v4();
    let heard = asks.enter(id, shown, 2).await.unwrap().unwrap();
    assert_eq!(answers.list().await.unwrap(), [shown]);
    let by = |tenant, credential| Some(Party { tenant, credential });
    assert_eq!(answers.answer(id, by("acme", "key:agent"), "yes").await.unwrap(), Told::Own);
    assert_eq!(answers.answer(id, by("umbrella", "key:boss"), "yes").await.unwrap(), Told::Gone);
    // Two at once: one of them counts.
    let (first, second) = tokio::join!(
        answers.answer(id, by("acme", "key:boss"), "yes"),
        asks.answer(id, by("acme", "key:other"), "no"),
    );
    let told = [first.unwrap(), second.unwrap()];
    assert_eq!(told.iter().filter(|told| **told == Told::Taken).count(), 1, "{told:?}");
    let word = heard.await.unwrap().unwrap();
    assert_eq!(word, if told[0] == Told::Taken { "yes" } else { "no" });
    assert!(answers.list().await.unwrap().is_empty());
    // What waits is bounded, and who leaves makes room.
    let places = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
    let _first = asks.enter(places[0], shown, 2).await.unwrap().unwrap();
    let _second = answers.enter(places[1], shown, 2).await.unwrap().unwrap();
    assert!(asks.enter(places[2], shown, 2).await.unwrap().is_none());
    asks.leave(places[0]);
    while answers.list().await.unwrap().len() > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_waits_is_given_up_and_told_why_when_redis_stays_away() {
    let mut server = TestRedis::start();
    let redis = Redis::connect(&server.url(), "door").await.unwrap();
    let asks = Waiting::leased(redis, Duration::from_secs(3));
    let shown = r#"{"tenant":"acme","credential":"key:agent"}"#;
    let heard = asks.enter(Uuid::new_v4(), shown, 2).await.unwrap().unwrap();
    server.kill();
    let told = tokio::time::timeout(Duration::from_secs(60), heard).await.unwrap().unwrap();
    assert!(matches!(told, Err(TeamError::Unusable { what: "Redis", .. })), "{told:?}");
    server.start_again();
    // Afterwards there is room again, and words are heard.
    let (id, asked) = loop {
        let id = Uuid::new_v4();
        if let Ok(Some(heard)) = asks.enter(id, shown, 2).await {
            break (id, heard);
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(asks.answer(id, None, "yes").await.unwrap(), Told::Taken);
    assert_eq!(asked.await.unwrap().unwrap(), "yes");
}

/// A chain as the tests link it: each line names the one before.
fn link(words: Vec<String>) -> impl Fn(&Link) -> Linked {
    move |end| {
        let mut end = end.clone();
        let mut lines = vec![];
        for word in &words {
            end = Link { seq: end.seq + 1, hash: format!("{}<{}", word, &end.hash[end.hash.len() - 8..]) };
            lines.push(format!("{} {}", end.seq, end.hash));
        }
        Linked { lines, end }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_is_one_whoever_adds_to_it_and_whatever_dies() {
    let mut server = TestPostgres::start();
    let postgres = Postgres::connect(&server.url()).await.unwrap();
    let add = |copy: usize| {
        let postgres = postgres.clone();
        tokio::task::spawn_blocking(move || {
            let mut chain = Chain::open(&postgres).unwrap();
            for batch in 0..20 {
                let words = (0..3).map(|word| format!("copy{copy}-batch{batch}-word{word}-padded")).collect();
                chain.append(Uuid::new_v4(), false, link(words)).unwrap();
            }
        })
    };
    for copy in [add(0), add(1), add(2)] {
        copy.await.unwrap();
    }
    let (again, kept) = (Uuid::new_v4(), postgres.clone());
    server = tokio::task::spawn_blocking(move || {
        let mut chain = Chain::open(&kept).unwrap();
        chain.append(again, false, link(vec!["the-last-but-one".into()])).unwrap();
        server.kill();
        let failed = chain.append(Uuid::new_v4(), false, link(vec!["never-confirmed".into()]));
        assert!(matches!(failed, Err(TeamError::Unusable { .. })));
        server.start_again();
        // Whoever did not hear that it was added asks again, and it is not there twice.
        chain.append(again, true, link(vec!["the-last-but-one".into()])).unwrap();
        chain.append(Uuid::new_v4(), true, link(vec!["the-very-last".into()])).unwrap();
        server
    })
    .await
    .unwrap();
    let mut lines = vec![];
    let postgres = Postgres::connect(&server.url()).await.unwrap();
    let end = postgres
        .read_chain(|line| {
            lines.push(line.to_owned());
            true
        })
        .await
        .unwrap();
    assert_eq!((end.seq, lines.len()), (182, 182));
    let numbers: Vec<u64> = lines.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=182).collect::<Vec<_>>());
    for pair in lines.windows(2) {
        let before = &pair[0][pair[0].len() - 8..];
        assert!(pair[1].ends_with(&format!("<{before}")), "{pair:?}");
    }
}

#[tokio::test]
async fn keys_belong_to_a_door_and_what_they_used_adds_up() {
    let server = TestPostgres::start();
    let url = server.url();
    // Copies that begin at the same moment all find the tables.
    let copies = futures::future::join_all((0..4).map(|_| Postgres::connect(&url))).await;
    let copies: Vec<Postgres> = copies.into_iter().map(Result::unwrap).collect();
    let [ours, theirs] = ["ours", "theirs"].map(|door| copies[0].keyring(door));
    ours.add("app", "aa", "{}").await.unwrap();
    assert!(matches!(ours.add("app", "bb", "{}").await, Err(TeamError::Taken(_))));
    theirs.add("app", "cc", "{}").await.unwrap();
    let uses = copies.iter().map(|copy| async { copy.keyring("ours").add_use("app", "2025-08", 10).await.unwrap() });
    futures::future::join_all(uses).await;
    let listed = ours.list("2025-08").await.unwrap();
    assert_eq!((listed.len(), listed[0].used, listed[0].revoked), (1, 40, false));
    assert_eq!(ours.list("2025-09").await.unwrap()[0].used, 0);
    ours.revoke("app").await.unwrap();
    assert!(matches!(ours.revoke("app").await, Err(TeamError::Unknown(_))));
    assert!(ours.list("2025-08").await.unwrap()[0].revoked && !theirs.list("2025-08").await.unwrap()[0].revoked);
    ours.add("app", "dd", "{}").await.unwrap();
    let settled = futures::future::join_all(copies.iter().map(|copy| {
        let value = Uuid::new_v4().to_string();
        async move { copy.settle("secret", &value).await.unwrap() }
    }))
    .await;
    assert!(settled.windows(2).all(|pair| pair[0] == pair[1]), "{settled:?}");
}

#[tokio::test]
async fn a_session_is_one_copy_s_at_a_time_and_whoever_lost_it_writes_no_more() {
    let mut server = TestPostgres::start();
    let [ours, theirs] =
        [Postgres::connect(&server.url()).await.unwrap(), Postgres::connect(&server.url()).await.unwrap()];
    let (ours, theirs) = (ours.sessions(), theirs.sessions());
    let held = ours.begin("one", "head").await.unwrap();
    assert!(matches!(theirs.take("one").await, Err(SessionError::Busy)));
    assert!(matches!(ours.take("one").await, Err(SessionError::Busy)), "nor twice at the same copy");
    ours.put(&held, "turn-1", "begun").await.unwrap();
    ours.put(&held, "turn-1", "ended").await.unwrap();
    ours.put(&held, "turn-2", "ended").await.unwrap();
    ours.put_file(&held, "file-1", "a picture").await.unwrap();
    ours.put_file(&held, "file-1", "another").await.unwrap();
    ours.release(held.clone()).await.unwrap();
    assert!(matches!(ours.put(&held, "turn-3", "late").await, Err(SessionError::Lost)));
    let held = theirs.take("one").await.unwrap();
    let turn = |id: &str| (id.to_owned(), "ended".to_owned());
    let kept = Kept {
        head: "head".to_owned(),
        turns: vec![turn("turn-1"), turn("turn-2")],
        files: vec!["a picture".to_owned()],
    };
    assert_eq!(theirs.read(&held).await.unwrap(), Some(kept));
    let other = theirs.take("never begun").await.unwrap();
    assert_eq!(theirs.read(&other).await.unwrap(), None);
    // What ends the connection ends the hold: somebody else goes on, and nobody writes into that.
    server.start_again();
    while theirs.put(&held, "turn-3", "unsure").await.is_ok() {}
    let again = loop {
        match ours.take("one").await {
            Ok(again) => break again,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(matches!(theirs.put(&held, "turn-3", "late").await, Err(SessionError::Lost)));
    assert_eq!(ours.read(&again).await.unwrap().unwrap().turns.len(), 2);
    // A copy that is gone holds nothing.
    drop(ours);
    while matches!(theirs.take("one").await, Err(SessionError::Busy)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn calls_are_kept_once_as_they_stand_and_found_by_what_is_in_them() {
    let server = TestPostgres::start();
    let postgres = Postgres::connect(&server.url()).await.unwrap();
    let row = |call: &str, tool: &str, at: u64, outcome: &str| CallRow {
        call: call.to_owned(),
        at,
        server: "files".to_owned(),
        tool: tool.to_owned(),
        outcome: outcome.to_owned(),
        copy: None,
        body: format!(r#"{{"outcome":"{outcome}","text":"100% of_{call}"}}"#),
    };
    postgres.keep_calls(&[row("a", "read", 1, "open"), row("b", "write", 2, "open")]).await.unwrap();
    postgres.keep_calls(&[row("a", "read", 9, "running")]).await.unwrap();
    let found = async |wanted: CallsWanted| {
        let found = postgres.calls(&wanted, 1).await.unwrap();
        let calls: Vec<String> =
            found.calls.iter().map(|(_, row)| format!("{} {} {}", row.call, row.at, row.outcome)).collect();
        (calls.join(", "), found.more, found.total)
    };
    let all = CallsWanted::default();
    assert_eq!(found(all.clone()).await, ("b 2 open".to_owned(), true, 2));
    assert_eq!(
        found(CallsWanted { tool: Some("read".into()), ..all.clone() }).await,
        ("a 1 running".to_owned(), false, 1)
    );
    assert_eq!(found(CallsWanted { since: Some(3), ..all.clone() }).await, (String::new(), false, 0));
    assert_eq!(found(CallsWanted { before: Some(2), ..all.clone() }).await, ("a 1 running".to_owned(), false, 2));
    let words = |pattern: &str| CallsWanted { patterns: vec![pattern.to_owned()], ..all.clone() };
    assert_eq!(found(words(r"%100\% OF\_b%")).await.2, 1);
    assert_eq!(found(words(r"%100\_%")).await.2, 0);
    postgres.end_call("a", "failed", r#"{"outcome":"failed","error":"it died"}"#).await.unwrap();
    let ended = postgres.calls(&CallsWanted { outcome: Some("failed".into()), ..all }, 1).await.unwrap();
    assert!(ended.calls[0].1.body.contains("it died") && ended.calls[0].1.body.contains("100% of_a"), "{ended:?}");
}

#[tokio::test]
async fn calls_of_a_copy_that_died_are_ended_by_the_others() {
    let server = TestPostgres::start();
    let postgres = Postgres::connect(&server.url()).await.unwrap();
    let (dying, living) = (postgres.live().await.unwrap(), postgres.live().await.unwrap());
    let row = |call: &str, copy: Option<&Life>| CallRow {
        call: call.to_owned(),
        at: 1,
        server: "files".to_owned(),
        tool: "read".to_owned(),
        outcome: if copy.is_some() { "running" } else { "succeeded" }.to_owned(),
        copy: copy.map(|copy| copy.name().to_owned()),
        body: r#"{"kept":true}"#.to_owned(),
    };
    let rows = [row("its", Some(&dying)), row("theirs", Some(&living)), row("ended", None)];
    postgres.keep_calls(&rows).await.unwrap();
    let end = async || postgres.end_calls_of_the_dead("failed", r#"{"error":"it died"}"#).await.unwrap();
    assert_eq!(end().await, 0);
    drop(dying);
    // The server hears of it in a moment.
    let ended = async {
        while end().await != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
    let calls = postgres.calls(&CallsWanted::default(), 9).await.unwrap().calls;
    let seen = |call: &str| calls.iter().map(|(_, row)| row).find(|row| row.call == call).unwrap();
    assert_eq!((&*seen("its").outcome, seen("its").copy.as_deref()), ("failed", None));
    assert!(seen("its").body.contains("it died") && seen("its").body.contains("kept"));
    assert_eq!((&*seen("theirs").outcome, &*seen("ended").outcome), ("running", "succeeded"));
    living.go_on().await.unwrap();
    assert_eq!(end().await, 0);
}
