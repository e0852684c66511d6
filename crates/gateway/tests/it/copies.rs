//! Several copies of one gateway: what is said, counted, made and written at one holds for all.

use std::time::Duration;

use gateway::{Client, ClientError, DevBackend, Gateway, Options, Served, SharedKeys};
use mcp::Secret;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{TestPostgres, TestRedis};

use crate::common::{arguments, code, configuration, keys};

pub(crate) struct Copies {
    copies: Vec<(Gateway, Served)>,
    keys: Vec<(String, String)>,
    database: Secret,
    postgres: TestPostgres,
    redis: TestRedis,
    backend: DevBackend,
    _folder: TempDir,
}

impl Copies {
    pub(crate) async fn open(more: &str) -> Self {
        let backend = DevBackend::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (postgres, redis) = (TestPostgres::start(), TestRedis::start());
        let (database, folder, keys) = (Secret::new(postgres.url()), TempDir::new().unwrap(), keys());
        let config = folder.path().join("gateway.yaml");
        std::fs::write(&config, configuration(&format!("http://{}", backend.address()), &keys, more)).unwrap();
        let open = || async {
            let redis = Some(Secret::new(redis.url()));
            let database = Some(database.clone());
            let options = Options { config: config.clone(), database, redis, ..Options::default() };
            let gateway = Gateway::open(options).await.unwrap();
            let served = gateway.serve().await.unwrap();
            (gateway, served)
        };
        let copies = futures::future::join_all([open(), open()]).await;
        Self { copies, keys, database, postgres, redis, backend, _folder: folder }
    }

    pub(crate) fn key(&self, role: &str) -> &str {
        &self.keys.iter().find(|(known, _)| known == role).unwrap().1
    }

    pub(crate) fn url(&self, copy: usize) -> String {
        self.copies[copy].1.url()
    }

    fn client(&self, copy: usize, role: &str) -> Client {
        self.client_with(copy, self.key(role))
    }

    fn client_with(&self, copy: usize, key: &str) -> Client {
        Client::new(self.url(copy), Some(key.to_owned())).unwrap()
    }

    /// Whether the backend was ever sent it.
    async fn remembers(&self, content: &str) -> bool {
        let url = format!("http://{}/mcp/memory/search", self.backend.address());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(url).json(&json!({ "query": content })).send().await.unwrap();
        answer.text().await.unwrap().contains(&format!("\"content\":\"{content}\""))
    }

    pub(crate) async fn end(&mut self) {
        while !self.copies.is_empty() {
            self.end_one(0).await;
        }
    }

    /// The others stay, each a place further to the front.
    pub(crate) async fn end_one(&mut self, copy: usize) {
        let (gateway, served) = self.copies.remove(copy);
        served.stop().await.unwrap();
        gateway.shut_down().await;
    }
}

#[tokio::test]
async fn copies_count_together_and_write_one_log() {
    let limits = "rate_limits: { default_per_minute: 100000, per_actor_per_minute: 100000, \
                  tools: [{ tool: memory_search, requests: 7, window_seconds: 3600 }] }\n";
    let mut copies = Copies::open(limits).await;
    let mut passed = 0;
    for call in 0..14 {
        let client = copies.client(call % 2, "Agent");
        let result = client.call("memory_search", arguments(json!({ "query": "x" }))).await.unwrap();
        match code(&result).as_str() {
            "ok" => passed += 1,
            other => assert_eq!(other, "rate_limited"),
        }
    }
    assert_eq!(passed, 7);
    copies.end().await;
    // Twice each: begun and ended.
    let verified = gateway::verify_in(&copies.database).await.unwrap();
    assert_eq!(verified.records, 14 + 4, "{verified:?}");
}

