//! Other MCP servers behind the gateway: their tools under names that say whose they are.

mod lists;
mod watches;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use chat::{ErrorCode, LogLevel, Tool};
use mcp::{CallError, Relayed, ServerConfig, Servers, ServersOptions};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Answer, Class, Refusal, Verbatim},
    config::Approval,
    line::Line,
    offer::{Offer, Via},
    plan::Plan,
};

pub(crate) use watches::{Watch, Watches};

/// The client lacks what the request needs (-32021), or has to visit a page first (-32042): it knows what to do.
const MISSING_CAPABILITY: i32 = -32021;
const PAGE_NEEDED: i32 = -32042;

pub(crate) struct Upstream {
    /// Those of the configuration: started and ended with the gateway.
    own: Servers,
    /// Those that somebody else runs, and lends.
    lent: Option<Servers>,
    pub(crate) watches: Watches,
    /// How grave a message must be for servers to write it down: as little as any client has asked for.
    log_level: AtomicU8,
}

impl Upstream {
    pub(crate) fn start(plan: &Plan, lent: Option<Servers>) -> Self {
        let options = ServersOptions {
            client_name: "loquat-gateway".to_owned(),
            client_version: env!("CARGO_PKG_VERSION").to_owned(),
            // Whether a client can be asked is known with each of its requests.
            sampling: true,
            ..ServersOptions::default()
        };
        Self {
            own: Servers::start(options, plan.servers.clone()),
            lent,
            watches: Watches::default(),
            log_level: AtomicU8::new(LogLevel::Info as u8),
        }
    }

