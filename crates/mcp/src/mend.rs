//! A first answer that is nearly right, made right: what is malformed in it costs that one thing.

use rmcp::RoleClient;
use rmcp::{
    model::{ProtocolVersion, ServerJsonRpcMessage, ServerResult},
    service::RxJsonRpcMessage,
};
use serde_json::{Map, Value, json};

/// The same message; where it is the answer to a handshake that only lacks or misspells something, a usable one.
pub(crate) fn mended(message: RxJsonRpcMessage<RoleClient>) -> RxJsonRpcMessage<RoleClient> {
    match message {
        ServerJsonRpcMessage::Response(mut response) => {
            if let ServerResult::CustomResult(raw) = &response.result
                && let Some(better) =
                    serde_json::to_value(raw).ok().as_ref().and_then(Value::as_object).and_then(handshake)
            {
                tracing::warn!("the server's first answer is malformed; what can be used of it is");
                response.result = better;
            }
            ServerJsonRpcMessage::Response(response)
        }
        other => other,
    }
}

fn handshake(raw: &Map<String, Value>) -> Option<ServerResult> {
    let version = raw.get("protocolVersion")?;
    let version = version.as_str().unwrap_or(ProtocolVersion::LATEST_WITH_INITIALIZE.as_str());
    let text = |key: &str, otherwise: &str| {
        let found = raw.get("serverInfo").and_then(|about| about.get(key)?.as_str());
        found.unwrap_or(otherwise).to_owned()
    };
    let mut capabilities = raw.get("capabilities").and_then(Value::as_object).cloned().unwrap_or_default();
    // `true` is a common way to say "yes".
    capabilities.retain(|_, value| value.is_object() || value == true);
    capabilities.values_mut().filter(|value| **value == true).for_each(|value| *value = json!({}));
    let mut better = json!({
        "protocolVersion": version,
        "capabilities": capabilities,
        "serverInfo": { "name": text("name", "unnamed"), "version": text("version", "unknown") },
    });
    if let Some(instructions) = raw.get("instructions").filter(|instructions| instructions.is_string()) {
        better["instructions"] = instructions.clone();
    }
    let read = |value: &Value| serde_json::from_value(value.clone()).ok().map(ServerResult::InitializeResult);
    read(&better).or_else(|| {
        // Whatever is odd inside a capability: without it, the rest still holds.
        better["capabilities"] = json!({ "tools": {} });
        read(&better)
    })
}
