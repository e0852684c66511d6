//! What there is, for programs and for people.

use axum::Json;
use axum::response::Html;
use serde_json::{Value, json};

/// `GET /openapi.json`
pub(crate) async fn openapi() -> Json<Value> {
    Json(document())
}

/// `GET /docs`: a page without scripts.
pub(crate) async fn page() -> Html<String> {
    let document = document();
    let mut rows = String::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            let method = method.to_uppercase();
            rows.push_str(&format!(
                "<tr><td><code>{method}</code></td><td><code>{path}</code></td><td>{summary}</td></tr>"
            ));
        }
    }
    Html(PAGE.replace("{rows}", &rows))
}

const PAGE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Loquat's API</title>
<meta name="viewport" content="width=device-width"><style>
body{font:16px/1.6 system-ui;margin:3rem auto;max-width:46rem;padding:0 1rem;color:#1c1917;background:#fafaf9}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #d6d3d1;padding:.4rem .6rem;vertical-align:top}
pre{background:#f0efed;padding:1rem;overflow:auto;border-radius:8px}
@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}pre{background:#292524}td{border-color:#44403c}}
</style><h1>Loquat's API</h1>
<p>Ask with any client of OpenAI's API. Tools of the MCP servers run here, also while an answer streams.</p>
<pre>from openai import OpenAI
client = OpenAI(base_url="http://localhost:8000/v1", api_key="lq-…")
for chunk in client.chat.completions.create(model="", stream=True,
        messages=[{"role": "user", "content": "What are all the critical priority tickets?"}]):
    print(chunk.choices[0].delta.content or "", end="")</pre>
<p>A key is made by <code>loq keys create NAME</code>. Chunks carry what tools do in a field of their own,
<code>loquat.call</code>; other clients pass over it. <code>session_id</code> keeps a conversation:
send <code>"new"</code> to begin one, and the id that comes back to go on.</p>
<table>{rows}</table><p><a href="openapi.json">openapi.json</a></p></html>"#;

fn document() -> Value {
    let operation = |summary: &str, body: Option<&str>, answer: &str| {
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let error = json!({ "description": "An error object.", "content": { "application/json": { "schema": reference("Error") } } });
        let mut operation = json!({
            "summary": summary,
            "responses": {
                "200": { "description": "It went well.", "content": { "application/json": { "schema": reference(answer) } } },
                "default": error,
            },
        });
        if let Some(body) = body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": reference(body) } } });
        }
        operation
    };
    let open = |mut operation: Value| {
        operation["security"] = json!([]);
        operation
    };
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Loquat", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "MIT" } },
        "security": [{ "key": [] }],
        "paths": {
            "/": { "get": open(operation("Says what this is.", None, "Any")) },
            "/health": { "get": open(operation("Whether it is up.", None, "Any")) },
            "/chat": { "post": operation("Answers a message, in a session that is kept.", Some("Chat"), "Reply") },
            "/v1/models": { "get": operation("Lists the models of every provider that answers.", None, "Any") },
            "/v1/models/{id}": { "get": with_id(operation("Tells of one model.", None, "Any")) },
            "/v1/chat/completions": { "post": streaming(operation("Answers, as OpenAI's chat completions do.", Some("Completion"), "Any")) },
            "/v1/responses": { "post": streaming(operation("Answers, as OpenAI's responses do.", Some("Response"), "Any")) },
            "/v1/embeddings": { "post": operation("Passed on to the model's provider.", Some("Embeddings"), "Any") },
            "/metrics": { "get": as_text(operation("Counts, in the text format of Prometheus.", None, "Any")) },
        },
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

fn schemas() -> Value {
    let any = || json!({ "type": "object", "additionalProperties": true });
    let may = |kind: &str| json!({ "type": [kind, "null"] });
    let count = json!({ "type": ["integer", "null"], "minimum": 1 });
    let roles = ["system", "developer", "user", "assistant", "tool"];
    let message = json!({ "type": "object", "required": ["role"], "properties": { "role": { "enum": roles } } });
    json!({
        "Any": any(),
        "Chat": { "type": "object", "required": ["message"], "properties": {
            "message": { "type": "string", "minLength": 1 }, "session_id": { "type": ["string", "null"] } } },
        "Reply": { "type": "object", "required": ["response", "session_id"], "properties": {
            "response": { "type": "string" }, "session_id": { "type": "string" } } },
        "Completion": { "type": "object", "required": ["messages"], "properties": {
            "model": may("string"),
            "messages": { "type": "array", "minItems": 1, "items": message },
            "stream": may("boolean"), "tools": { "type": ["array", "null"], "items": any() },
            "temperature": may("number"), "top_p": may("number"),
            "max_tokens": count, "max_completion_tokens": count,
            "session_id": may("string") } },
        "Response": { "type": "object", "required": ["input"], "properties": {
            "model": may("string"), "instructions": may("string"), "max_output_tokens": count,
            "input": { "oneOf": [{ "type": "string" }, { "type": "array", "minItems": 1, "items": any() }] },
            "previous_response_id": may("string"), "store": may("boolean"), "stream": may("boolean") } },
        "Embeddings": { "type": "object", "required": ["input"], "properties": {
            "model": may("string"), "input": {} } },
        "Error": { "type": "object", "required": ["error"], "properties": { "error": {
            "type": "object", "properties": { "message": { "type": "string" }, "type": { "type": "string" },
            "param": { "type": ["string", "null"] }, "code": { "type": ["string", "null"] } } } } },
    })
}

fn as_text(mut operation: Value) -> Value {
    operation["responses"]["200"]["content"] = json!({ "text/plain": { "schema": { "type": "string" } } });
    operation
}

fn streaming(mut operation: Value) -> Value {
    // Of one event, as whoever reads the stream has it.
    let event = json!({ "type": "object", "required": ["data"], "properties": {
        "data": { "type": "string" }, "event": { "type": "string" } } });
    operation["responses"]["200"]["content"]["text/event-stream"] = json!({ "schema": event });
    operation
}

fn with_id(mut operation: Value) -> Value {
    operation["parameters"] = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    operation
}
