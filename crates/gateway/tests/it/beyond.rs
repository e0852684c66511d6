//! What servers behind the gateway have besides tools, and what they ask in the middle of a call: passed on both ways,
//! by the same rules.
#![allow(deprecated, reason = "clients of the older era still subscribe and ask for logs")]

use rmcp::{
    ClientHandler, ClientServiceExt, RoleClient,
    model::{
        CallToolRequestParams, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
        GetPromptRequestParams, LoggingMessageNotificationParam, ProtocolVersion, ReadResourceRequestParams,
        ResourceUpdatedNotificationParam, SetLevelRequestParams, SubscribeRequestParams,
    },
    service::{ClientLifecycleMode, NotificationContext, RequestContext, RunningService},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    common::{House, arguments},
    upstream::example,
};

const NOTE: &str = "note://today";

/// A gateway before the asking server, for whose things one has to be an agent.
async fn house(rule: &str) -> House {
    let more = format!(
        "servers:\n  notes: {{ command: {:?}, era: legacy }}\nsecurity:\n  approvals: {{ mode: person, wait_seconds: 0 }}\n  \
         servers:\n    notes: {{ allowed_roles: [Agent]{rule} }}\n",
        example("gateway-asker"),
    );
    House::with(&more).await
}

fn form() -> Value {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    json!({ "method": "elicitation/create", "params": { "message": "Who?", "requestedSchema": schema } })
}

/// One request of the newer era, with what its client can be asked.
async fn modern(house: &House, role: &str, method: &str, mut params: Value) -> Value {
    let said = |key: &str| format!("io.modelcontextprotocol/{key}");
    params["_meta"] = json!({
        said("protocolVersion"): "2026-07-28",
        said("clientInfo"): { "name": "t", "version": "1" },
        said("clientCapabilities"): { "elicitation": {} },
    });
    let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default().to_owned();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let sending = reqwest::Client::builder().no_proxy().build().unwrap().post(house.served.url());
    let sending = sending.bearer_auth(house.key(role)).header("accept", "application/json, text/event-stream");
    let sending = sending.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
    let text = sending.header("mcp-name", name).json(&body).send().await.unwrap().text().await.unwrap();
    let last = text.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap_or(&text).trim();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn a_question_in_the_middle_of_a_call_comes_back_as_a_round_of_the_newer_era() {
    let house = house("").await;
    let call = json!({ "name": "notes__ask", "arguments": { "question": form() } });
    let asked = modern(&house, "Agent", "tools/call", call.clone()).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let (key, question) = asked["result"]["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!((&question["method"], &question["params"]["message"]), (&json!("elicitation/create"), &json!("Who?")));
    let mut answered = call.clone();
    answered["inputResponses"] = json!({ key: { "action": "accept", "content": { "name": "Ada" } } });
    answered["requestState"] = asked["result"]["requestState"].clone();
    // Neither another request nor a changed state gets at the call that waits.
    let mut other = answered.clone();
    other["arguments"] = json!({ "question": {} });
    let mut changed = answered.clone();
    changed["requestState"] = json!(format!("{}x", changed["requestState"].as_str().unwrap()));
    for wrong in [other, changed] {
        assert_eq!(modern(&house, "Agent", "tools/call", wrong).await["error"]["code"], -32602);
    }
    let done = modern(&house, "Agent", "tools/call", answered.clone()).await;
    let said = done["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{done}"));
    assert_eq!(serde_json::from_str::<Value>(said).unwrap()["content"]["name"], "Ada");
    // What was answered once is over.
    assert_eq!(modern(&house, "Agent", "tools/call", answered).await["error"]["code"], -32602);
    let records = house.end().await;
    let calls = records.iter().filter(|record| record["kind"] == "call" && record["tool"] == "notes__ask");
    assert_eq!(calls.filter(|record| record["result"] == "ok").count(), 1, "{records:#?}");
}

#[tokio::test]
async fn what_is_no_tool_has_its_roles_approval_and_record_too() {
    let house = house("").await;
    let prompt = json!({ "name": "notes__greet", "arguments": { "who": "Ada" } });
    let filled = modern(&house, "Agent", "prompts/get", prompt.clone()).await;
    assert_eq!(filled["result"]["messages"][0]["content"]["text"], "greet: greet \"Ada\"", "{filled}");
    let read = modern(&house, "Agent", "resources/read", json!({ "uri": NOTE })).await;
    assert_eq!(
        (&read["result"]["contents"][0]["text"], &read["result"]["cacheScope"]),
        (&json!("buy milk"), &json!("private"))
    );
    let gone = modern(&house, "Agent", "resources/read", json!({ "uri": "note://never" })).await;
    assert_eq!(gone["error"]["data"]["uri"], "note://never", "{gone}");
    for (method, params, member) in [("prompts/list", json!({}), "prompts"), ("resources/list", json!({}), "resources")]
    {
        let list = modern(&house, "Admin", method, params.clone()).await;
        assert_eq!(list["result"][member], json!([]), "{list}");
        assert_eq!(modern(&house, "Agent", method, params).await["result"][member].as_array().unwrap().len(), 1);
    }
    for (method, params) in [("prompts/get", prompt), ("resources/read", json!({ "uri": NOTE }))] {
        assert_eq!(modern(&house, "Admin", method, params).await["error"]["code"], -32602);
    }
    let records = house.end().await;
    for (kind, name) in [("prompt", "notes__greet"), ("resource", NOTE)] {
        let record = records.iter().find(|record| record["kind"] == kind && record["tool"] == name).unwrap();
        assert_eq!((&record["result"], &record["actor"]), (&json!("ok"), &json!("Agent")), "{record}");
    }
    assert!(!records.iter().any(|record| record.to_string().contains("buy milk")));
}

#[tokio::test]
async fn reading_waits_for_a_person_where_the_server_s_rule_says_so() {
    let house = house(", approval: person").await;
    for (method, params) in [
        ("prompts/get", json!({ "name": "notes__greet", "arguments": { "who": "Ada" } })),
        ("resources/read", json!({ "uri": NOTE })),
    ] {
        let refused = modern(&house, "Agent", method, params).await;
        assert_eq!(refused["error"]["data"]["code"], "approval_required", "{refused}");
    }
}

/// A client of the older era that answers, and hears what it is told.
#[derive(Clone)]
struct Person(mpsc::UnboundedSender<String>);

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config.capabilities = serde_json::from_value(json!({ "elicitation": {} })).unwrap();
        config
    }

    async fn create_elicitation(
        &self,
        _request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, rmcp::ErrorData> {
        let mut said = ElicitResult::new(ElicitationAction::Accept);
        said.content = Some(json!({ "name": "Ada" }));
        Ok(said)
    }

    async fn on_logging_message(
        &self,
        message: LoggingMessageNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.0.send(message.data.to_string()).unwrap();
    }

    async fn on_resource_updated(
        &self,
        updated: ResourceUpdatedNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.0.send(updated.uri).unwrap();
    }
}

