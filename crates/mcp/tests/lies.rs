//! Servers that lie: each lie costs what it must and no more, and nobody else notices.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::time::Duration;

use chat::ServerState;
use common::{call, is_ready, server, settled, state, stdio, until};
use mcp::{CallError, ServerConfig, Transport};
use serde_json::json;

/// What becomes of the server, and of a call of `echo`.
enum Cost {
    /// Nothing: so many tools, and the call is answered with these words.
    Nothing(usize, &'static str),
    /// Its tools.
    Tools,
    /// The call alone.
    Call,
    /// The server; its report says this.
    Server(&'static str),
}
use Cost::{Call, Nothing, Server, Tools};

static LIES: [(&str, Cost); 60] = [
    ("start:banner", Nothing(1, "true")),
    ("start:binary", Nothing(1, "true")),
    ("start:half", Nothing(1, "true")),
    ("start:empty-lines", Nothing(1, "true")),
    ("start:asks", Nothing(1, "true")),
    ("start:answers", Nothing(1, "true")),
    ("start:notifies", Nothing(1, "true")),
    ("start:long-noise", Nothing(1, "true")),
    ("start:exits", Server("exit code 7")),
    ("exit:server/discover", Nothing(1, "true")),
    ("exit:initialize", Server("exit code 9")),
    ("exit:notifications/initialized", Server("exit code 9")),
    ("exit:tools/list", Server("exit code 9")),
    ("exit:ping", Server("exit code 9")),
    ("exit:tools/call", Call),
    ("hang:server/discover", Nothing(1, "true")),
    ("hang:initialize", Server("did not answer")),
    ("hang:notifications/initialized", Nothing(1, "true")),
    ("hang:tools/call", Call),
    ("id:text", Nothing(1, "true")),
    ("id:float", Nothing(1, "true")),
    ("say:more", Nothing(1, "true")),
    ("say:twice", Nothing(1, "true")),
    ("say:noise", Nothing(1, "true")),
    ("say:foreign", Nothing(1, "true")),
    ("say:broken", Nothing(1, "true")),
    ("say:batch", Nothing(1, "true")),
    ("say:crlf", Nothing(1, "true")),
    ("say:storm", Nothing(1, "true")),
    ("say:version", Server("did not answer")),
    ("discover:empty", Nothing(1, "true")),
    ("discover:text", Nothing(1, "true")),
    ("discover:old", Nothing(1, "true")),
    ("discover:odd-error", Nothing(1, "true")),
    ("discover:spoils", Nothing(1, "true")),
    ("initialize:no-info", Nothing(1, "true")),
    ("initialize:no-version", Nothing(1, "true")),
    ("initialize:flag", Nothing(1, "true")),
    ("initialize:no-capabilities", Nothing(1, "true")),
    ("initialize:number", Nothing(1, "true")),
    ("initialize:instructions", Nothing(1, "true")),
    ("initialize:future", Nothing(1, "true")),
    ("initialize:text", Server("cannot be used")),
    ("initialize:refuses", Server("the licence has expired")),
    ("list:null", Tools),
    ("list:text", Tools),
    ("list:no-tools", Tools),
    ("list:tools-null", Tools),
    ("list:tools-object", Tools),
    ("list:mixed", Nothing(2, "true")),
    ("list:twins", Nothing(1, "true")),
    ("list:long-words", Nothing(2, "true")),
    ("list:long-name", Nothing(2, "true")),
    ("list:endless", Nothing(100, "")),
    ("list:same-cursor", Nothing(1, "true")),
    ("list:empty-cursor", Nothing(1, "true")),
    ("list:odd-cursor", Nothing(1, "true")),
    ("list:nested", Nothing(2, "true")),
    ("list:abyss", Nothing(2, "true")),
    ("list:refuses", Server("the database is away")),
];

/// What the answers to a call can be, and what the model reads of them.
const ANSWERS: [(&str, Option<&str>); 11] = [
    ("call:null", Some("")),
    ("call:empty", Some("")),
    ("call:text", Some("")),
    ("call:content-text", Some("")),
    ("call:odd-blocks", Some("hi")),
    ("call:flag", Some("hi")),
    ("call:long", Some("long")),
    ("call:many", Some("hi")),
    ("call:progress", Some("hi")),
    ("call:abyss", Some("hi")),
    ("call:odd-error", None),
];

fn liar(lie: &str) -> ServerConfig {
    let mut config = stdio(&lie.replace([':', '/'], "-"), lie);
    if let Transport::Stdio { command, .. } = &mut config.transport {
        *command = command.replace("mcp-fixture", "mcp-liar");
    }
    if ["hang:initialize", "say:version"].contains(&lie) {
        config.start_timeout = Duration::from_secs(2);
    }
    let unanswered = ["hang:tools/call", "call:odd-error"].contains(&lie);
    config.call_timeout = if unanswered { Duration::from_millis(300) } else { Duration::from_secs(60) };
    config
}

async fn check(lie: &'static str, cost: &'static Cost) {
    let config = liar(lie);
    let name = config.name.clone();
    let servers = settled(vec![config, stdio("good", "good")]).await;
    let standing = state(&servers, &name);
    let tools = server(&servers, &name).tools.len();
    let called = async || call(&servers, &name, "echo", json!({ "text": "true" })).await;
    match cost {
        Nothing(count, words) => {
            assert!(is_ready(&standing), "{lie}: {standing:?}");
            assert_eq!(tools, *count, "{lie}");
            if !words.is_empty() {
                assert_eq!(called().await.map(|output| output.model_text).as_deref(), Ok(*words), "{lie}");
            }
        }
        Tools => {
            assert!(is_ready(&standing), "{lie}: {standing:?}");
            assert!(matches!(called().await, Err(CallError::NoSuchTool { .. })), "{lie}");
        }
        Call => {
            assert!(is_ready(&standing), "{lie}: {standing:?}");
            let error = called().await.unwrap_err();
            assert!(matches!(error, CallError::Lost { .. } | CallError::TimedOut { .. }), "{lie}: {error:?}");
            until(&servers, &name, |server| is_ready(&server.state)).await;
        }
        Server(words) => {
            let ServerState::Failed { error } = &standing else { panic!("{lie}: {standing:?}") };
            let said = format!("{} {}", error.message, error.cause.as_deref().unwrap_or_default());
            assert!(said.contains(words) && error.fix.is_some(), "{lie}: {error:?}");
        }
    }
    assert_eq!(call(&servers, "good", "echo", json!({ "text": "fine" })).await.unwrap().model_text, "fine", "{lie}");
    servers.shutdown().await;
}

async fn check_all(lies: &'static [(&str, Cost)]) {
    let mut wrong = vec![];
    // A few side by side: most of the time is spent waiting for processes.
    for some in lies.chunks(6) {
        let checks: Vec<_> = some.iter().map(|(lie, cost)| (lie, tokio::spawn(check(lie, cost)))).collect();
        for (lie, check) in checks {
            if check.await.is_err() {
                wrong.push(lie);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn lies_at_the_start_cost_what_they_must() {
    check_all(&LIES[..30]).await;
}

#[tokio::test]
async fn lies_about_oneself_and_ones_tools_cost_what_they_must() {
    check_all(&LIES[30..]).await;
}

#[tokio::test]
async fn odd_answers_cost_a_call_at_most() {
    let servers = settled(ANSWERS.iter().map(|(lie, _)| liar(lie)).collect()).await;
    for (lie, expected) in ANSWERS {
        let name = liar(lie).name;
        assert!(is_ready(&state(&servers, &name)), "{lie}: {:?}", state(&servers, &name));
        let answer = call(&servers, &name, "echo", json!({})).await;
        match expected {
            Some(words) => {
                let text = answer.unwrap_or_else(|error| panic!("{lie}: {error}")).model_text;
                assert!(text.contains(words), "{lie}: {text}");
            }
            None => assert!(matches!(answer, Err(CallError::Rejected { .. } | CallError::TimedOut { .. })), "{lie}"),
        }
        assert!(is_ready(&state(&servers, &name)), "{lie}: {:?}", state(&servers, &name));
    }
    servers.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_killed_twenty_times_during_calls_is_back_each_time() {
    let servers = settled(vec![stdio("mortal", "good")]).await;
    let mut gone = vec![];
    for time in 0..20 {
        let pid: u32 = call(&servers, "mortal", "breed", json!({})).await.unwrap().model_text.parse().unwrap();
        gone.push(pid);
        let error = call(&servers, "mortal", "die", json!({})).await.unwrap_err();
        assert!(matches!(error, CallError::Lost { .. }), "{time}: {error:?}");
        until(&servers, "mortal", |server| !is_ready(&server.state)).await;
        until(&servers, "mortal", |server| is_ready(&server.state)).await;
    }
    servers.shutdown().await;
    // What it started went with it, each time.
    for pid in gone {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(status.is_empty() || status.contains(") Z"), "{pid} is left: {status}");
    }
}
