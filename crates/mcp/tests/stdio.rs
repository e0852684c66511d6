//! Servers that are programs: real processes, good and bad.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chat::{Content, ErrorCode, ServerState};
use common::{LONG, call, is_ready, request, server, settled, state, stdio, until};
use mcp::{CallError, ServerConfig, ServersOptions, Transport};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Why it is not there.
async fn failure(config: ServerConfig) -> chat::ErrorReport {
    let name = config.name.clone();
    let servers = settled(vec![config]).await;
    let state = state(&servers, &name);
    servers.shutdown().await;
    match state {
        ServerState::Failed { error } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_good_server_is_ready_and_answers() {
    let servers = settled(vec![stdio("good", "good")]).await;
    assert!(matches!(state(&servers, "good"), ServerState::Ready { tools: 11, latency_ms } if latency_ms > 0.0));
    let output = call(&servers, "good", "echo", json!({ "text": "hi" })).await.unwrap();
    assert_eq!((output.model_text.as_str(), output.content), ("hi", vec![Content::Text { text: "hi".into() }]));
    let image = call(&servers, "good", "image", json!({})).await.unwrap();
    assert_eq!(image.model_text, "[image: image/png, 3 bytes]");
    let Err(CallError::ToolFailed { output }) = call(&servers, "good", "fail", json!({})).await else { panic!() };
    assert_eq!(output.model_text, "disk full");
    assert!(matches!(call(&servers, "good", "refuse", json!({})).await, Err(CallError::Rejected { code: -32602, .. })));
    assert!(matches!(call(&servers, "good", "nothing", json!({})).await, Err(CallError::NoSuchTool { .. })));
    assert!(matches!(call(&servers, "other", "echo", json!({})).await, Err(CallError::NoSuchServer { .. })));
    servers.shutdown().await;
}

#[tokio::test]
async fn the_catalogue_finds_what_models_mean() {
    let servers = settled(vec![stdio("b", "good"), stdio("a", "good")]).await;
    let tools = servers.tools();
    assert_eq!(tools.tools().first().map(|tool| tool.called.as_str()), Some("a__breed"));
    for spelling in ["b__echo", "B__Echo", "b.echo", "b_echo"] {
        assert_eq!(tools.find(spelling).map(|tool| tool.server.as_str()), Some("b"), "{spelling}");
    }
    servers.enable("b", false).await;
    until(&servers, "b", |server| server.state == ServerState::Off).await;
    assert!(servers.tools().find("b__echo").is_none());
    servers.shutdown().await;
}

#[tokio::test]
async fn only_named_variables_are_passed_on() {
    let mut config = stdio("good", "good");
    if let Transport::Stdio { env, .. } = &mut config.transport {
        env.insert("MINE".into(), "1".into());
    }
    let servers = settled(vec![config]).await;
    let names = call(&servers, "good", "variables", json!({})).await.unwrap().model_text;
    assert!(names.split(' ').any(|name| name == "MINE") && names.split(' ').any(|name| name == "PATH"), "{names}");
    assert!(!names.contains("CARGO") && !names.contains("NEXTEST"), "{names}");
    servers.shutdown().await;
}

/// However close on its heels the result comes.
#[tokio::test]
async fn all_that_is_told_before_a_result_is_heard_before_it() {
    let servers = settled(vec![stdio("good", "good")]).await;
    for _ in 0..50 {
        let heard = Mutex::new(vec![]);
        let steps = request("good", "progress", json!({ "steps": 20, "ms": 0 }));
        let output =
            servers.call(steps, |progress| heard.lock().unwrap().push(progress.done), Default::default()).await;
        assert_eq!(output.unwrap().model_text, "done");
        assert_eq!(heard.into_inner().unwrap(), (1..=20).map(f64::from).collect::<Vec<_>>());
    }
    servers.shutdown().await;
}

#[tokio::test]
async fn progress_is_told_and_keeps_a_call_alive() {
    let servers = settled(vec![stdio("good", "good")]).await;
    let heard = Arc::new(Mutex::new(vec![]));
    let ears = heard.clone();
    // Each step is shorter than the deadline, all of them together are longer.
    let mut slow = request("good", "progress", json!({ "steps": 8, "ms": 150 }));
    slow.timeout = Some(Duration::from_millis(900));
    let output = servers.call(slow, move |progress| ears.lock().unwrap().push(progress.done), Default::default()).await;
    assert_eq!(output.unwrap().model_text, "done");
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard, (1..=8).map(f64::from).collect::<Vec<_>>());

    let mut silent = request("good", "slow", json!({ "ms": 60_000 }));
    silent.timeout = Some(Duration::from_millis(50));
    let error = servers.call(silent, |_| (), Default::default()).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { total: false, .. }));
    let mut endless = request("good", "progress", json!({ "steps": 10_000, "ms": 5 }));
    endless.limit = Some(Duration::from_millis(100));
    let error = servers.call(endless, |_| (), Default::default()).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { total: true, .. }));
    servers.shutdown().await;
}

