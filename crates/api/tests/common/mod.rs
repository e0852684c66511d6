//! An API being served, with a scripted model behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::{Api, Door, KeyRights, Keys, Served};
use chat::{ModelRef, TurnStatus};
use engine::{AppEvent, Engine, Events, Home, Options, Settings};
use mcp::{MemorySecrets, ServerConfig, Transport};
use serde_json::Value;
use testkit::{Round, Script, program};

pub(crate) struct Service {
    pub(crate) engine: Engine,
    pub(crate) script: Script,
    /// The same file as the service's own.
    pub(crate) keys: Keys,
    pub(crate) key: String,
    events: std::sync::Mutex<Option<Events>>,
    served: Served,
    http: reqwest::Client,
    _home: tempfile::TempDir,
}

impl Service {
    /// With the help desk's servers.
    pub(crate) async fn start(rounds: Vec<Round>) -> Self {
        Self::with(rounds, None).await
    }

    /// With a server whose tools nobody allowed yet.
    pub(crate) async fn with_fixture(rounds: Vec<Round>) -> Self {
        let command = program("mcp-fixture").display().to_string();
        let transport = Transport::Stdio { command, args: vec!["good".into()], env: BTreeMap::new(), cwd: None };
        Self::with(rounds, Some(vec![ServerConfig::new("open", transport)])).await
    }

    async fn with(rounds: Vec<Round>, servers: Option<Vec<ServerConfig>>) -> Self {
        let script = Script::start(rounds).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let settings = Settings {
            model: Some(ModelRef { provider: "custom".into(), model: "scripted".into() }),
            custom_base_url: script.base_url(),
            ..Settings::default()
        };
        let options = Options {
            helpdesk: Some(program("loquat-helpdesk")),
            servers,
            settings: Some(settings),
            secrets: Some(Arc::new(MemorySecrets::default())),
            ..Options::new(Home::at(home.path()).unwrap())
        };
        let engine = Engine::open(options).await.unwrap();
        engine.servers_settled(Duration::from_secs(60)).await;
        let keys = Keys::open(home.path()).unwrap();
        let key = keys.create("test", KeyRights::default()).unwrap().key;
        let api = Api::new(engine.clone(), Keys::open(home.path()).unwrap(), Door::Loopback);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = api::serve(api, listener).unwrap();
        let events = std::sync::Mutex::new(Some(engine.subscribe().1));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { engine, script, keys, key, events, served, http, _home: home }
    }

    /// Another key, and when this returns the service knows it.
    pub(crate) fn key(&self, name: &str, allow: &[&str]) -> String {
        let allow = allow.iter().map(|it| (*it).to_owned()).collect();
        self.keys.create(name, KeyRights { allow, ..KeyRights::default() }).unwrap().key
    }

    pub(crate) fn small_key(&self, name: &str, budget: u64) -> String {
        self.keys.create(name, KeyRights { budget: Some(budget), ..KeyRights::default() }).unwrap().key
    }

    pub(crate) fn request(&self, path: &str, key: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("http://{}{path}", self.served.address()));
        if key.is_empty() { request } else { request.bearer_auth(key) }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_as(&self.key.clone(), path, body).await
    }

    /// A key that was made just now is not known at once: it is tried until it is, unless it never can be.
    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &Value) -> (u16, Value) {
        loop {
            let response = self.request(path, key).json(body).send().await.unwrap();
            let status = response.status().as_u16();
            let made = self.made(key);
            if status == 401 && made {
                tokio::task::yield_now().await;
                continue;
            }
            return (status, response.json().await.unwrap());
        }
    }

    fn made(&self, key: &str) -> bool {
        let hint = key.get(key.len().saturating_sub(4)..).unwrap_or_default();
        self.keys.list().iter().any(|known| known.hint == hint && !known.revoked)
    }

    pub(crate) async fn post_text(&self, path: &str, body: &Value) -> String {
        let response = self.request(path, &self.key).json(body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub(crate) async fn get_text(&self, path: &str) -> String {
        let request = self.http.get(format!("http://{}{path}", self.served.address())).bearer_auth(&self.key);
        request.send().await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.get_text(path).await).unwrap()
    }

    /// Until the service's own key is refused, too.
    pub(crate) async fn refused_soon(&self) {
        while self.request("/v1/responses", &self.key).json(&serde_json::json!({})).send().await.unwrap().status()
            != 401
        {
            tokio::task::yield_now().await;
        }
    }

    /// Until a turn has been stopped.
    pub(crate) async fn stopped(&self) {
        let mut events = self.events.lock().unwrap().take().unwrap();
        while let Some(event) = events.recv().await {
            if let AppEvent::Turn { event: chat::TurnEvent::Ended { status, .. }, .. } = event {
                assert_eq!(status, TurnStatus::Stopped);
                return;
            }
        }
        panic!("no turn was stopped");
    }

    pub(crate) async fn end(self) {
        self.served.end().await;
        self.engine.shut_down().await;
    }
}

/// The data of server-sent events.
pub(crate) fn data(text: String) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect()
}

/// All text of some chunks, put together.
pub(crate) fn delta_text(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}
