//! Requests that somebody else makes through us: sent as they came, and their results given back as they come.

use std::sync::Arc;

use chat::Progress;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Answers, CallError, Servers,
    exchange::{Deadlines, Exchange, Passing, Terms},
    lists::{self, Kind},
    session::Era,
};

const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// Requests that go on at the server after their answer are followed here, whoever asked.
const TASKS: &str = "io.modelcontextprotocol/tasks";

/// One request of somebody else's.
#[derive(Clone)]
pub struct Relayed {
    /// The server's configured name.
    pub server: String,
    pub method: &'static str,
    pub params: Map<String, Value>,
    /// Whose it is. What a server says beside its streams reaches nobody while requests of several owners run there.
    pub owner: Arc<str>,
    /// What whoever asks can be asked in turn, as the protocol writes it. Servers of the newer era are told.
    pub capabilities: Value,
    /// How grave a message must be to be sent along; nothing for none. Servers of the newer era are told.
    pub log_level: Option<Value>,
    /// What else was said of the request, as it came.
    pub meta: Map<String, Value>,
    /// Whether what a server wants to know first goes back as it came, to be asked again with the answers.
    pub rounds: bool,
    /// Who answers what the server asks meanwhile, and hears what it writes.
    pub answers: Arc<dyn Answers>,
}

/// A kind of list, as servers give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Prompts,
    Resources,
    Templates,
}

impl Servers {
    /// Passes a request on, and its result back, whatever shape that has.
    pub async fn relay(
        &self,
        mut request: Relayed,
        progress: impl Fn(Progress) + Send + Sync,
        stop: CancellationToken,
    ) -> Result<Value, CallError> {
        let (session, server) = self.ready(&request.server)?;
        let _turn = if request.method == "tools/call" {
            let name = request.params.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let offered = server.tools.iter().find(|tool| tool.name == name);
            let Some(tool) = offered.filter(|tool| !server.config.disabled_tools.contains(&tool.name)) else {
                return Err(CallError::NoSuchTool { server: request.server, tool: name });
            };
            request.params.insert("name".to_owned(), json!(tool.raw_name.as_ref().unwrap_or(&tool.name)));
            Some(stop.run_until_cancelled(server.turns.acquire()).await.ok_or(CallError::Stopped)?)
        } else {
            None
        };
        let mut meta = request.meta;
        if session.era == Era::Modern {
            let mut capabilities = request.capabilities;
            if let Value::Object(capabilities) = &mut capabilities {
                capabilities.entry("extensions").or_insert_with(|| json!({}))[TASKS] = json!({});
            }
            meta.insert(CAPABILITIES.to_owned(), capabilities);
            meta.extend(request.log_level.map(|level| (LOG_LEVEL.to_owned(), level)));
        }
        let terms = Terms {
            server: &request.server,
            deadlines: Deadlines { idle: server.config.call_timeout, total: server.config.call_limit },
            progress: &progress,
            stop,
            answers: Some(request.answers),
            passing: Passing { owner: Some(request.owner), meta, rounds: request.rounds },
        };
        Exchange::new(&session, terms).run(request.method, request.params).await
    }

    /// What a server lists of a kind, as it came; nothing where it has none.
    pub async fn listed(&self, server: &str, kind: Listed) -> Result<Arc<Vec<Value>>, CallError> {
        let (session, _) = self.session(server)?;
        let offers = session.offers();
        let (has, kind) = match kind {
            Listed::Prompts => (offers.prompts, Kind::Prompts),
            Listed::Resources => (offers.resources, Kind::Resources),
            Listed::Templates => (offers.resources, Kind::Templates),
        };
        if !has {
            return Ok(Arc::default());
        }
        lists::kept(&session, kind).await.map_err(|error| error.of(server))
    }
}