#[tokio::test]
async fn a_yes_at_one_copy_lets_a_call_run_at_another_once() {
    let mut copies = Copies::open("security: { approvals: { mode: person, wait_seconds: 600 } }\n").await;
    let (agent, admin) = (copies.client(0, "Agent"), copies.client(1, "Admin"));
    let delete = arguments(json!({ "memory_id": "MEM-0001", "user_approved": true }));
    let answering = async {
        let id = loop {
            if let Some(first) = admin.approvals().await.unwrap().into_iter().next() {
                break first["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let own = copies.client(1, "Agent").answer(&id, true).await;
        assert!(matches!(own, Err(ClientError::Refused { status: 403, .. })), "{own:?}");
        admin.answer(&id, true).await.unwrap();
        let again = copies.client(0, "Admin").answer(&id, true).await;
        assert!(matches!(again, Err(ClientError::Refused { status: 404, .. })), "{again:?}");
    };
    let (result, ()) = tokio::join!(agent.call("memory_delete", delete), answering);
    assert_eq!(code(&result.unwrap()), "ok");
    copies.end().await;
    assert_eq!(gateway::verify_in(&copies.database).await.unwrap().records, 4 + 3);
}

#[tokio::test]
async fn keys_made_once_are_known_everywhere_until_they_are_revoked() {
    let mut copies = Copies::open("").await;
    let ring = SharedKeys::open(&copies.database).await.unwrap();
    let made = ring.create("robot", "default", &["Agent".to_owned()]).await.unwrap();
    assert!(ring.create("robot", "default", &["Agent".to_owned()]).await.is_err(), "the name is taken");
    let told = async |copy: usize, known: bool| {
        let client = copies.client_with(copy, &made.key);
        let outcome = async || client.call("memory_telemetry", arguments(json!({}))).await;
        let asking = async {
            while matches!(outcome().await, Ok(result) if code(&result) == "ok") != known {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
    };
    for copy in 0..2 {
        told(copy, true).await;
    }
    ring.revoke("robot").await.unwrap();
    for copy in 0..2 {
        told(copy, false).await;
    }
    assert!(ring.list().await.unwrap()[0].revoked);
    copies.end().await;
}

#[tokio::test]
async fn without_its_databases_nothing_is_done_and_with_them_all_goes_on() {
    let mut copies = Copies::open("rate_limits: { default_per_minute: 100000, per_actor_per_minute: 100000 }\n").await;
    let agent = copies.client(0, "Agent");
    let write = async |content: &str| agent.call("memory_write", arguments(json!({ "content": content }))).await;
    assert_eq!(code(&write("first").await.unwrap()), "ok");
    copies.redis.kill();
    let refused = write("uncounted").await;
    assert!(matches!(refused, Err(ClientError::Refused { status: 503, .. })), "{refused:?}");
    copies.redis.start_again();
    let well = async |content: &str| {
        let trying = async {
            loop {
                match write(content).await {
                    Ok(result) if code(&result) == "ok" => return,
                    other => drop::<Result<Value, ClientError>>(other),
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), trying).await.unwrap();
    };
    well("counted again").await;
    copies.postgres.kill();
    // It is taken, and waits for the log before anything is done. That the log refused it is told by the gateway's
    // health; by then the backend would know of it, if it had been sent.
    let refused = async {
        while !matches!(agent.health().await, Err(ClientError::Refused { status: 503, .. })) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        copies.remembers("unwritten").await
    };
    let known = tokio::select! {
        biased;
        done = write("unwritten") => panic!("it was answered although it could not be written down: {done:?}"),
        known = refused => known,
    };
    assert!(!known && copies.remembers("first").await);
    copies.postgres.start_again();
    well("written again").await;
    copies.end().await;
    gateway::verify_in(&copies.database).await.unwrap();
}

#[tokio::test]
async fn every_change_to_the_log_in_the_database_is_found_and_most_are_refused() {
    let mut copies = Copies::open("").await;
    for _ in 0..3 {
        copies.client(0, "Agent").call("memory_telemetry", arguments(json!({}))).await.unwrap();
    }
    copies.end().await;
    let whole = gateway::verify_in(&copies.database).await.unwrap();
    assert_eq!(whole.records, 7);
    let refused = copies.postgres.run("UPDATE audit SET line = replace(line, 'ok', 'no') WHERE seq = 3");
    assert!(refused.is_err_and(|words| words.contains("only grows")));
    assert!(copies.postgres.run("DELETE FROM audit").is_err() && copies.postgres.run("TRUNCATE audit").is_err());
    // Whoever owns the database can take the guard away; then it is found.
    let change =
        "ALTER TABLE audit DISABLE TRIGGER USER; UPDATE audit SET line = replace(line, 'ok', 'no') WHERE seq = 3";
    copies.postgres.run(change).unwrap();
    let found = gateway::verify_in(&copies.database).await.unwrap_err();
    assert!(found.to_string().contains("record 3"), "{found}");
    let back = "UPDATE audit SET line = replace(line, 'no', 'ok') WHERE seq = 3; DELETE FROM audit WHERE seq = 7";
    copies.postgres.run(back).unwrap();
    let found = gateway::verify_in(&copies.database).await.unwrap_err();
    assert!(found.to_string().contains("missing"), "{found}");
}
