//! ContextForge, with its limiter, pages and plugins off, before the MCP server.

use serde_json::{Value, json};
use tokio::process::Command;

use crate::peers::{command, free_port};
use crate::running::Running;

/// Only for as long as it is measured.
const SECRET: &str = "measured-secret-0123456789-abcdefghijkl";
const ADMIN: &str = "admin@example.com";
const START: &str = "from mcpgateway.cli import main; main()";
const ENVIRONMENT: [(&str, &str); 19] = [
    ("DATABASE_URL", "sqlite:///measured.db"),
    ("CACHE_TYPE", "memory"),
    ("LOG_LEVEL", "ERROR"),
    ("ENVIRONMENT", "development"),
    ("JWT_SECRET_KEY", SECRET),
    ("AUTH_ENCRYPTION_SECRET", SECRET),
    ("PLATFORM_ADMIN_EMAIL", ADMIN),
    ("PLATFORM_ADMIN_PASSWORD", "Measured@Admin2026!"),
    ("DEFAULT_USER_PASSWORD", "Measured@User2026!"),
    ("BASIC_AUTH_PASSWORD", "Measured@Basic2026!"),
    ("REQUIRE_USER_IN_DB", "false"),
    ("SSRF_ALLOW_LOCALHOST", "true"),
    ("SSRF_ALLOW_PRIVATE_NETWORKS", "true"),
    ("RATE_LIMITING_ENABLED", "false"),
    ("TOOL_RATE_LIMIT", "100000000"),
    ("PLUGINS_ENABLED", "false"),
    ("MCPGATEWAY_UI_ENABLED", "false"),
    ("MCPGATEWAY_ADMIN_API_ENABLED", "true"),
    ("HEALTH_CHECK_INTERVAL", "3600"),
];

pub(crate) struct ContextForge {
    pub(crate) running: Running,
    pub(crate) token: String,
    /// Where its one server is called.
    pub(crate) url: String,
    pub(crate) tool: String,
}

/// Running and told of the server behind it.
pub(crate) async fn before(behind: &Running) -> Option<ContextForge> {
    let (mut program, port, home) = (in_it(command("contextforge")?), free_port(), tempfile::tempdir().unwrap());
    let token = token(in_it(command("contextforge")?)).await;
    program.args(["-c", START, "mcpgateway.main:app", "--host", "127.0.0.1", "--port", &port.to_string()]);
    let running = Running::answering(&mut program, format!("http://127.0.0.1:{port}"), "/health", home).await;
    let at = |path: &str| format!("{}/{path}", running.url);
    let server = json!({ "name": "fast", "url": format!("{}/mcp", behind.url), "transport": "STREAMABLEHTTP" });
    said(&at("gateways"), &token, Some(server)).await;
    let tools = said(&at("tools"), &token, None).await;
    let tools = tools.as_array().unwrap();
    let ids: Vec<&Value> = tools.iter().map(|tool| &tool["id"]).collect();
    let names = tools.iter().filter_map(|tool| tool["name"].as_str());
    let tool = names.into_iter().find(|name| name.ends_with("echo")).unwrap().to_owned();
    let server = json!({ "server": { "name": "measured", "associated_tools": ids } });
    let server = said(&at("servers"), &token, Some(server)).await;
    let url = at(&format!("servers/{}/mcp/", server["id"].as_str().unwrap()));
    Some(ContextForge { running, token, url, tool })
}

fn in_it(mut command: Command) -> Command {
    command.envs(ENVIRONMENT);
    command
}

async fn token(mut command: Command) -> String {
    let args = ["-m", "mcpgateway.utils.create_jwt_token", "--admin", "--exp", "600", "--secret", SECRET];
    let home = tempfile::tempdir().unwrap();
    let said = command.args(args).args(["--username", ADMIN]).current_dir(home.path()).output().await.unwrap();
    String::from_utf8(said.stdout).unwrap().lines().last().unwrap().trim().to_owned()
}

async fn said(url: &str, token: &str, body: Option<Value>) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = match body {
        Some(body) => http.post(url).header("content-type", "application/json").body(body.to_string()),
        None => http.get(url),
    };
    let text = request.bearer_auth(token).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{url} said: {text}"))
}