#[tokio::test]
async fn stopping_a_call_tells_the_server() {
    let servers = settled(vec![stdio("good", "good")]).await;
    let stop = CancellationToken::new();
    let heard = stop.clone();
    // Stopped once it is surely under way: at its first progress.
    let running = request("good", "progress", json!({ "steps": 10_000, "ms": 5 }));
    let error = servers.call(running, move |_| heard.cancel(), stop).await.unwrap_err();
    assert_eq!(error, CallError::Stopped);
    // The notification is on its way by now; the server answers it in its own time.
    let told = async {
        while call(&servers, "good", "cancelled", json!({})).await.unwrap().model_text != "1" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, told).await.unwrap();
    servers.shutdown().await;
}

#[tokio::test]
async fn calls_to_one_server_run_side_by_side() {
    let servers = settled(vec![stdio("good", "good")]).await;
    let slow = || call(&servers, "good", "slow", json!({ "ms": 200 }));
    let begun = Instant::now();
    slow().await.unwrap();
    let one = begun.elapsed();
    let begun = Instant::now();
    let (a, b, c, d) = tokio::join!(slow(), slow(), slow(), slow());
    let four = begun.elapsed();
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert!(four < one * 3, "one took {one:?}, four took {four:?}");
    servers.shutdown().await;
}

