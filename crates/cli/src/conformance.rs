//! The official suites for clients of MCP drive this: the connection code that everybody gets, with what a model and a
//! person would do done by rule.

use std::time::Duration;

use ::chat::{ErrorCode, ErrorReport, ServerState, Tool};
use futures::future::join_all;
use mcp::{CallRequest, ServerConfig, Servers, ServersOptions, Transport};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::args::Conformance;
use crate::{Ending, print};

const NAME: &str = "suite";
/// The suites give up after thirty seconds.
const READY_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn conformance(args: Conformance) -> Result<Ending, ErrorReport> {
    let transport = Transport::Http { url: args.url, headers: Default::default() };
    let options = ServersOptions {
        client_name: "Loquat".into(),
        client_version: env!("CARGO_PKG_VERSION").into(),
        ..Default::default()
    };
    let servers = Servers::start(options, vec![ServerConfig::new(NAME, transport)]);
    servers.settled(READY_WITHIN).await;
    let outcome = match standing(&servers) {
        Some(ServerState::Ready { .. }) => {
            call_all(&servers).await;
            Ok(Ending::Answered)
        }
        Some(ServerState::Failed { error } | ServerState::Reconnecting { error, .. }) => Err(error),
        Some(ServerState::NeedsSignIn) => {
            Err(ErrorReport::new(ErrorCode::SignInRequired, "The server wants a sign-in."))
        }
        _ => Err(ErrorReport::new(ErrorCode::TimedOut, "The server was not ready in time.")),
    };
    servers.shutdown().await;
    outcome
}

fn standing(servers: &Servers) -> Option<ServerState> {
    servers.snapshot().first().map(|server| server.state.clone())
}

/// The calls that the suite wishes for, else every tool once, all at the same time.
async fn call_all(servers: &Servers) {
    let tools = servers.tools();
    let wished = wished_calls();
    let calls: Vec<(String, Map<String, Value>)> = if wished.is_empty() {
        tools.tools().iter().map(|tool| (tool.name.clone(), arguments(tool, tools.tools()))).collect()
    } else {
        wished
    };
    join_all(calls.into_iter().map(async |(tool, arguments)| {
        let request = CallRequest::new(NAME, tool.clone(), arguments);
        match servers.call(request, |_| (), CancellationToken::new()).await {
            Ok(output) => print::note(&format!("{tool}: {}", output.model_text)),
            Err(error) => print::note(&format!("{tool}: {error}")),
        }
    }))
    .await;
}

/// What stands in the suite's context under `toolCalls`.
fn wished_calls() -> Vec<(String, Map<String, Value>)> {
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
    let context: Value = serde_json::from_str(&context).unwrap_or_default();
    let calls = context.get("toolCalls").and_then(Value::as_array).cloned().unwrap_or_default();
    let read = |call: &Value| {
        let arguments = call.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
        Some((call.get("name")?.as_str()?.to_owned(), arguments))
    };
    calls.iter().filter_map(read).collect()
}

/// Something of the right type for whatever the tool requires.
fn arguments(tool: &Tool, all: &[Tool]) -> Map<String, Value> {
    let properties = tool.input_schema.get("properties").and_then(Value::as_object);
    let required = tool.input_schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = required.iter().filter_map(Value::as_str);
    named
        .filter_map(|name| {
            let kind = properties?.get(name)?.get("type").and_then(Value::as_str).unwrap_or_default();
            let value = match kind {
                "number" | "integer" => json!(2),
                "boolean" => json!(true),
                "array" => json!([]),
                // The suite wants to see another tool's schema exactly as it was received.
                "object" if name == "schema" => all.iter().find(|other| other.name != tool.name)?.input_schema.clone(),
                "object" => json!({}),
                _ => json!("text"),
            };
            Some((name.to_owned(), value))
        })
        .collect()
}
