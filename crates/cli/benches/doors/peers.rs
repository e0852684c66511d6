//! Programs by others that do the same, where what starts them was given: `LOQUAT_MEASURED` holds that, as JSON.

use std::net::TcpListener;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::running::Running;

/// Set up as the fastest that each can be.
const FASTMCP: &str = "
import sys
from fastmcp.server import create_proxy
create_proxy(sys.argv[2]).run(
    transport='http', host='127.0.0.1', port=int(sys.argv[1]), stateless_http=True, show_banner=False, log_level='WARNING'
)";
pub(crate) const LITELLM_KEY: &str = "sk-measured";

/// What starts that program: a path and its first arguments.
pub(crate) fn command(name: &str) -> Option<Command> {
    let given = std::env::var("LOQUAT_MEASURED").ok()?;
    let given: Value = serde_json::from_str(&given).unwrap();
    let words: Vec<&str> = given.get(name)?.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    Some(command)
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy before the MCP server.
pub(crate) async fn fastmcp(behind: &Running) -> Option<Running> {
    let (mut command, port) = (command("fastmcp")?, free_port());
    command.args(["-c", FASTMCP, &port.to_string(), &format!("{}/mcp", behind.url)]);
    let home = tempfile::tempdir().unwrap();
    Some(Running::answering(&mut command, format!("http://127.0.0.1:{port}"), "/mcp", home).await)
}

/// A bridge before a program that speaks over its standard streams, which costs it time of its own.
pub(crate) async fn mcp_proxy() -> Option<Running> {
    let (mut command, port) = (command("mcp-proxy")?, free_port());
    command.args(["--host", "127.0.0.1", "--stateless", "--port", &port.to_string()]);
    command.arg(std::env::current_exe().unwrap()).arg(crate::ASIDE);
    let home = tempfile::tempdir().unwrap();
    Some(Running::answering(&mut command, format!("http://127.0.0.1:{port}"), "/status", home).await)
}

/// An API and a gateway before both.
pub(crate) async fn litellm(behind: &Running) -> Option<Running> {
    let (mut command, port, home) = (command("litellm")?, free_port(), tempfile::tempdir().unwrap());
    let models = ["answers", crate::behind::CALLS].map(|name| {
        let at = json!({ "model": format!("openai/{name}"), "api_base": format!("{}/v1", behind.url), "api_key": "x" });
        json!({ "model_name": name, "litellm_params": at })
    });
    let server = json!({
        "url": format!("{}/mcp", behind.url), "transport": "http", "auth_type": "none", "allow_all_keys": true,
    });
    let config = json!({
        "model_list": models,
        "mcp_servers": { "fast": server },
        "general_settings": { "master_key": LITELLM_KEY },
        "litellm_settings": { "drop_params": true, "telemetry": false },
    });
    let path = home.path().join("config.yaml");
    std::fs::write(&path, config.to_string()).unwrap();
    command.arg("--config").arg(path).args(["--host", "127.0.0.1", "--num_workers", "1", "--port", &port.to_string()]);
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_LOG", "ERROR");
    let url = format!("http://127.0.0.1:{port}");
    Some(Running::answering(&mut command, url, "/health/liveliness", home).await)
}

/// What asks it to run the tools itself.
pub(crate) fn litellm_tools() -> Value {
    json!([{
        "type": "mcp", "server_url": "litellm_proxy", "server_label": "litellm", "require_approval": "never",
    }])
}
