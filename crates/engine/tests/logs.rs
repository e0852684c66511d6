//! Everything that happens can be found in the log, and no secret can.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::sync::Arc;

use common::{Desk, allow, fixture};
use engine::logging::{self, LogFilter, LogLevel, LogWishes};
use mcp::{MemorySecrets, Secret, Secrets, Transport};
use serde_json::json;
use testkit::Round;

const KEY: &str = "the-providers-own-planted-key";
const TOKEN: &str = "planted token \"of\" a server";
const PASTED: &str = "sk-planted0123456789abcdef";

#[tokio::test]
async fn the_log_tells_everything_but_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs/loquat.log");
    let given = LogWishes { level: Some(LogLevel::Debug), file: Some(path.clone()), console: Some(false) };
    logging::start(given, LogWishes::default());

    let secrets = Arc::new(MemorySecrets::default());
    secrets.set("provider/custom", Secret::new(KEY)).await.unwrap();
    secrets.set("server/fixture.TOKEN", Secret::new(TOKEN)).await.unwrap();
    let rounds = vec![
        Round::new().call(
            "a",
            "fixture__echo",
            json!({ "text": format!("{TOKEN} and {KEY} and {PASTED}"), "password": "hunter2" }),
        ),
        Round::text("it was said").usage(3, 2, 1),
    ];
    let desk = Desk::with(rounds, |options| {
        let mut server = fixture("good");
        if let Transport::Stdio { env, .. } = &mut server.transport {
            env.insert("TOKEN".into(), "${secret:fixture.TOKEN}".into());
        }
        options.servers = Some(vec![server]);
        options.secrets = Some(secrets);
    })
    .await;
    let answer = |engine: &engine::Engine, told: &common::Told| {
        if let Some(call) = told.waiting() {
            allow(engine, call);
        }
    };
    let told = desk.ask_in(None, &format!("say {PASTED}"), answer).await;
    assert_eq!(told.text(), "it was said");
    let recent = desk.engine.recent_logs(&LogFilter { part: Some("call".into()), ..LogFilter::default() });
    assert!(recent.iter().any(|record| record.level == LogLevel::Info && record.text.contains("echo")), "{recent:?}");
    // What crashes may have had a secret in its hands.
    std::panic::catch_unwind(|| panic!("{TOKEN} was not expected, nor {PASTED}")).unwrap_err();
    desk.finish().await;
    logging::flush();

    let written = std::fs::read_to_string(&path).unwrap();
    for there in [
        "tools/call",
        "→ {\"model\":\"scripted\"",
        "← it was said",
        "tokens: 3 in, 1 of them cached, 2 out",
        "INFO  call: succeeded",
        "ERROR crash: ",
        "tests/logs.rs",
        " was not expected, nor ",
    ] {
        assert!(written.contains(there), "{there} is missing in\n{written}");
    }
    let escaped = TOKEN.replace('"', "\\\"");
    for secret in [KEY, TOKEN, escaped.as_str(), PASTED, "hunter2"] {
        assert!(!written.contains(secret), "{secret} stands in\n{written}");
    }
    assert!(written.contains("•••"));
}