#[tokio::test]
async fn twenty_servers_start_side_by_side() {
    let begun = Instant::now();
    let alone = settled(vec![stdio("one", "starts-late")]).await;
    let one = begun.elapsed();
    alone.shutdown().await;
    let begun = Instant::now();
    let servers = settled((0..20).map(|number| stdio(&format!("s{number}"), "starts-late")).collect()).await;
    let twenty = begun.elapsed();
    assert_eq!(servers.snapshot().iter().filter(|server| is_ready(&server.state)).count(), 20);
    assert_eq!(servers.tools().tools().len(), 220);
    assert!(twenty < one * 6, "one took {one:?}, twenty took {twenty:?}");
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_loses_it_and_comes_back() {
    let servers = settled(vec![stdio("mortal", "good")]).await;
    let error = call(&servers, "mortal", "die", json!({})).await.unwrap_err();
    assert!(matches!(&error, CallError::Lost { server, .. } if server == "mortal"), "{error:?}");
    assert_eq!(error.report().code, ErrorCode::ServerUnavailable);
    until(&servers, "mortal", |server| matches!(server.state, ServerState::Reconnecting { .. })).await;
    assert!(!server(&servers, "mortal").tools.is_empty(), "what it offered stays known");
    until(&servers, "mortal", |server| is_ready(&server.state)).await;
    assert_eq!(call(&servers, "mortal", "echo", json!({ "text": "back" })).await.unwrap().model_text, "back");
    servers.shutdown().await;
}

#[tokio::test]
async fn what_it_said_last_explains_why_it_died() {
    let servers = settled(vec![stdio("mortal", "dies-in-call")]).await;
    call(&servers, "mortal", "echo", json!({})).await.unwrap_err();
    let lost = until(&servers, "mortal", |server| matches!(server.state, ServerState::Reconnecting { .. })).await;
    let ServerState::Reconnecting { error, .. } = lost.state else { panic!() };
    let cause = error.cause.unwrap();
    assert!(cause.contains("exit code 9") && cause.contains("segmentation fault"), "{cause}");
    servers.shutdown().await;
}

#[tokio::test]
async fn bad_starts_are_explained() {
    let exited = failure(stdio("bad", "exit-at-once")).await;
    let cause = exited.cause.unwrap();
    assert!(cause.contains("exit code 3") && cause.contains("no such database"), "{cause}");

    let mut silent = stdio("bad", "silent");
    silent.start_timeout = Duration::from_millis(200);
    assert_eq!(failure(silent).await.code, ErrorCode::TimedOut);

    let mut missing = stdio("bad", "good");
    missing.transport =
        Transport::Stdio { command: "/nowhere/npx".into(), args: vec![], env: Default::default(), cwd: None };
    let missing = failure(missing).await;
    assert!(missing.cause.unwrap().contains("npx") && missing.fix.unwrap().contains("nodejs.org"));
}

#[tokio::test]
async fn odd_servers_work_nevertheless() {
    let modes = ["malformed-tools", "repeats-cursor", "noise-on-stdout", "stderr-flood", "modern"];
    let servers = settled(modes.iter().map(|mode| stdio(mode, mode)).collect()).await;
    for mode in modes {
        assert!(is_ready(&state(&servers, mode)), "{mode}: {:?}", state(&servers, mode));
        let output = call(&servers, mode, "echo", json!({ "text": mode })).await.unwrap();
        assert_eq!(output.model_text, mode);
    }
    let malformed = server(&servers, "malformed-tools").tools;
    assert_eq!(malformed.iter().map(|tool| tool.warnings.len()).collect::<Vec<_>>(), [0, 1, 2]);
    let names: Vec<String> = server(&servers, "repeats-cursor").tools.iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(names, ["echo", "slow"]);
    until(&servers, "stderr-flood", |server| server.log.len() == 200).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_changed_list_is_read_anew() {
    let servers = settled(vec![stdio("good", "good")]).await;
    call(&servers, "good", "grow", json!({})).await.unwrap();
    until(&servers, "good", |server| server.tools.iter().any(|tool| tool.name == "grown-0")).await;
    assert!(servers.tools().find("good__grown-0").is_some());
    servers.shutdown().await;
}

#[tokio::test]
async fn what_was_offered_is_known_before_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServersOptions { catalogue: Some(folder.path().join("tools.json")), ..Default::default() };
    let servers = mcp::Servers::start(options.clone(), vec![stdio("good", "good")]);
    servers.settled(LONG).await;
    let tools = server(&servers, "good").tools;
    servers.shutdown().await;
    let servers = mcp::Servers::start(options, vec![stdio("good", "good"), stdio("other", "good")]);
    assert_eq!(server(&servers, "good").tools, tools);
    assert!(servers.tools().tools().is_empty(), "nothing can be called yet");
    servers.shutdown().await;
}

#[tokio::test]
async fn servers_come_go_and_change() {
    let servers = settled(vec![]).await;
    servers.put(stdio("one", "good")).await;
    until(&servers, "one", |server| is_ready(&server.state)).await;
    servers.put(stdio("one", "exit-at-once")).await;
    until(&servers, "one", |server| matches!(server.state, ServerState::Failed { .. })).await;
    servers.put(stdio("one", "good")).await;
    until(&servers, "one", |server| is_ready(&server.state)).await;
    servers.reconnect("one").await;
    until(&servers, "one", |server| is_ready(&server.state)).await;
    servers.enable("one", false).await;
    until(&servers, "one", |server| server.state == ServerState::Off).await;
    servers.remove("one").await;
    assert!(servers.snapshot().is_empty());
    servers.shutdown().await;
}

/// Whoever calls may do so from a task of its own.
#[tokio::test]
async fn everything_can_be_awaited_in_a_task() {
    let servers = settled(vec![]).await;
    let tasks = servers.clone();
    let task = tokio::spawn(async move {
        tasks.settled(LONG).await;
        tasks.put(stdio("one", "good")).await;
        tasks.settled(LONG).await;
        tasks.enable("one", true).await;
        let output = tasks.call(request("one", "echo", json!({ "text": "hi" })), |_| (), Default::default()).await;
        tasks.reconnect("one").await;
        tasks.remove("one").await;
        tasks.shutdown().await;
        output.map(|output| output.model_text)
    });
    assert_eq!(task.await.unwrap(), Ok("hi".to_owned()));
}

#[tokio::test]
async fn how_a_server_is_started_can_be_seen() {
    let mut config = stdio("good", "good");
    if let Transport::Stdio { args, env, .. } = &mut config.transport {
        args.extend(["--token".into(), "hunter2".into()]);
        env.insert("MINE".into(), "hunter2".into());
    }
    let lost = ServerConfig::new(
        "lost",
        Transport::Stdio { command: "npx-not-there".into(), args: vec![], env: Default::default(), cwd: None },
    );
    let servers = settled(vec![config, lost, common::http("web", "http://127.0.0.1:9/")]).await;
    let launch = servers.launch("good").await.unwrap();
    assert_eq!(launch.program, Some(common::fixture()));
    assert_eq!(launch.path.first().map(std::path::Path::new), std::path::Path::new(&common::fixture()).parent());
    assert!(launch.variables.contains(&"MINE".to_owned()) && !launch.variables.contains(&"CARGO".to_owned()));
    assert!(launch.line.ends_with("good --token •••") && !format!("{launch:?}").contains("hunter2"), "{launch:?}");
    let launch = servers.launch("lost").await.unwrap();
    assert!(launch.program.is_none() && launch.problem.unwrap().cause.unwrap().contains("was not found"));
    assert_eq!(servers.launch("web").await, None);
    servers.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_sandbox_keeps_a_program_to_what_was_chosen_or_it_does_not_run() {
    let (open, shut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let note = |folder: &tempfile::TempDir| folder.path().join("note").display().to_string();
    std::fs::write(note(&open), "this may be read").unwrap();
    std::fs::write(note(&shut), "this may not").unwrap();
    // It says what it sees, then is the server.
    let script = format!("cat {} {} >&2; exec {} good", note(&open), note(&shut), common::fixture());
    let args = vec!["-c".into(), script];
    let sh = Transport::Stdio { command: "/bin/sh".into(), args, env: Default::default(), cwd: None };
    let mut config = ServerConfig::new("good", sh);
    let own = std::path::Path::new(&common::fixture()).parent().unwrap().display().to_string();
    let (read, write) = (vec![own], vec![open.path().display().to_string()]);
    config.sandbox = Some(chat::Sandbox { read, write, network: false });
    let servers = settled(vec![config]).await;
    match state(&servers, "good") {
        ServerState::Ready { .. } => {
            let seen = server(&servers, "good").log.join("\n");
            assert!(seen.contains("this may be read") && !seen.contains("this may not"), "{seen}");
            assert!(servers.launch("good").await.unwrap().line.contains("--unshare-all"));
        }
        // Where no sandbox can be made, nothing runs without one.
        ServerState::Failed { error } => {
            let cause = error.cause.unwrap();
            assert!(cause.contains("sandbox") || cause.contains("bwrap"), "{cause}");
        }
        other => panic!("{other:?}"),
    }
    servers.shutdown().await;
}

#[tokio::test]
async fn calls_wait_for_their_turn_and_tools_that_are_off_are_not_there() {
    let mut config = stdio("good", "good");
    config.parallel = 1;
    config.disabled_tools = vec!["fail".into()];
    let servers = settled(vec![config]).await;
    assert!(servers.tools().find("good__fail").is_none() && servers.tools().find("good__echo").is_some());
    assert!(matches!(call(&servers, "good", "fail", json!({})).await, Err(CallError::NoSuchTool { .. })));
    let stop = CancellationToken::new();
    let under_way = Arc::new(tokio::sync::Notify::new());
    let begun = under_way.clone();
    let long = request("good", "progress", json!({ "steps": 10_000, "ms": 5 }));
    let first = servers.call(long, move |_| begun.notify_one(), stop.clone());
    let second = async {
        under_way.notified().await;
        let waiting = call(&servers, "good", "echo", json!({ "text": "mine" }));
        tokio::pin!(waiting);
        // It has its turn only when the first is done.
        assert!(futures::poll!(&mut waiting).is_pending());
        stop.cancel();
        waiting.await.unwrap().model_text
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap_err(), second.as_str()), (CallError::Stopped, "mine"));
    servers.shutdown().await;
}
