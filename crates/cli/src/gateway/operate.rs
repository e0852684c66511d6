//! Asking a gateway that runs. The key comes from the environment: arguments are seen by everybody on a machine.

use ::chat::{ErrorCode, ErrorReport};
use ::gateway::{Client, ClientError};
use clap::Args as Group;
use serde_json::{Map, Value};

use crate::{Ending, print};

/// Which gateway.
#[derive(Debug, Group)]
pub(super) struct To {
    /// Where it serves. Its key is read from LOQUAT_GATEWAY_KEY or MCP_SERVER_TOKEN.
    #[arg(long, env = "MCP_SERVER_URL", default_value = "http://127.0.0.1:9000/mcp")]
    url: String,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Group)]
pub(super) struct Call {
    /// The tool's name, as `loq gateway list-tools` shows it.
    tool: String,
    /// The arguments, a JSON object.
    #[arg(default_value = "{}")]
    arguments: String,
    #[command(flatten)]
    to: To,
}

#[derive(Debug, Group)]
pub(super) struct Approvals {
    /// Say yes to the call with this id.
    #[arg(long, value_name = "ID", conflicts_with = "deny")]
    approve: Option<String>,
    /// Say no to it.
    #[arg(long, value_name = "ID")]
    deny: Option<String>,
    #[command(flatten)]
    to: To,
}

impl To {
    fn client(&self) -> Result<Client, ErrorReport> {
        let key = ["LOQUAT_GATEWAY_KEY", "MCP_SERVER_TOKEN"].iter().find_map(|name| std::env::var(name).ok());
        Client::new(&self.url, key.filter(|key| !key.is_empty())).map_err(report)
    }
}

pub(super) async fn list_tools(to: To) -> Result<Ending, ErrorReport> {
    let tools = to.client()?.tools().await.map_err(report)?;
    if to.json {
        print::line(&Value::from(tools).to_string());
        return Ok(Ending::Answered);
    }
    for tool in &tools {
        let text = |name: &str| tool[name].as_str().unwrap_or_default();
        let first = text("description").lines().next().unwrap_or_default();
        print::line(&print::plain(&format!("{:<32} {first}", text("name"))));
    }
    Ok(Ending::Answered)
}

pub(super) async fn call(call: Call) -> Result<Ending, ErrorReport> {
    let arguments: Map<String, Value> = serde_json::from_str(&call.arguments).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, "The arguments cannot be read.")
            .because(error.to_string())
            .fix(r#"Give a JSON object in single quotes, such as '{"query": "invoices"}'."#)
    })?;
    let result = call.to.client()?.call(&call.tool, arguments).await.map_err(report)?;
    if call.to.json {
        print::line(&result.to_string());
    } else {
        let blocks = result["content"].as_array().into_iter().flatten();
        blocks.filter_map(|block| block["text"].as_str()).for_each(|text| print::line(&print::plain(text)));
    }
    Ok(if result["isError"] == Value::Bool(true) { Ending::Failed } else { Ending::Answered })
}

pub(super) async fn health(to: To) -> Result<Ending, ErrorReport> {
    let health = to.client()?.health().await.map_err(report)?;
    print::line(&health.to_string());
    Ok(Ending::Answered)
}

pub(super) async fn discover(to: To) -> Result<Ending, ErrorReport> {
    let found = to.client()?.discover().await.map_err(report)?;
    print::line(&if to.json { found.to_string() } else { format!("{found:#}") });
    Ok(Ending::Answered)
}

pub(super) async fn approvals(args: Approvals) -> Result<Ending, ErrorReport> {
    let client = args.to.client()?;
    if let Some((id, yes)) = args.approve.map(|id| (id, true)).or(args.deny.map(|id| (id, false))) {
        let answer = client.answer(&id, yes).await.map_err(report)?;
        let words = if yes { "It may run." } else { "It will not run." };
        print::line(&if args.to.json { answer.to_string() } else { words.to_owned() });
        return Ok(Ending::Answered);
    }
    let waiting = client.approvals().await.map_err(report)?;
    if args.to.json {
        print::line(&Value::from(waiting).to_string());
        return Ok(Ending::Answered);
    }
    for call in &waiting {
        let text = |name: &str| call[name].as_str().unwrap_or_default();
        let (id, tool, actor, until) = (text("id"), text("tool"), text("actor"), text("until"));
        print::line(&print::plain(&format!("{id}  {tool} for {actor}, until {until}: {}", call["arguments"])));
    }
    if waiting.is_empty() {
        print::note("No call waits.");
    }
    Ok(Ending::Answered)
}

fn report(error: ClientError) -> ErrorReport {
    let words = error.to_string();
    let report = |code| ErrorReport::new(code, words);
    match error {
        ClientError::Unreachable { .. } => {
            report(ErrorCode::ServerUnavailable).fix("Start it with `loq gateway --config FILE`, or give its --url.")
        }
        ClientError::Refused { status: 401, .. } => {
            report(ErrorCode::KeyRejected).fix("Set LOQUAT_GATEWAY_KEY to a key that the gateway knows.")
        }
        ClientError::Refused { status: 403, .. } => {
            report(ErrorCode::KeyRejected).fix("Use another key: that of somebody who may do this.")
        }
        ClientError::Refused { status: 429, .. } => report(ErrorCode::RateLimited).fix("Wait a moment and try again."),
        ClientError::Refused { .. } => report(ErrorCode::Unknown),
        ClientError::Rejected { code: -32602, .. } => {
            report(ErrorCode::NotFound).fix("See what there is with `loq gateway list-tools`.")
        }
        ClientError::Rejected { .. } => report(ErrorCode::Unknown),
    }
}
