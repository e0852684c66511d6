//! Other MCP servers behind the gateway: their tools under names that say whose they are.

use std::{collections::BTreeMap, sync::Arc};

use chat::{Content, ErrorCode, Output, Progress, Tool};
use mcp::{CallError, CallRequest, ServerConfig, Servers, ServersOptions};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Answer, Class, Refusal},
    config::Approval,
    offer::{Offer, Via},
    plan::Plan,
};

pub(crate) struct Upstream {
    /// Those of the configuration: started and ended with the gateway.
    own: Servers,
    /// Those that somebody else runs, and lends.
    lent: Option<Servers>,
}

impl Upstream {
    pub(crate) fn start(plan: &Plan, lent: Option<Servers>) -> Self {
        let options = ServersOptions {
            client_name: "loquat-gateway".to_owned(),
            client_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..ServersOptions::default()
        };
        Self { own: Servers::start(options, plan.servers.clone()), lent }
    }

    /// Those of the configuration.
    pub(crate) fn own(&self) -> &Servers {
        &self.own
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Servers> {
        std::iter::once(&self.own).chain(&self.lent)
    }

    /// Whoever has a server of that name; the configuration's own come first.
    fn having(&self, server: &str) -> &Servers {
        let has = |servers: &&Servers| servers.snapshot().iter().any(|known| known.config.name == server);
        self.all().find(has).unwrap_or(&self.own)
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

    pub(crate) async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: Map<String, Value>,
        progress: impl Fn(Progress) + Send + Sync,
        stop: CancellationToken,
    ) -> Result<Answer, Refusal> {
        match self.having(server).call(CallRequest::new(server, tool, arguments), progress, stop).await {
            Ok(output) => Ok(answer(output, false)),
            Err(CallError::ToolFailed { output, .. }) => Ok(answer(*output, true)),
            Err(error) => Err(refusal(&error)),
        }
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

fn answer(output: Output, is_error: bool) -> Answer {
    let content = output.content.into_iter().map(block).collect();
    Answer { content, structured: output.structured, is_error, retry_after: None }
}

/// A block as MCP writes it.
fn block(content: Content) -> Value {
    match serde_json::to_value(&content) {
        // What was not understood goes on as it came.
        Ok(Value::Object(mut block)) if block.get("type") == Some(&json!("other")) => {
            block.remove("value").unwrap_or_default()
        }
        Ok(Value::Object(mut block)) if block.get("type") == Some(&json!("link")) => {
            block.insert("type".to_owned(), json!("resource_link"));
            Value::Object(block)
        }
        Ok(Value::Object(mut block)) if block.get("type") == Some(&json!("resource")) => {
            block.remove("type");
            json!({ "type": "resource", "resource": block })
        }
        Ok(block) => block,
        Err(_) => Value::Null,
    }
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
