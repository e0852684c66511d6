//! The gateway as an MCP server, in both eras.
#![expect(deprecated, reason = "clients of all revisions still subscribe and ask for logs")]

use std::sync::Arc;

use mcp::Listed;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestMethod, CompleteRequestParams,
        CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation,
        ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult,
        ListResourcesRequestMethod, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Reference, ResultType, ServerCapabilities,
        ServerConfig, SetLevelRequestMethod, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{caller::Caller, door::Call, gateway::Inner, line::Line, offer::Want};

use super::{attend::Wanted, hear, kept::Kept, wishes::Wishes, words};

/// Speaks for the gateway in one session or request.
pub(super) struct Speaker {
    pub(super) inner: Arc<Inner>,
    /// Where every request comes from the same caller.
    caller: Option<Arc<Caller>>,
    pub(super) wishes: Wishes,
}

impl Speaker {
    /// `kept`: what all copies know of sessions, where there are several.
    pub(super) fn new(inner: Arc<Inner>, caller: Option<Arc<Caller>>, kept: Option<Kept>) -> Self {
        Self { inner, caller, wishes: Wishes::new(kept) }
    }

    /// Who sent this request: as the door found them, for each request anew.
    pub(super) fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Caller>, ErrorData> {
        let of_request = context.extensions.get::<http::request::Parts>();
        let of_request = of_request.and_then(|parts| parts.extensions.get::<Arc<Caller>>());
        of_request
            .or(self.caller.as_ref())
            .cloned()
            .ok_or_else(|| ErrorData::internal_error("nobody is known to have sent this request", None))
    }

    /// A list of what servers have besides tools, for this caller.
    async fn list(&self, kind: Listed, context: &RequestContext<RoleServer>) -> Result<Vec<Value>, ErrorData> {
        let offers = self.inner.beyond_tools();
        // What is not declared is not answered either: an empty list would say that there could be something in it.
        match kind {
            Listed::Prompts if !offers.prompts => Err(ErrorData::method_not_found::<ListPromptsRequestMethod>()),
            Listed::Resources if !offers.resources => Err(ErrorData::method_not_found::<ListResourcesRequestMethod>()),
            Listed::Templates if !offers.resources => {
                Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>())
            }
            Listed::Prompts | Listed::Resources | Listed::Templates => {
                Ok(self.inner.list(&*self.caller(context)?, kind).await)
            }
        }
    }
}

pub(super) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

