//! A server with the tools that the official conformance suites call by name, over standard input and output.

use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
        ProgressNotificationParam, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

/// One pixel, and a moment of silence.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const AUDIO: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

struct Fixture;

fn tools() -> Vec<Tool> {
    let plain = json!({ "type": "object", "properties": {} });
    let dialect = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": { "$anchor": "addressDef", "type": "object", "properties": { "street": { "type": "string" }, "city": { "type": "string" } } } },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    let names = [
        "test_simple_text",
        "test_image_content",
        "test_audio_content",
        "test_embedded_resource",
        "test_multiple_content_types",
        "test_error_handling",
        "test_tool_with_progress",
        "json_schema_2020_12_tool",
    ];
    let tool = |name: &str| {
        let schema = if name.starts_with("json") { &dialect } else { &plain };
        serde_json::from_value(
            json!({ "name": name, "description": format!("Serves the suite's {name}."), "inputSchema": schema }),
        )
    };
    names.iter().filter_map(|name| tool(name).ok()).collect()
}

fn resource(uri: &str, kind: &str, text: &str) -> Value {
    json!({ "type": "resource", "resource": { "uri": uri, "mimeType": kind, "text": text } })
}

fn content(name: &str) -> Option<Value> {
    let image = json!({ "type": "image", "data": IMAGE, "mimeType": "image/png" });
    let text = |text: &str| json!({ "type": "text", "text": text });
    Some(match name {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image]),
        "test_audio_content" => json!([{ "type": "audio", "data": AUDIO, "mimeType": "audio/wav" }]),
        "test_embedded_resource" => {
            json!([resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")])
        }
        "test_multiple_content_types" => json!([
            text("Multiple content types test:"),
            image,
            resource("test://mixed-content-resource", "application/json", "{\"test\":\"data\",\"value\":123}"),
        ]),
        "test_error_handling" => json!([text("This tool intentionally returns an error for testing")]),
        "test_tool_with_progress" | "json_schema_2020_12_tool" => json!([text("Done.")]),
        _ => return None,
    })
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let content = content(&request.name).ok_or_else(|| ErrorData::invalid_params("no such tool", None))?;
        if request.name == "test_tool_with_progress"
            && let Some(token) = context.meta.get_progress_token()
        {
            for done in [0.0, 50.0, 100.0] {
                let mut progress = ProgressNotificationParam::new(token.clone(), done);
                progress.total = Some(100.0);
                // A client that is gone needs no progress.
                let _ = context.peer.notify_progress(progress).await;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        let blocks: Vec<ContentBlock> =
            serde_json::from_value(content).map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let failed = request.name == "test_error_handling";
        Ok(if failed { CallToolResult::error(blocks) } else { CallToolResult::success(blocks) }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Fixture.serve(rmcp::transport::stdio()).await?.waiting().await?;
    Ok(())
}