async fn person(house: &House) -> (RunningService<RoleClient, Person>, mpsc::UnboundedReceiver<String>) {
    let (told, heard) = mpsc::unbounded_channel();
    let mut config = StreamableHttpClientTransportConfig::with_uri(house.served.url());
    config.auth_header = Some(house.key("Agent"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    (Person(told).serve_with_lifecycle(transport, ClientLifecycleMode::Initialize).await.unwrap(), heard)
}

fn call(tool: &'static str, given: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(arguments(given))
}

#[tokio::test]
async fn questions_messages_and_changes_reach_a_client_of_the_older_era() {
    let house = house("").await;
    let (client, mut heard) = person(&house).await;
    let said = async |question: Value| {
        let done = client.call_tool(call("notes__ask", json!({ "question": question }))).await.unwrap();
        serde_json::to_value(&done.content).unwrap()[0]["text"].as_str().unwrap().to_owned()
    };
    assert!(said(form()).await.contains("Ada"));
    // What the client said that it cannot do, it is not asked.
    let sampling = json!({ "method": "sampling/createMessage", "params": { "maxTokens": 1,
        "messages": [{ "role": "user", "content": { "type": "text", "text": "x" } }] } });
    assert!(said(sampling).await.contains("refused"));
    client
        .set_level(serde_json::from_value::<SetLevelRequestParams>(json!({ "level": "warning" })).unwrap())
        .await
        .unwrap();
    for (level, text) in [("info", "quiet"), ("error", "loud")] {
        let message = json!({ "message": { "level": level, "data": text } });
        client.call_tool(call("notes__write", message)).await.unwrap();
    }
    assert_eq!(heard.recv().await.unwrap(), "\"loud\"");
    client.subscribe(SubscribeRequestParams::new(NOTE)).await.unwrap();
    client.call_tool(call("notes__change", json!({}))).await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), NOTE);
    assert!(client.subscribe(SubscribeRequestParams::new("nothing://here")).await.is_err());
    let read = client.read_resource(ReadResourceRequestParams::new(NOTE)).await.unwrap();
    assert!(json!(read.contents).to_string().contains("buy milk"));
    let greet = GetPromptRequestParams::new("notes__greet").with_arguments(arguments(json!({ "who": "Ada" })));
    assert_eq!(client.get_prompt(greet).await.unwrap().messages.len(), 1);
    client.cancel().await.unwrap();
}
