//! A small client for gateways: what the scripts of operators need, and what its own tests speak with.

use std::time::Duration;

use serde_json::{Map, Value, json};

const REVISION: &str = "2026-07-28";

/// Speaks to one gateway with one key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the gateway at {url} cannot be reached: {cause}")]
    Unreachable { url: String, cause: String },
    /// It answered, but not with what was asked for.
    #[error("the gateway answered {status}: {message}")]
    Refused { status: u16, message: String, retry_after: Option<u64> },
    #[error("the gateway refused the request ({code}): {message}")]
    Rejected { code: i64, message: String },
}

impl Client {
    /// `url` is the address of the MCP server, such as `http://127.0.0.1:9000/mcp`.
    pub fn new(url: impl Into<String>, key: Option<String>) -> Result<Self, ClientError> {
        let url = url.into();
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).no_proxy().build();
        let http = http.map_err(|error| ClientError::Unreachable { url: url.clone(), cause: error.to_string() })?;
        Ok(Self { http, url, key })
    }

    /// What the gateway says of itself and of what it can do.
    pub async fn discover(&self) -> Result<Value, ClientError> {
        self.request("server/discover", None, Map::new()).await
    }

    /// The tools that this key may use.
    pub async fn tools(&self) -> Result<Vec<Value>, ClientError> {
        let listed = self.request("tools/list", None, Map::new()).await?;
        Ok(listed["tools"].as_array().cloned().unwrap_or_default())
    }

    /// Calls a tool; what is returned is MCP's result, also where the tool failed.
    pub async fn call(&self, tool: &str, arguments: Map<String, Value>) -> Result<Value, ClientError> {
        let params = Map::from_iter([("name".to_owned(), json!(tool)), ("arguments".to_owned(), json!(arguments))]);
        self.request("tools/call", Some(tool), params).await
    }

    pub async fn health(&self) -> Result<Value, ClientError> {
        self.operate(reqwest::Method::GET, "/health", None).await
    }

    /// The calls that wait for a yes.
    pub async fn approvals(&self) -> Result<Vec<Value>, ClientError> {
        let listed = self.operate(reqwest::Method::GET, "/admin/approvals", None).await?;
        Ok(listed["approvals"].as_array().cloned().unwrap_or_default())
    }

    pub async fn answer(&self, id: &str, approve: bool) -> Result<Value, ClientError> {
        let path = format!("/admin/approvals/{id}");
        self.operate(reqwest::Method::POST, &path, Some(json!({ "approve": approve }))).await
    }

    async fn request(
        &self,
        method: &str,
        name: Option<&str>,
        mut params: Map<String, Value>,
    ) -> Result<Value, ClientError> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": { "name": "loq", "version": env!("CARGO_PKG_VERSION") },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        params.insert("_meta".to_owned(), meta);
        let mut sending = self.http.post(&self.url).header("accept", "application/json, text/event-stream");
        sending = sending.header("mcp-protocol-version", REVISION).header("mcp-method", method);
        if let Some(name) = name {
            sending = sending.header("mcp-name", name);
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.send(sending.json(&body)).await?;
        if let Some(error) = answer.get("error") {
            let message = error["message"].as_str().unwrap_or("no reason given").to_owned();
            return Err(ClientError::Rejected { code: error["code"].as_i64().unwrap_or(0), message });
        }
        Ok(answer.get("result").cloned().unwrap_or_default())
    }

    async fn operate(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
        let unreachable = |cause: String| ClientError::Unreachable { url: self.url.clone(), cause };
        let base = url::Url::parse(&self.url).map_err(|error| unreachable(error.to_string()))?;
        let url = base.join(path).map_err(|error| unreachable(error.to_string()))?;
        let sending = self.http.request(method, url);
        let sending = if let Some(body) = &body { sending.json(body) } else { sending };
        self.send(sending).await
    }

    async fn send(&self, sending: reqwest::RequestBuilder) -> Result<Value, ClientError> {
        let sending = match &self.key {
            Some(key) => sending.bearer_auth(key),
            None => sending,
        };
        let unreachable = |error: reqwest::Error| ClientError::Unreachable {
            url: self.url.clone(),
            cause: error.without_url().to_string(),
        };
        let response = sending.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = response.text().await.map_err(unreachable)?;
        let value = serde_json::from_str(&text).unwrap_or_else(|_| last_event(&text));
        if status.is_success() || (status.is_client_error() && value.get("jsonrpc").is_some()) {
            return Ok(value);
        }
        let said = value["error"]["message"].as_str().unwrap_or(text.trim());
        let message: String = said.chars().take(300).collect();
        Err(ClientError::Refused { status: status.as_u16(), message, retry_after })
    }
}

/// The last message of a stream of events: the answer.
fn last_event(text: &str) -> Value {
    let messages = text.lines().filter_map(|line| line.strip_prefix("data:"));
    messages.filter_map(|line| serde_json::from_str(line.trim()).ok()).next_back().unwrap_or_default()
}
