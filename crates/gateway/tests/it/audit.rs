//! The log: whole, honest, without secrets, and in the way of calls where it cannot be written.

use serde_json::json;

use crate::common::{House, arguments, code, records_once};

#[tokio::test]
async fn what_changes_something_is_written_down_before_it_is_done() {
    let house = House::open().await;
    let agent = house.client("Agent");
    agent.call("memory_write", arguments(json!({ "content": "hunter2 is the password" }))).await.unwrap();
    agent.call("memory_search", arguments(json!({ "query": "hunter2" }))).await.unwrap();
    let records = house.end().await;
    let kinds: Vec<_> =
        records.iter().map(|record| (record["kind"].as_str().unwrap(), record["tool"].as_str())).collect();
    let expected = [
        ("started", None),
        ("begun", Some("memory_write")),
        ("call", Some("memory_write")),
        ("call", Some("memory_search")),
        ("ended", None),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(records[1]["correlation"], records[2]["correlation"]);
    assert_eq!((&records[2]["actor"], &records[2]["roles"]), (&json!("Agent"), &json!(["Agent"])));
    assert!(!serde_json::to_string(&records).unwrap().contains("hunter2"), "values are not written down");
}

#[tokio::test]
async fn every_change_to_the_log_is_found() {
    let house = House::open().await;
    for number in 0..5 {
        let query = arguments(json!({ "query": format!("x{number}") }));
        house.client("Agent").call("memory_search", query).await.unwrap();
    }
    let log = house.log();
    let folder = tempfile::TempDir::new().unwrap();
    let copy = folder.path().join("audit.log");
    let (_, _kept) = house.end_keeping().await;
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&copy, &text).unwrap();
    let whole = gateway::verify(&copy).unwrap();
    assert_eq!(whole.records as usize, text.lines().count());
    let lines: Vec<&str> = text.lines().collect();
    let swapped = [lines[0], lines[2], lines[1], lines[3]].join("\n") + "\n";
    let changes = [
        ("a word", text.replacen("memory_search", "memory_delete", 1)),
        ("a number", text.replacen("\"ok\"", "\"no\"", 1)),
        ("a record taken out", [&lines[..2], &lines[3..]].concat().join("\n") + "\n"),
        ("a record twice", format!("{text}{}\n", lines[lines.len() - 1])),
        ("two records swapped", swapped),
        ("the first taken off", lines[1..].join("\n") + "\n"),
        ("half a record", text[..text.len() - 20].to_owned()),
        ("something else", format!("{text}hello\n")),
    ];
    for (what, changed) in changes {
        std::fs::write(&copy, changed).unwrap();
        assert!(gateway::verify(&copy).is_err(), "{what} is not found");
    }
    assert!(gateway::verify(&folder.path().join("none.log")).is_err());
}

#[tokio::test]
async fn the_chain_goes_on_over_restarts_cut_off_ends_and_files_put_away() {
    let mut house = House::with("audit: { arguments: masked, rotate_mib: 1 }\n").await;
    let log = house.log();
    let long = "x".repeat(150);
    let agent = house.client("Agent");
    while !log.with_file_name("audit.log.000001").exists() {
        let several = (0..50).map(|_| {
            let query = arguments(json!({ "query": long, "tags": vec![long.clone(); 40] }));
            agent.call("memory_search", query)
        });
        futures::future::join_all(several).await;
    }
    let config = house.folder.path().join("gateway.yaml");
    house.served.stop().await.unwrap();
    house.gateway.shut_down().await;
    records_once(&log, |records| records.last().is_some_and(|record| record["kind"] == "ended")).await;
    // What a crash in the middle of writing leaves.
    let torn = std::fs::read_to_string(&log).unwrap() + "{\"seq\":999,\"at\":\"20";
    std::fs::write(&log, torn).unwrap();
    let options = gateway::Options { config, ..gateway::Options::default() };
    house.gateway = reopened(&options).await;
    house.served = house.gateway.serve().await.unwrap();
    let records = house.end().await;
    assert!(records.iter().any(|record| record["kind"] == "started"));
}

/// The writer of the gateway before lets go of the log a moment after it was dropped.
async fn reopened(options: &gateway::Options) -> gateway::Gateway {
    loop {
        match gateway::Gateway::open(options.clone()).await {
            Ok(gateway) => return gateway,
            Err(gateway::GatewayError::Audit { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn two_gateways_never_write_into_one_log() {
    let house = House::open().await;
    let config = house.folder.path().join("gateway.yaml");
    let second = gateway::Gateway::open(gateway::Options { config, ..gateway::Options::default() }).await;
    assert!(matches!(second, Err(gateway::GatewayError::Audit { .. })));
    assert_eq!(code(&house.client("Agent").call("memory_telemetry", arguments(json!({}))).await.unwrap()), "ok");
}
