//! A server that offers what its file says, and goes on with another file when it is reconnected.

use std::path::PathBuf;

use chat::ServerState;
use engine::Engine;
use mcp::{ServerConfig, Transport};
use serde_json::{Value, json};

/// The file of one shelf server.
pub struct Shelf {
    dir: tempfile::TempDir,
}

impl Shelf {
    pub fn new(tools: Value) -> Self {
        Self::with(tools, json!({}))
    }

    pub fn with(tools: Value, results: Value) -> Self {
        let shelf = Self { dir: tempfile::tempdir().unwrap() };
        shelf.write(&tools, &results);
        shelf
    }

    pub fn server(&self, name: &str) -> ServerConfig {
        let command = testkit::program("mcp-shelf").display().to_string();
        let args = vec![self.path().display().to_string()];
        ServerConfig::new(name, Transport::Stdio { command, args, env: Default::default(), cwd: None })
    }

    /// Offers other tools from now on, and waits until the engine knows.
    pub async fn change(&self, engine: &Engine, server: &str, tools: Value) {
        self.write(&tools, &json!({}));
        let mut changes = engine.servers().changes();
        engine.reconnect_server(server).await.unwrap();
        let first = tools[0]["description"].as_str().unwrap_or_default().to_owned();
        let knows = || {
            let views = engine.server_views();
            let view = views.iter().find(|view| view.name == server).unwrap();
            matches!(view.state, ServerState::Ready { .. }) && view.tools.iter().any(|tool| tool.description == first)
        };
        while !knows() {
            changes.recv().await.unwrap();
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("shelf.json")
    }

    fn write(&self, tools: &Value, results: &Value) {
        std::fs::write(self.path(), json!({ "tools": tools, "results": results }).to_string()).unwrap();
    }
}

/// A tool of which the server says that it only reads, or that it does not.
pub fn tool(name: &str, description: &str, reads: bool) -> Value {
    json!({
        "name": name, "description": description, "annotations": { "readOnlyHint": reads },
        "inputSchema": { "type": "object", "properties": { "path": { "type": "string" }, "count": { "type": "integer" } } },
    })
}