    /// Those of the configuration.
    pub(crate) fn own(&self) -> &Servers {
        &self.own
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Servers> {
        std::iter::once(&self.own).chain(&self.lent)
    }

    /// Whoever has a server of that name; the configuration's own come first.
    pub(crate) fn having(&self, server: &str) -> &Servers {
        let has = |servers: &&Servers| servers.snapshot().iter().any(|known| known.config.name == server);
        self.all().find(has).unwrap_or(&self.own)
    }

    /// Whether servers write down less than that so far; from now on they are said to write as much.
    fn is_lower(&self, level: LogLevel) -> bool {
        self.log_level.fetch_min(level as u8, Ordering::Relaxed) > level as u8
    }

    /// Starts what is new, ends what is gone, and lets alone what has not changed.
    pub(crate) async fn reconfigure(&self, configs: &[ServerConfig]) {
        for known in self.own.snapshot().iter() {
            if !configs.iter().any(|config| config.name == known.config.name) {
                self.own.remove(&known.config.name).await;
            }
        }
        let known = self.own.snapshot();
        for config in configs {
            if !known.iter().any(|server| *server.config == *config) {
                self.own.put(config.clone()).await;
            }
        }
    }

    /// What the servers offer now, as this plan lets it be offered.
    pub(crate) fn offers(&self, plan: &Plan) -> BTreeMap<String, Arc<Offer>> {
        let is_own = |tool: &Tool| plan.servers.iter().any(|config| config.name == tool.server);
        let own = self.own.tools();
        let lent = self.lent.as_ref().map(Servers::tools).unwrap_or_default();
        let tools = own.tools().iter().filter(|tool| is_own(tool));
        let tools = lent.tools().iter().filter(|tool| !is_own(tool)).chain(tools);
        tools.filter_map(|tool| offer(plan, tool)).map(|offer| (offer.name.clone(), Arc::new(offer))).collect()
    }

    /// Passes a request on, and back whatever comes of it.
    pub(crate) async fn pass(
        &self,
        method: &'static str,
        server: &str,
        onward: Onward,
        stop: CancellationToken,
    ) -> Result<Answer, Refusal> {
        let Onward { mut params, owner, line } = onward;
        // Whoever answers what was asked is told by the protocol's own codes what was wrong with the answer.
        let is_later_round = !line.answered.is_empty();
        params.extend(line.answered.clone());
        let request = Relayed {
            server: server.to_owned(),
            method,
            params,
            owner,
            capabilities: line.capabilities.clone(),
            log_level: line.log_level.clone().map(Value::from),
            meta: line.meta.clone(),
            rounds: line.rounds,
            answers: line.clone(),
        };
        let relayed = self.having(server).relay(request, |progress| line.progress(progress), stop).await;
        relayed.map(|result| Answer::whole(ours(result))).map_err(|error| {
            let verbatim = verbatim(&error).filter(|error| {
                is_later_round || method != "tools/call" || matches!(error.code, MISSING_CAPABILITY | PAGE_NEEDED)
            });
            Refusal { verbatim: verbatim.map(Box::new), ..refusal(&error) }
        })
    }
}

/// The result as the newest revision wants it, and without what a server says of itself alone, which clients would
/// take for the gateway's word.
fn ours(mut result: Value) -> Value {
    if let Some(result) = result.as_object_mut() {
        // Older servers do not say it, since theirs always are.
        result.entry("resultType").or_insert(json!("complete"));
    }
    if let Some(meta) = result.get_mut("_meta").and_then(Value::as_object_mut) {
        meta.shift_remove("io.modelcontextprotocol/serverInfo");
        if meta.is_empty()
            && let Some(result) = result.as_object_mut()
        {
            result.shift_remove("_meta");
        }
    }
    if let Some(scope) = result.get_mut("cacheScope") {
        // What one caller may read, another may not.
        *scope = json!("private");
    }
    result
}

/// A request on its way to a server.
pub(crate) struct Onward {
    pub(crate) params: Map<String, Value>,
    /// Who asks.
    pub(crate) owner: Arc<str>,
    pub(crate) line: Arc<Line>,
}

/// The error as the server raised it, where it was the server.
fn verbatim(error: &CallError) -> Option<Verbatim> {
    match error {
        CallError::Rejected { code, message, data } => {
            Some(Verbatim { code: *code, message: message.clone(), data: data.clone() })
        }
        CallError::NeedsPage { elicitations, message } => Some(Verbatim {
            code: PAGE_NEEDED,
            message: message.clone(),
            data: Some(json!({ "elicitations": elicitations })),
        }),
        _ => None,
    }
}

fn offer(plan: &Plan, tool: &Tool) -> Option<Offer> {
    let name = if plan.plain_names.contains(&tool.server) { &tool.name } else { &tool.called };
    let of_tool = plan.tool_rules.get(name);
    let of_server = plan.server_rules.get(&tool.server);
    let mut rules = of_tool.into_iter().chain(of_server);
    if rules.clone().find_map(|rule| rule.enabled) == Some(false) {
        return None;
    }
    let roles = rules.clone().find_map(|rule| rule.roles.clone()).unwrap_or_else(|| plan.default_roles.clone());
    let approval = rules.find_map(|rule| rule.approval).unwrap_or_else(|| plan.approvals.of_server(tool.hints));
    let mut input = tool.input_schema.as_object().cloned().unwrap_or_default();
    if approval == Approval::Argument {
        let words = "True only where the user has agreed to exactly this call; without it the call is refused.";
        let properties = input.entry("properties").or_insert(json!({}));
        properties["user_approved"] = json!({ "type": "boolean", "description": words });
    }
    Some(Offer {
        name: name.clone(),
        alias_of: None,
        title: tool.title.clone(),
        description: tool.description.clone(),
        input: Arc::new(input),
        output: tool.output_schema.as_ref().and_then(Value::as_object).cloned().map(Arc::new),
        validator: None,
        hints: tool.hints,
        roles,
        approval,
        via: Via::Server { server: tool.server.clone(), tool: tool.name.clone() },
    })
}

fn refusal(error: &CallError) -> Refusal {
    let report = error.report();
    let (class, code) = match report.code {
        ErrorCode::ToolUnknown | ErrorCode::NotFound => (Class::Client, "not_found"),
        ErrorCode::ArgumentsInvalid | ErrorCode::InvalidInput => (Class::Client, "invalid_arguments"),
        ErrorCode::SignInRequired => (Class::Permission, "server_needs_sign_in"),
        ErrorCode::TimedOut => (Class::Backend, "backend_timeout"),
        ErrorCode::ServerUnavailable => (Class::Backend, "backend_unreachable"),
        _ => (Class::Backend, "backend_failed"),
    };
    let cause = report.cause.map(|cause| format!(" {cause}")).unwrap_or_default();
    let refusal = Refusal::new(class, code, format!("{}{cause}", report.message));
    Refusal { fix: report.fix, ..refusal }
}
