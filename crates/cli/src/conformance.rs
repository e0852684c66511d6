//! The official suites for clients of MCP drive this: the connection code that everybody gets, with what a model and a
//! person would do done by rule.

mod context;
mod person;

use std::{sync::Arc, time::Duration};

use ::chat::{ErrorCode, ErrorReport, ServerState, Tool};
use futures::future::join_all;
use mcp::{CallError, CallRequest, ServerConfig, Servers, ServersOptions, SignInError, Transport};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::args::Conformance;
use crate::{Ending, print};
use context::Context;
use person::Person;

const NAME: &str = "suite";
/// The suites themselves give up sooner, unless they are told to be patient.
const READY_WITHIN: Duration = Duration::from_secs(100);
/// Whoever is refused that often after signing in is not meant to get in.
const SIGN_INS: usize = 3;

/// A call, by the tool's name.
type Call = (String, Map<String, Value>);

pub(crate) async fn conformance(args: Conformance) -> Result<Ending, ErrorReport> {
    let context = Context::of_suite();
    let transport = Transport::Http { url: args.url, headers: Default::default() };
    let config =
        ServerConfig { auth: Some(context.auth()), start_timeout: READY_WITHIN, ..ServerConfig::new(NAME, transport) };
    let options = ServersOptions {
        client_name: "Loquat".into(),
        client_version: env!("CARGO_PKG_VERSION").into(),
        sampling: true,
        ..Default::default()
    };
    let servers = Servers::start(options, vec![config]);
    servers.settled(READY_WITHIN).await;
    let mut visit = Visit { servers: &servers, person: Arc::new(Person), sign_ins: 0 };
    let outcome = visit.all(&context).await;
    servers.shutdown().await;
    outcome.map(|()| Ending::Answered)
}

/// One visit to the suite's server.
struct Visit<'a> {
    servers: &'a Servers,
    person: Arc<Person>,
    sign_ins: usize,
}

impl Visit<'_> {
    async fn all(&mut self, context: &Context) -> Result<(), ErrorReport> {
        while self.standing() == Some(ServerState::NeedsSignIn) {
            self.sign_in().await?;
        }
        match self.standing() {
            Some(ServerState::Ready { .. }) => (),
            Some(ServerState::Failed { error } | ServerState::Reconnecting { error, .. }) => return Err(error),
            _ => return Err(ErrorReport::new(ErrorCode::TimedOut, "The server was not ready in time.")),
        }
        let tools = self.servers.tools();
        let wished = context.calls();
        let mut calls = if wished.is_empty() {
            tools.tools().iter().map(|tool| (tool.name.clone(), arguments(tool, tools.tools()))).collect()
        } else {
            wished
        };
        loop {
            calls = self.call_all(calls).await;
            if calls.is_empty() {
                return Ok(());
            }
            self.sign_in().await?;
        }
    }

    fn standing(&self) -> Option<ServerState> {
        self.servers.snapshot().first().map(|server| server.state.clone())
    }

    /// Signs in, unless that has been of no use before. A server that then asks once more is heard by whoever looks next.
    async fn sign_in(&mut self) -> Result<(), ErrorReport> {
        if self.sign_ins == SIGN_INS {
            return Err(ErrorReport::new(ErrorCode::SignInRequired, "The server wants another sign-in each time."));
        }
        self.sign_ins += 1;
        let outcome = self.person.sign_in(self.servers, NAME).await;
        match outcome {
            Ok(()) => Ok(()),
            Err(SignInError::StillRefused { .. }) if self.standing() == Some(ServerState::NeedsSignIn) => Ok(()),
            Err(error) => Err(error.report()),
        }
    }

    /// Makes these calls at the same time; those for which a sign-in is missing come back.
    async fn call_all(&self, calls: Vec<Call>) -> Vec<Call> {
        let refused = join_all(calls.into_iter().map(async |(tool, arguments)| {
            let request = CallRequest::new(NAME, tool.clone(), arguments.clone()).answered_by(self.person.clone());
            match self.servers.call(request, |_| (), CancellationToken::new()).await {
                Ok(output) => print::note(&format!("{tool}: {}", output.model_text)),
                Err(CallError::SignInRequired { .. } | CallError::RightsRequired { .. }) => {
                    return Some((tool, arguments));
                }
                Err(error) => print::note(&format!("{tool}: {error}")),
            }
            None
        }));
        refused.await.into_iter().flatten().collect()
    }
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