impl ServerHandler for Speaker {
    fn get_info(&self) -> ServerConfig {
        let plan = &self.inner.shown().plan;
        let offers = self.inner.beyond_tools();
        let mut capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        if offers.prompts {
            capabilities.prompts = serde_json::from_value(json!({ "listChanged": true })).ok();
        }
        capabilities.resources = offers.resources.then(|| hear::resources(offers.subscriptions));
        capabilities.completions = offers.completion.then(Default::default);
        capabilities.logging = offers.logging.then(Default::default);
        let about = Implementation::new(plan.name.clone(), env!("CARGO_PKG_VERSION"));
        let config = ServerConfig::new(capabilities).with_server_info(about);
        match &plan.instructions {
            Some(instructions) => config.with_instructions(instructions.clone()),
            None => config,
        }
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.shown().offers.get(name).and_then(|offer| words::tool(offer))
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
            tools: self.inner.listed(&caller).iter().filter_map(|offer| words::tool(offer)).collect(),
            meta: None,
            next_cursor: None,
            // What one caller may see, another may not; and it changes when the configuration does.
            ttl_ms: modern.then_some(0),
            cache_scope: modern.then_some(CacheScope::Private),
        })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.to_string();
        let Some(offer) = self.inner.shown().offers.get(&name).cloned() else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let (responses, state) = (request.input_responses, request.request_state);
        let wanted = Wanted { method: "tools/call", offer, name, arguments, responses, state };
        self.attend(wanted, &context).await.map(words::called)
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let list = self.list(Listed::Prompts, &context).await?;
        Ok(ListPromptsResult { prompts: words::entries(list), ..ListPromptsResult::default() })
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let name = request.name;
        let Some((server, own)) = self.inner.find_prompt(&caller, &name).await else {
            return Err(ErrorData::invalid_params(format!("Unknown prompt: {name}"), None));
        };
        let want = Want::Prompt { name: own };
        let (method, offer) = (want.method(), self.inner.beyond(&server, &name, want));
        let arguments = request.arguments.unwrap_or_default();
        let (responses, state) = (request.input_responses, request.request_state);
        let wanted = Wanted { method, offer, name, arguments, responses, state };
        words::given::<GetPromptResult, _>(self.attend(wanted, &context).await?)
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let list = self.list(Listed::Resources, &context).await?;
        Ok(ListResourcesResult { resources: words::entries(list), ..ListResourcesResult::default() })
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let list = self.list(Listed::Templates, &context).await?;
        Ok(ListResourceTemplatesResult {
            resource_templates: words::entries(list),
            ..ListResourceTemplatesResult::default()
        })
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let name = request.uri;
        let Some(server) = self.inner.find_resource(&caller, &name).await else {
            return Err(ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": name }))));
        };
        let offer = self.inner.beyond(&server, &name, Want::Resource);
        let arguments = Map::from_iter([("uri".to_owned(), json!(name))]);
        let (responses, state) = (request.input_responses, request.request_state);
        let wanted = Wanted { method: Want::Resource.method(), offer, name, arguments, responses, state };
        words::given::<ReadResourceResult, _>(self.attend(wanted, &context).await?)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        if !self.inner.beyond_tools().completion {
            return Err(ErrorData::method_not_found::<CompleteRequestMethod>());
        }
        let caller = self.caller(&context)?;
        let mut params = match serde_json::to_value(&request) {
            Ok(Value::Object(params)) => params,
            Ok(_) | Err(_) => Map::new(),
        };
        params.shift_remove("_meta");
        let (server, name) = match &request.r#ref {
            Reference::Prompt(prompt) => {
                let found = self.inner.find_prompt(&caller, &prompt.name).await;
                let found = found.map(|(server, own)| {
                    params["ref"]["name"] = json!(own);
                    server
                });
                (found, prompt.name.clone())
            }
            Reference::Resource(resource) => {
                (self.inner.find_resource(&caller, &resource.uri).await, resource.uri.clone())
            }
            _ => (None, String::new()),
        };
        let Some(server) = server else {
            return Err(ErrorData::invalid_params(format!("Nothing here is called {name:?}."), None));
        };
        if !server.offers.completion {
            return Ok(CompleteResult::new(CompletionInfo::default()));
        }
        let offer = self.inner.beyond(&server, &name, Want::Completion);
        let (line, stop) = (Arc::new(Line::silent()), CancellationToken::new());
        let _left = stop.clone().drop_guard();
        let call = Call { caller, tool: &name, arguments: params, line: &line, stop };
        words::plain(self.inner.go(offer, call).await)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        // The newer era says it with each request.
        if is_modern(&context) || !self.inner.beyond_tools().logging {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        let caller = self.caller(&context)?;
        if let Some(level) = serde_json::to_value(request.level).unwrap_or_default().as_str() {
            self.wishes.set_level(&self.inner, &caller, level, &context.extensions).await;
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = self.caller(&context)?;
        self.wishes.watch(&self.inner, &caller, &request.uri, &context.extensions).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.wishes.forget(&self.inner, &request.uri, &context.extensions).await;
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let (inner, wishes) = (self.inner.clone(), self.wishes.clone());
        let told = hear::tell(inner.clone(), context.peer, wishes.watched().clone());
        tokio::spawn(async move {
            let recalling = async move {
                wishes.recall_all(&inner, &context.extensions).await;
                drop(inner);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                // Told is what changes from now on, also of what is only just recalled.
                biased;
                () = told => (),
                () = recalling => (),
            }
        });
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let caller = self.caller(context.request_context())?;
        hear::listen(&self.inner, caller, context).await
    }
}
