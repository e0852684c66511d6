//! What servers and tools there are.

use ::chat::{ErrorReport, ServerState, Tool};
use engine::{Engine, ServerView};
use serde_json::{Value, json};

use crate::args::{Given, List, Servers};
use crate::{Ending, print};

pub(crate) async fn servers(args: Servers) -> Result<Ending, ErrorReport> {
    if args.protect {
        protect().await?;
    }
    let (args, allow) = (args.list, args.allow);
    let servers = settled(&args.given, Asking::Of(&allow)).await?;
    if args.json {
        print::line(&Value::from_iter(servers.iter().map(server_json)).to_string());
        return Ok(Ending::Answered);
    }
    for server in &servers {
        let json = server_json(server);
        let state = json["state"].as_str().unwrap_or_default();
        let more = match &server.state {
            ServerState::Ready { tools, latency_ms } => format!("{tools} tools · {latency_ms:.0} ms"),
            ServerState::Failed { error } | ServerState::Reconnecting { error, .. } => {
                format!("{} {}", error.message, error.cause.as_deref().unwrap_or_default())
            }
            ServerState::NeedsConsent { command } => {
                let agree = crate::consent::how_to_agree(&server.name, &args.given);
                format!("{command}\n{:<29} agree: {agree}", "")
            }
            ServerState::Off | ServerState::Connecting | ServerState::NeedsSignIn | ServerState::SigningIn { .. } => {
                String::new()
            }
        };
        print::line(&format!("{:<16} {state:<12} {more}", server.name));
    }
    Ok(Ending::Answered)
}

pub(crate) async fn tools(args: List) -> Result<Ending, ErrorReport> {
    let servers = settled(&args.given, Asking::All).await?;
    let ready = servers.iter().filter(|server| matches!(server.state, ServerState::Ready { .. }));
    let tools: Vec<&Tool> = ready.flat_map(|server| &server.tools).collect();
    if args.json {
        print::line(&Value::from_iter(tools.into_iter().map(tool_json)).to_string());
        return Ok(Ending::Answered);
    }
    for tool in tools {
        let first = tool.description.lines().next().unwrap_or_default();
        print::line(&format!("{:<12} {:<32} {first}", tool.server, tool.name));
        for warning in &tool.warnings {
            print::line(&format!("{:<12} {:<32} ! {warning}", "", ""));
        }
    }
    Ok(Ending::Answered)
}

/// Whom a person is asked about before they are looked at.
enum Asking<'a> {
    /// Every program that waits for a word.
    All,
    /// Nobody: to these a person has agreed, and of the others it is shown that they wait.
    Of(&'a [String]),
}

async fn settled(given: &Given, asking: Asking<'_>) -> Result<Vec<ServerView>, ErrorReport> {
    let engine = crate::open::open_servers(given).await?;
    let agreed = match &asking {
        Asking::Of(allowed) if !given.yes => agree(&engine, allowed).await,
        Asking::Of(_) | Asking::All => crate::consent::all(&engine, given).await,
    };
    if agreed.is_ok() {
        crate::waiting::for_all(&engine).await;
    }
    if matches!(asking, Asking::All) {
        crate::waiting::tell_who_is_missing(&engine);
    }
    let servers = engine.server_views();
    engine.shut_down().await;
    agreed.map(|()| servers)
}

async fn agree(engine: &Engine, allowed: &[String]) -> Result<(), ErrorReport> {
    for name in allowed {
        engine.consent(name).await?;
    }
    Ok(())
}

async fn protect() -> Result<(), ErrorReport> {
    let engine = crate::open::open_servers(&Given::default()).await?;
    let moved = engine.protect_secrets().await;
    engine.shut_down().await;
    for name in moved? {
        print::note(&format!("The secrets of {name} are in the keychain now."));
    }
    Ok(())
}

fn server_json(server: &ServerView) -> Value {
    let (state, tools, latency, error) = match &server.state {
        ServerState::Off => ("off", None, None, None),
        ServerState::Connecting => ("connecting", None, None, None),
        ServerState::Ready { tools, latency_ms } => ("ready", Some(*tools), Some(*latency_ms), None),
        ServerState::NeedsSignIn => ("needsSignIn", None, None, None),
        ServerState::NeedsConsent { .. } => ("needsConsent", None, None, None),
        ServerState::SigningIn { .. } => ("signingIn", None, None, None),
        ServerState::Reconnecting { error, .. } => ("reconnecting", None, None, Some(error)),
        ServerState::Failed { error } => ("failed", None, None, Some(error)),
    };
    json!({ "name": server.name, "state": state, "tools": tools, "latencyMs": latency, "error": error })
}

fn tool_json(tool: &Tool) -> Value {
    json!({
        "server": tool.server,
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": tool.hints,
        "tokens": tool.tokens,
        "warnings": tool.warnings,
    })
}
