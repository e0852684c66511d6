//! A gateway with the backend that comes with it, one key for each role, and clients for them.

use std::{path::Path, time::Duration};

use gateway::{Client, DevBackend, Gateway, Options, Served, new_key};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) gateway: Gateway,
    pub(crate) served: Served,
    pub(crate) backend: DevBackend,
    keys: Vec<(String, String)>,
}

pub(crate) const ROLES: [&str; 5] = ["Admin", "Orchestrator", "CRM-Supervisor", "Automation-Supervisor", "Agent"];

/// The seed's file with a key for each role, and whatever the test adds; `security:` may be replaced by it.
pub(crate) fn configuration(backend: &str, keys: &[(String, String)], more: &str) -> String {
    let keys: String = keys
        .iter()
        .map(|(role, key)| {
            let hash = sha256(key);
            format!("    - {{ name: {role}, sha256: \"{hash}\", tenant: default, roles: [{role}] }}\n")
        })
        .collect();
    let services = ["support", "marketing", "website", "backoffice", "onboarding"];
    let services: String = services.iter().map(|name| format!("      {name}: \"{backend}/{name}\"\n")).collect();
    format!(
        "server:\n  name: simple-gpt-mcp\n  listen: 127.0.0.1:0\nauth:\n  keys:\n{keys}tenants:\n  default:\n    services:\n      \
         memory: \"{backend}/mcp/memory\"\n      crm: \"{backend}/mcp/crm\"\n{services}{more}"
    )
}

fn sha256(key: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn keys() -> Vec<(String, String)> {
    ROLES.iter().map(|role| ((*role).to_owned(), new_key().key)).collect()
}

impl House {
    /// With generous limits, so that tests about something else never meet them.
    pub(crate) async fn open() -> Self {
        Self::with("rate_limits: { default_per_minute: 100000, per_actor_per_minute: 100000 }\n").await
    }

    pub(crate) async fn with(more: &str) -> Self {
        let backend = DevBackend::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = format!("http://{}", backend.address());
        Self::before(backend, &address, more).await
    }

    /// Before a backend of the test's own.
    pub(crate) async fn before(backend: DevBackend, address: &str, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let keys = keys();
        let config = folder.path().join("gateway.yaml");
        std::fs::write(&config, configuration(address, &keys, more)).unwrap();
        let gateway = Gateway::open(Options { config, ..Options::default() }).await.unwrap();
        gateway.settled(Duration::from_secs(60)).await;
        let served = gateway.serve().await.unwrap();
        Self { folder, gateway, served, backend, keys }
    }

    pub(crate) fn key(&self, role: &str) -> String {
        self.keys.iter().find(|(known, _)| known == role).unwrap().1.clone()
    }

    pub(crate) fn client(&self, role: &str) -> Client {
        Client::new(self.served.url(), Some(self.key(role))).unwrap()
    }

    pub(crate) fn rewrite(&self, more: &str) {
        let text = configuration(&format!("http://{}", self.backend.address()), &self.keys, more);
        std::fs::write(self.folder.path().join("gateway.yaml"), text).unwrap();
    }

    pub(crate) fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("logs/audit.log")
    }

    /// Ends the gateway, so that the whole log is on the disk, and reads it.
    pub(crate) async fn end(self) -> Vec<Value> {
        self.end_keeping().await.0
    }

    /// The same, with the folder that the log lies in.
    pub(crate) async fn end_keeping(self) -> (Vec<Value>, TempDir) {
        let log = self.log();
        self.served.stop().await.unwrap();
        self.gateway.shut_down().await;
        let records = records_once(&log, |records| records.iter().any(|record| record["kind"] == "ended")).await;
        gateway::verify(&log).unwrap();
        (records, self.folder)
    }
}

/// The records of a log as soon as they are as wished.
pub(crate) async fn records_once(log: &Path, wished: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if wished(&records) {
            return records;
        }
        assert!(tokio::time::Instant::now() < deadline, "the log never came to what was expected: {records:#?}");
        tokio::task::yield_now().await;
    }
}

pub(crate) fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The code of a refusal, or `ok`.
pub(crate) fn code(result: &Value) -> String {
    match result["structuredContent"]["error"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None if result["isError"] == json!(true) => "tool_error".to_owned(),
        None => "ok".to_owned(),
    }
}
