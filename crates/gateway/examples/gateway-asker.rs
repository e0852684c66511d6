//! A server of the older era with a prompt, a resource, and tools that ask, write and tell in the middle of a call.
#![allow(deprecated, reason = "servers of the older era still write logs and tell of changes so")]

use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourcesResult, ListToolsResult,
        LoggingMessageNotificationParam, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ResourceUpdatedNotificationParam, ServerCapabilities, ServerConfig, ServerRequest,
        SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

struct Asker;

const NOTE: &str = "note://today";

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn said(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text.into())]).into()
}

async fn ask(context: &RequestContext<RoleServer>, question: Value) -> Result<Value, ErrorData> {
    let Some(method) = question["method"].as_str().map(str::to_owned) else {
        return Err(ErrorData::invalid_params("no method", None));
    };
    let request = serde_json::from_value(question.clone())
        .unwrap_or_else(|_| ServerRequest::CustomRequest(CustomRequest::new(method, question.get("params").cloned())));
    match context.peer.send_request(request).await {
        Ok(answer) => typed(json!(answer)),
        Err(error) => Ok(json!({ "refused": error.to_string() })),
    }
}

impl ServerHandler for Asker {
    fn get_info(&self) -> ServerConfig {
        let capabilities = json!({
            "tools": {}, "prompts": {}, "resources": { "subscribe": true }, "logging": {},
        });
        ServerConfig::new(serde_json::from_value::<ServerCapabilities>(capabilities).unwrap_or_default())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |name: &str| json!({ "name": name, "description": name, "inputSchema": { "type": "object" } });
        typed(json!({ "tools": [tool("ask"), tool("write"), tool("change")] }))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        match &*request.name {
            "ask" => Ok(said(ask(&context, arguments["question"].clone()).await?.to_string())),
            "write" => {
                let message: LoggingMessageNotificationParam = typed(arguments["message"].clone())?;
                // A client that is gone reads nothing.
                let _ = context.peer.notify_logging_message(message).await;
                Ok(said("written"))
            }
            _ => {
                let _ = context.peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(NOTE)).await;
                Ok(said("changed"))
            }
        }
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        typed(json!({ "prompts": [{ "name": "greet", "arguments": [{ "name": "who", "required": true }] }] }))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let who = request.arguments.and_then(|arguments| arguments.get("who").cloned()).unwrap_or_default();
        let content = json!({ "type": "text", "text": format!("{}: greet {who}", request.name) });
        let filled: GetPromptResult = typed(json!({ "messages": [{ "role": "user", "content": content }] }))?;
        Ok(filled.into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        typed(json!({ "resources": [{ "uri": NOTE, "name": "today" }] }))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri != NOTE {
            return Err(ErrorData::resource_not_found("no such note", Some(json!({ "uri": request.uri }))));
        }
        let read: ReadResourceResult = typed(json!({ "contents": [{ "uri": NOTE, "text": "buy milk" }] }))?;
        Ok(read.into())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if request.uri == NOTE { Ok(()) } else { Err(ErrorData::resource_not_found("no such note", None)) }
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Asker.serve(rmcp::transport::stdio()).await?.waiting().await?;
    Ok(())
}
