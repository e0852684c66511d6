//! Prompts, resources, completion, subscriptions and logs, in both eras, against a real child process.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use chat::{Blank, LogLevel};
use common::{LONG, asker, call, settled, stdio, until};
use mcp::{Attendance, ServerChange, Servers};
use serde_json::{Map, json};
use tokio::{sync::broadcast::Receiver, time::timeout};

const ERAS: [&str; 2] = ["legacy", "modern"];

#[tokio::test]
async fn prompts_are_listed_and_filled() {
    for mode in ERAS {
        let servers = settled(vec![asker(mode)]).await;
        let prompts = servers.prompts("asker").await.unwrap();
        assert_eq!(prompts.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["greet"], "{mode}");
        assert!(prompts[0].arguments[0].required);
        let arguments = Map::from_iter([("who".to_owned(), json!("Ann"))]);
        let filled = servers.fill_prompt("asker", "greet", arguments, Attendance::default()).await.unwrap();
        assert_eq!(filled.text, "Hello Ann", "{mode}");
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn a_list_that_changed_is_fetched_anew() {
    let servers = settled(vec![asker("legacy")]).await;
    assert_eq!(servers.prompts("asker").await.unwrap().len(), 1);
    call(&servers, "asker", "grow", json!({})).await.unwrap();
    until(&servers, "asker", |server| server.offers.prompts_changed == 1).await;
    assert_eq!(servers.prompts("asker").await.unwrap().len(), 2);
    servers.shutdown().await;
}

#[tokio::test]
async fn resources_are_listed_over_pages_and_read() {
    for mode in ERAS {
        let servers = settled(vec![asker(mode)]).await;
        let list = servers.resources("asker").await.unwrap();
        let uris: Vec<&str> = list.resources.iter().map(|it| it.uri.as_str()).collect();
        assert_eq!(uris, ["note://1", "note://2"], "{mode}");
        assert_eq!(list.templates.iter().map(|it| it.variables.join(",")).collect::<Vec<_>>(), ["day"]);
        let reading = servers.read_resource("asker", "note://1", Attendance::default()).await.unwrap();
        assert_eq!(reading.text, "text of note://1", "{mode}");
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn blanks_are_completed() {
    for mode in ERAS {
        let servers = settled(vec![asker(mode)]).await;
        let prompt = Blank::Prompt { name: "greet".into(), argument: "who".into() };
        let template = Blank::Template { uri_template: "note://{day}".into(), variable: "day".into() };
        for blank in [prompt, template] {
            let completion = servers.complete("asker", &blank, "An", Map::new()).await.unwrap();
            assert_eq!((completion.values, completion.more), (vec!["An!".to_owned()], false), "{mode}");
        }
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn who_subscribes_is_told() {
    for mode in ERAS {
        let servers = settled(vec![asker(mode)]).await;
        let mut changes = servers.changes();
        servers.subscribe("asker", "note://1").await.unwrap();
        assert_eq!(updated(&mut changes).await, ("asker".to_owned(), "note://1".to_owned()), "{mode}");
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn who_subscribed_is_told_over_a_new_connection_too() {
    for mode in ERAS {
        let servers = settled(vec![asker(mode)]).await;
        let mut changes = servers.changes();
        servers.subscribe("asker", "note://1").await.unwrap();
        updated(&mut changes).await;
        servers.reconnect("asker").await;
        assert_eq!(updated(&mut changes).await, ("asker".to_owned(), "note://1".to_owned()), "{mode}");
        servers.shutdown().await;
    }
}

/// The next resource that is said to be not what it was.
async fn updated(changes: &mut Receiver<ServerChange>) -> (String, String) {
    let told = async {
        loop {
            if let ServerChange::ResourceUpdated { server, uri } = changes.recv().await.unwrap() {
                return (server, uri);
            }
        }
    };
    timeout(LONG, told).await.unwrap()
}

#[tokio::test]
async fn log_messages_are_kept_with_their_level_and_without_secrets() {
    let servers = settled(vec![asker("legacy")]).await;
    call(&servers, "asker", "log", json!({})).await.unwrap();
    let lines = logged(&servers, 2).await;
    assert_eq!(lines.iter().map(|it| it.level).collect::<Vec<_>>(), [LogLevel::Debug, LogLevel::Warning]);
    assert_eq!(lines[0].logger.as_deref(), Some("db"));
    assert!(lines[1].text.starts_with("key ") && !lines[1].text.contains("0123456789"), "{}", lines[1].text);
    heard(&servers, r#"level "info""#).await;
    let sends = || servers.snapshot().iter().find(|server| server.config.name == "asker").unwrap().offers.sends;
    assert_eq!(sends(), Some(LogLevel::Info));
    servers.set_log_level("asker", LogLevel::Error).await.unwrap();
    heard(&servers, r#"level "error""#).await;
    assert_eq!(sends(), Some(LogLevel::Error));
    servers.shutdown().await;
}

/// Waits until the server has been told that.
async fn heard(servers: &Servers, words: &str) {
    let waiting = async {
        while !call(servers, "asker", "heard", json!({})).await.unwrap().model_text.contains(words) {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, waiting).await.unwrap();
}

async fn logged(servers: &Servers, count: usize) -> Vec<chat::LogLine> {
    let waiting = async {
        loop {
            let lines = servers.log_lines("asker");
            if lines.len() >= count {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, waiting).await.unwrap()
}

#[tokio::test]
async fn servers_of_the_newer_era_are_told_the_level_with_each_request() {
    let servers = settled(vec![asker("modern")]).await;
    servers.set_log_level("asker", LogLevel::Debug).await.unwrap();
    call(&servers, "asker", "log", json!({})).await.unwrap();
    let heard = call(&servers, "asker", "heard", json!({})).await.unwrap().model_text;
    assert!(heard.contains(r#"wanted "debug""#), "{heard}");
    servers.shutdown().await;
}

#[tokio::test]
async fn what_a_server_does_not_offer_is_not_asked_of_it() {
    let servers = settled(vec![stdio("plain", "good")]).await;
    assert_eq!(servers.prompts("plain").await.unwrap(), []);
    assert_eq!(servers.resources("plain").await.unwrap().resources, []);
    assert!(servers.prompts("nobody").await.is_err());
    servers.shutdown().await;
}
