//! The protocol in both eras, spoken by an independent client; and what belongs to whom between the two.

use rmcp::{
    ClientHandler, ClientServiceExt, RoleClient,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
        ElicitationCapability, ProtocolVersion,
    },
    service::{ClientLifecycleMode, RequestContext, RunningService},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};

use crate::common::{House, arguments};

#[derive(Clone, Default)]
struct Person {
    says: Option<bool>,
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = self.says.map(|_| ElicitationCapability::default());
        config.capabilities = capabilities;
        config
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, rmcp::ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else { panic!("a form is expected") };
        assert!(message.contains("memory_delete"), "{message}");
        let content = json!({ "approve": self.says });
        let mut said = ElicitResult::new(ElicitationAction::Accept);
        said.content = Some(content);
        Ok(said)
    }
}

async fn connect(house: &House, person: Person, mode: ClientLifecycleMode) -> RunningService<RoleClient, Person> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(house.served.url());
    config.auth_header = Some(house.key("Agent"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    person.serve_with_lifecycle(transport, mode).await.unwrap()
}

fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

fn call(tool: &'static str, given: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(arguments(given))
}

#[tokio::test]
async fn both_eras_list_and_call() {
    let house = House::open().await;
    for mode in [ClientLifecycleMode::Initialize, modern()] {
        let client = connect(&house, Person::default(), mode).await;
        let tools = client.list_all_tools().await.unwrap();
        assert!(tools.iter().any(|tool| tool.name == "memory.search"), "{tools:?}");
        let found = client.call_tool(call("memory_search", json!({ "query": "invoices" }))).await.unwrap();
        assert_eq!(found.structured_content.unwrap()["total"], 1);
        let refused = client.call_tool(call("crm_create_team", json!({ "name": "x" }))).await.unwrap();
        assert_eq!(refused.is_error, Some(true));
        assert!(client.call_tool(call("no_such_tool", json!({}))).await.is_err());
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_can_ask_its_person_does_where_that_is_allowed() {
    let more = "security: { approvals: { mode: person, ask_client: true, wait_seconds: 600 } }\n";
    let house = House::with(more).await;
    for (says, expected) in [(false, Some(true)), (true, Some(false))] {
        let client = connect(&house, Person { says: Some(says) }, ClientLifecycleMode::Initialize).await;
        let result = client.call_tool(call("memory_delete", json!({ "memory_id": "MEM-0003" }))).await.unwrap();
        assert_eq!(result.is_error, expected, "{result:?}");
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn clients_hear_that_tools_have_changed() {
    #[derive(Clone)]
    struct Listener(tokio::sync::mpsc::UnboundedSender<()>);
    impl ClientHandler for Listener {
        fn get_info(&self) -> ClientConfig {
            Person::default().get_info()
        }

        async fn on_tool_list_changed(&self, _context: rmcp::service::NotificationContext<RoleClient>) {
            self.0.send(()).unwrap();
        }
    }
    let house = House::open().await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let mut config = StreamableHttpClientTransportConfig::with_uri(house.served.url());
    config.auth_header = Some(house.key("Agent"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let client = Listener(told).serve_with_lifecycle(transport, ClientLifecycleMode::Initialize).await.unwrap();
    client.list_all_tools().await.unwrap();
    house.rewrite("catalogue: false\n");
    house.gateway.reload().await.unwrap();
    heard.recv().await.unwrap();
    assert!(client.list_all_tools().await.unwrap().is_empty());
}

fn raw() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn post(house: &House, role: &str, body: &Value) -> reqwest::RequestBuilder {
    let accept = "application/json, text/event-stream";
    raw().post(house.served.url()).bearer_auth(house.key(role)).header("accept", accept).json(body)
}

async fn begin(house: &House, role: &str) -> String {
    let body = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": { "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } },
    });
    let response = post(house, role, &body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    response.text().await.unwrap();
    let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(house, role, &done).header("mcp-session-id", &session).send().await.unwrap().status(), 202);
    session
}

#[tokio::test]
async fn a_session_belongs_to_the_key_that_began_it() {
    let house = House::open().await;
    let session = begin(&house, "Agent").await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let tool = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": { "name": "memory_telemetry", "arguments": {} } });
    for body in [&list, &tool] {
        let own = post(&house, "Agent", body).header("mcp-session-id", &session).send().await.unwrap();
        assert_eq!(own.status(), 200, "{body}");
        for (role, session) in [("Admin", session.as_str()), ("Agent", "made-up")] {
            let foreign = post(&house, role, body).header("mcp-session-id", session).send().await.unwrap();
            assert_eq!(foreign.status(), 404, "{role}: {body}");
        }
    }
    let end =
        |role: &str| raw().delete(house.served.url()).bearer_auth(house.key(role)).header("mcp-session-id", &session);
    assert_eq!(end("Admin").send().await.unwrap().status(), 404);
    assert!(end("Agent").send().await.unwrap().status().is_success());
    let ended = post(&house, "Agent", &list).header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(ended.status(), 404);
}

#[tokio::test]
async fn a_call_is_answered_the_same_on_the_short_way_and_the_long() {
    let house = House::open().await;
    let session = begin(&house, "Agent").await;
    let body = |more: Value| {
        let mut params = json!({ "name": "memory_search", "arguments": { "query": "invoices" } });
        if !more.is_null() {
            params["_meta"] = more;
        }
        json!({ "jsonrpc": "2.0", "id": "a/b", "method": "tools/call", "params": params })
    };
    // What has a weight in its Accept goes the long way.
    let long = "application/json;q=0.9, text/event-stream";
    let mut answers = vec![];
    for accept in ["application/json, text/event-stream", long] {
        let sending = raw().post(house.served.url()).bearer_auth(house.key("Agent")).header("accept", accept);
        let response = sending.header("mcp-session-id", &session).json(&body(Value::Null)).send().await.unwrap();
        let text = response.text().await.unwrap();
        let json =
            text.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap_or(&text).trim().to_owned();
        answers.push(serde_json::from_str::<Value>(&json).unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["id"], "a/b");
}

#[tokio::test]
async fn bodies_have_a_bound_and_nonsense_has_an_answer() {
    let house = House::with("").await;
    let huge = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "memory_write", "arguments": { "content": "x".repeat(5 << 20) } } });
    assert_eq!(post(&house, "Agent", &huge).send().await.unwrap().status(), 413);
    for text in ["", "{", "[]", "null", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"tools/call\"}", "\u{0}"] {
        let sending = post(&house, "Agent", &json!({})).body(text).send().await.unwrap();
        assert!(sending.status().is_client_error(), "{text:?}: {}", sending.status());
    }
}
