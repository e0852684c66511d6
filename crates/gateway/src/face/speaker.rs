//! The gateway as an MCP server, in both eras.

use std::sync::Arc;

use chat::Progress;
use futures::{FutureExt, future::BoxFuture};
use rmcp::{
    ErrorData, Peer, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestMethod,
        CompleteRequestParams, CompleteResult, ContentBlock, ElicitRequestParams, ElicitationAction, ElicitationSchema,
        Implementation, ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod,
        ListResourceTemplatesResult, ListResourcesRequestMethod, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ProgressNotificationParam, ProgressToken, ProtocolVersion, ResultType,
        ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
    },
    service::{ElicitationMode, NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    answer::Answer,
    caller::Caller,
    door::{Call, ClientSide},
    gateway::Inner,
    offer::Offer,
};

/// Speaks for the gateway in one session or request.
pub(super) struct Speaker {
    inner: Arc<Inner>,
    /// Where every request comes from the same caller.
    caller: Option<Arc<Caller>>,
}

impl Speaker {
    pub(super) fn new(inner: Arc<Inner>, caller: Option<Arc<Caller>>) -> Self {
        Self { inner, caller }
    }

    /// Who sent this request: as the door found them, for each request anew.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Caller>, ErrorData> {
        let of_request = context.extensions.get::<http::request::Parts>();
        let of_request = of_request.and_then(|parts| parts.extensions.get::<Arc<Caller>>());
        of_request
            .or(self.caller.as_ref())
            .cloned()
            .ok_or_else(|| ErrorData::internal_error("nobody is known to have sent this request", None))
    }
}

fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

impl ServerHandler for Speaker {
    fn get_info(&self) -> ServerConfig {
        let plan = &self.inner.shown().plan;
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        let about = Implementation::new(plan.name.clone(), env!("CARGO_PKG_VERSION"));
        let config = ServerConfig::new(capabilities).with_server_info(about);
        match &plan.instructions {
            Some(instructions) => config.with_instructions(instructions.clone()),
            None => config,
        }
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.shown().offers.get(name).and_then(|offer| tool(offer))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.caller(&context)?;
        let modern = is_modern(&context);
        Ok(ListToolsResult {
            result_type: Some(ResultType::COMPLETE),
            tools: self.inner.listed(&caller).iter().filter_map(|offer| tool(offer)).collect(),
            meta: None,
            next_cursor: None,
            // What one caller may see, another may not; and it changes when the configuration does.
            ttl_ms: modern.then_some(0),
            cache_scope: modern.then_some(CacheScope::Private),
        })
    }

    // What is not declared is not answered either: an empty list would say that there could be something in it.

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(ErrorData::method_not_found::<CompleteRequestMethod>())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let (told, telling) = tell(context.peer.clone());
        let client = AtClient {
            modern: is_modern(&context),
            token: context.meta.get_progress_token(),
            peer: context.peer.clone(),
            told,
        };
        let (inner, stop) = (self.inner.clone(), context.ct.clone());
        let name = request.name.to_string();
        // On its own: whatever becomes of the connection, what was done is written down.
        let _left = stop.clone().drop_guard();
        let called = tokio::spawn(async move {
            let arguments = request.arguments.unwrap_or_default();
            inner.call(Call { caller, tool: &name, arguments, client: &client, stop }).await.map_err(|_| name)
        });
        let called = called.await;
        // What was said on the way comes before the result, and in its order.
        let _ = telling.await;
        match called {
            Ok(Ok(answer)) => Ok(result(answer).into()),
            Ok(Err(name)) => Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None)),
            Err(_) => Err(ErrorData::internal_error("the call broke off", None)),
        }
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let (mut changed, end) = (self.inner.changed(), self.inner.end.clone());
        let peer = context.peer;
        tokio::spawn(async move {
            while let Some(Ok(())) = end.run_until_cancelled(changed.changed()).await {
                if peer.is_transport_closed() || peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changed = self.inner.changed();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = self.inner.end.cancelled() => return Ok(()),
                news = changed.changed() => {
                    if news.is_err() || context.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// What cannot be said in MCP's words is not offered.
fn tool(offer: &Offer) -> Option<Tool> {
    serde_json::from_value(offer.listed()).ok()
}

fn result(answer: Answer) -> CallToolResult {
    let blocks = answer
        .content
        .iter()
        .map(|block| serde_json::from_value(block.clone()).unwrap_or_else(|_| ContentBlock::text(block.to_string())));
    let blocks = blocks.collect();
    let mut result = if answer.is_error { CallToolResult::error(blocks) } else { CallToolResult::success(blocks) };
    result.structured_content = answer.structured;
    result
}

/// The client of one call.
struct AtClient {
    peer: Peer<RoleServer>,
    token: Option<ProgressToken>,
    /// The newest revision knows no questions from the server.
    modern: bool,
    told: mpsc::UnboundedSender<ProgressNotificationParam>,
}

/// Passes on what is said, one after the other, until nobody has anything more to say.
fn tell(peer: Peer<RoleServer>) -> (mpsc::UnboundedSender<ProgressNotificationParam>, JoinHandle<()>) {
    let (told, mut heard) = mpsc::unbounded_channel();
    let telling = tokio::spawn(async move {
        while let Some(progress) = heard.recv().await {
            if peer.notify_progress(progress).await.is_err() {
                return;
            }
        }
    });
    (told, telling)
}

impl ClientSide for AtClient {
    fn agrees<'a>(&'a self, question: &'a str) -> Option<BoxFuture<'a, bool>> {
        if self.modern || !self.peer.supported_elicitation_modes().contains(&ElicitationMode::Form) {
            return None;
        }
        let schema = json!({
            "type": "object",
            "required": ["approve"],
            "properties": { "approve": { "type": "boolean", "title": "Allow this call" } },
        });
        let requested_schema: ElicitationSchema = serde_json::from_value(schema).ok()?;
        let params =
            ElicitRequestParams::FormElicitationParams { meta: None, message: question.to_owned(), requested_schema };
        let asking = async move {
            match self.peer.create_elicitation(params).await {
                Ok(said) => {
                    let yes = said.content.is_some_and(|content| content["approve"] == json!(true));
                    said.action == ElicitationAction::Accept && yes
                }
                // Who cannot be asked has not agreed; somebody else still may.
                Err(_) => std::future::pending().await,
            }
        };
        Some(asking.boxed())
    }

    fn progress(&self, progress: Progress) {
        let Some(token) = self.token.clone() else { return };
        let mut told = ProgressNotificationParam::new(token, progress.done);
        told.total = progress.total;
        told.message = progress.message;
        // A client that is gone need not be told.
        let _ = self.told.send(told);
    }
}
