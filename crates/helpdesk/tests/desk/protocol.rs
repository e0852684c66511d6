//! Start, greeting, the list of tools, and the end.

use serde_json::{Value, json};

use crate::client::{Client, SERVERS, run};

const TOOLS: [[&str; 4]; 5] = [
    ["search_tickets", "get_ticket_details", "get_ticket_metrics", "find_similar_tickets"],
    ["lookup_customer", "check_customer_status", "get_sla_terms", "list_customer_contacts"],
    ["get_invoice", "check_payment_status", "get_billing_history", "calculate_outstanding_balance"],
    ["search_solutions", "get_article", "find_related_articles", "get_common_fixes"],
    ["lookup_asset", "check_warranty", "get_software_licenses", "get_asset_history"],
];

#[test]
fn the_list_names_every_server_and_tool() {
    let output = run(&["--list"]);
    assert!(output.status.success());
    let mut expected = String::new();
    for (server, tools) in SERVERS.iter().zip(TOOLS) {
        expected += &format!("{server}\n");
        expected.extend(tools.iter().map(|tool| format!("  {tool}\n")));
    }
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn help_names_the_servers_and_a_wrong_one_is_refused() {
    let help = run(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && SERVERS.iter().all(|server| text.contains(server)), "{text}");
    let wrong = run(&["printer"]);
    assert!(!wrong.status.success() && String::from_utf8(wrong.stderr).unwrap().contains("possible values"));
}

#[test]
fn servers_introduce_themselves_and_leave_when_input_ends() {
    for server in SERVERS {
        for version in ["2025-11-25", "2025-06-18"] {
            let mut client = Client::start(server);
            let hello = client.initialize(version);
            assert_eq!(hello["protocolVersion"], version);
            assert_eq!(hello["serverInfo"]["name"], format!("loquat-helpdesk-{server}"));
            assert_eq!(hello["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
            assert!(hello["instructions"].as_str().unwrap().len() > 100);
            assert_eq!(hello["capabilities"], json!({ "tools": {} }));
            assert!(client.finish().success());
        }
    }
    assert!(Client::start("kb").finish().success(), "leaving without a greeting is no failure");
}

#[test]
fn the_stateless_revision_is_served_without_a_greeting() {
    let mut client = Client::start("kb");
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let discovered = client.request("server/discover", json!({ "_meta": meta }))["result"].clone();
    let versions = discovered["supportedVersions"].as_array().unwrap();
    for version in ["2026-07-28", "2025-11-25", "2025-06-18"] {
        assert!(versions.contains(&json!(version)), "{discovered}");
    }
    let listed = client.request("tools/list", json!({ "_meta": meta }))["result"].clone();
    assert_eq!(listed["tools"].as_array().unwrap().len(), 4, "{listed}");
    assert!(listed["ttlMs"].as_u64().unwrap() > 0, "{listed}");
    let call = json!({ "name": "get_article", "arguments": { "article_id": "KB-001" }, "_meta": meta });
    let called = client.request("tools/call", call);
    assert_eq!(called["result"]["structuredContent"]["article"]["article_id"], "KB-001", "{called}");
    assert!(client.finish().success());
}

#[test]
fn every_tool_is_described_typed_and_read_only() {
    for (server, expected) in SERVERS.iter().zip(TOOLS) {
        let tools = Client::greet(server).tools();
        let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
        for tool in &tools {
            assert!(!tool["title"].as_str().unwrap().is_empty());
            assert!(tool["description"].as_str().unwrap().len() > 40, "{}", tool["name"]);
            let hints = json!({
                "title": tool["title"], "readOnlyHint": true, "destructiveHint": false,
                "idempotentHint": true, "openWorldHint": false
            });
            assert_eq!(tool["annotations"], hints);
            for kind in ["inputSchema", "outputSchema"] {
                assert_eq!(tool[kind]["type"], "object");
                jsonschema::meta::validate(&tool[kind]).unwrap();
                assert_plain(&tool[kind], &format!("{} {kind}", tool["name"]));
            }
            assert_eq!(tool["inputSchema"]["additionalProperties"], false);
            for (name, argument) in tool["inputSchema"]["properties"].as_object().unwrap() {
                assert!(argument["title"].is_string() && argument["description"].is_string(), "{name}");
                assert!(argument["type"].is_string(), "{name} has one type");
            }
        }
    }
}

/// No references, no unions with null, no machine formats anywhere in the schema.
fn assert_plain(schema: &Value, place: &str) {
    let text = schema.to_string();
    for banned in ["$ref", "$defs", "\"null\"", "anyOf", "oneOf", "uint", "\"double\""] {
        assert!(!text.contains(banned), "{place} contains {banned}: {text}");
    }
}

#[test]
fn arguments_carry_their_choices_and_formats() {
    let tools = Client::greet("ticket").tools();
    let arguments = &tools[0]["inputSchema"]["properties"];
    assert_eq!(arguments["priority"]["enum"], json!(["critical", "high", "medium", "low"]));
    assert_eq!(arguments["os"]["enum"], json!(["windows", "linux", "macos"]));
    assert_eq!(arguments["status"]["enum"].as_array().unwrap().len(), 5);
    assert_eq!(arguments["created_after"]["format"], "date");
    assert_eq!(arguments["customer_id"]["pattern"], r"^CUST-\d{3}$");
    assert_eq!(tools[0]["inputSchema"].get("required"), None, "all filters are optional");
    assert_eq!(tools[1]["inputSchema"]["required"], json!(["ticket_id"]));
    let details = tools[1]["outputSchema"].to_string();
    assert_eq!(details.matches(r"^KB-\\d{3}$").count(), 2, "ids keep their pattern in answers: {details}");
    let customers = Client::greet("customer").tools();
    let contacts = &customers[3]["outputSchema"]["properties"]["contacts"]["items"]["properties"];
    assert_eq!(contacts["email"]["format"], "email");
    let assets = Client::greet("asset").tools();
    assert_eq!(assets[3]["inputSchema"]["properties"]["asset_id"]["pattern"], r"^AST-[A-Z]+-\d{3}$");
}
