//! What the practice model calls and says: with the help-desk tools, and with tools it has never heard of.
//!
//! Tools and results of the help desk are copies of what its servers really sent.

#![allow(clippy::unwrap_used, reason = "the functions around the tests are tests too")]

use std::collections::BTreeMap;

use jiff::civil::date;
use practice::plan::plan;
use practice::{EXAMPLES, verify};
use serde_json::{Value, json};

/// A conversation against recorded results; the key of a result is the tool and its arguments.
struct Talk {
    tools: Value,
    results: BTreeMap<String, String>,
    messages: Vec<Value>,
}

impl Talk {
    fn with(tools: Value, results: &[(&str, &str)]) -> Self {
        let results = results.iter().map(|(call, result)| ((*call).to_owned(), (*result).to_owned())).collect();
        Self { tools, results, messages: Vec::new() }
    }

    fn helpdesk() -> Self {
        let results = serde_json::from_str(include_str!("fixtures/helpdesk_results.json")).unwrap();
        let tools = serde_json::from_str(include_str!("fixtures/helpdesk_tools.json")).unwrap();
        Self { tools, results, messages: Vec::new() }
    }

    /// Asks, answers every call, and returns the rounds of calls and the text in the end.
    fn ask(&mut self, question: &str) -> (Vec<String>, String) {
        self.messages.push(json!({"role": "user", "content": question}));
        let mut rounds = Vec::new();
        for _ in 0..10 {
            let request = json!({"model": "practice", "messages": self.messages, "tools": self.tools});
            let request = serde_json::from_value(request).unwrap();
            let answer = plan(&request, date(2025, 6, 30));
            assert_eq!(answer, plan(&request, date(2025, 6, 30)), "the same request gets the same answer");
            if answer.calls.is_empty() {
                self.messages.push(json!({"role": "assistant", "content": answer.text}));
                assert!(verify::violations(&request.messages).is_empty());
                assert!(answer.text.ends_with("*Practice model: no AI, it matches your words to tools.*"));
                return (rounds, answer.text);
            }
            rounds.push(self.answer(&answer.calls));
        }
        panic!("{question}: no end after {rounds:?}");
    }

    fn answer(&mut self, calls: &[practice::plan::Call]) -> String {
        let start = self.messages.len();
        let (mut made, mut results, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (index, call) in calls.iter().enumerate() {
            let sorted: BTreeMap<_, _> = call.arguments.iter().collect();
            let arguments = serde_json::to_string(&sorted).unwrap();
            let name = format!("{} {arguments}", call.tool);
            let result = self.results.get(&name).unwrap_or_else(|| panic!("no result for {name}"));
            let id = format!("call_{start}_{index}");
            made.push(json!({"id": id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}));
            results.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
            names.push(name.split_once("__").map_or(name.clone(), |(_, bare)| bare.to_owned()));
        }
        self.messages.push(json!({"role": "assistant", "content": null, "tool_calls": made}));
        self.messages.extend(results);
        names.sort();
        names.join(" | ")
    }
}

/// Asks and compares the rounds of calls, and looks for each part in the answer.
fn check(talk: &mut Talk, question: &str, rounds: &[&str], says: &[&str]) {
    let (called, text) = talk.ask(question);
    assert_eq!(called, rounds, "{question}\n{text}");
    for part in says {
        assert!(text.contains(part), "{question}: no {part:?} in\n{text}");
    }
}

fn helpdesk(question: &str, rounds: &[&str], says: &[&str]) {
    check(&mut Talk::helpdesk(), question, rounds, says);
}

const CRITICAL: &str = r#"search_tickets {"priority":"critical"}"#;
const WHO: &str = r#"lookup_customer {"customer_id":"CUST-002"} | lookup_customer {"customer_id":"CUST-007"}"#;

#[test]
fn critical_tickets_and_their_customers() {
    let tickets = ["**3 tickets**", "TKT-007", "TKT-002", "TKT-012"];
    helpdesk("What are all the critical priority tickets?", &[CRITICAL], &tickets);
    let customers =
        ["**3 tickets**", "**2 customers**", "| CUST-007 | St. Alban Medical Center |", "Northwind Logistics"];
    helpdesk("What are all the critical priority tickets, and who are the customers?", &[CRITICAL, WHO], &customers);
    helpdesk("What are the critical tickets and who are the customers?", &[CRITICAL, WHO], &customers);
}

#[test]
fn a_customer_with_terms() {
    helpdesk(
        "Show me customer CUST-001's information and SLA terms",
        &[r#"get_sla_terms {"customer_id":"CUST-001"} | lookup_customer {"customer_id":"CUST-001"}"#],
        &["TechCorp Industries", "- **Tier**: premium", "- **Response hours**: critical: 0.5"],
    );
}

#[test]
fn a_name_is_looked_up_before_what_needs_the_id() {
    helpdesk(
        "What's the outstanding balance for TechCorp Industries?",
        &[
            r#"lookup_customer {"company":"TechCorp Industries"}"#,
            r#"calculate_outstanding_balance {"customer_id":"CUST-001"}"#,
        ],
        &["TechCorp Industries: **Outstanding: 7600.50 USD**", "INV-2025-003"],
    );
    helpdesk(
        "Balance of Nonexistent Corp",
        &[r#"lookup_customer {"company":"Nonexistent Corp"}"#],
        &["did not answer: Tool error: No customer Nonexistent Corp", "nothing was found for “Nonexistent Corp”"],
    );
}

#[test]
fn a_name_with_a_full_stop_is_one_name() {
    let lookup = r#"lookup_customer {"company":"St. Alban Medical Center"}"#;
    let contacts = r#"list_customer_contacts {"customer_id":"CUST-007"}"#;
    helpdesk("List contacts for St. Alban Medical Center", &[lookup, contacts], &["### Customer contacts"]);
}

#[test]
fn articles_are_searched_by_what_is_left_of_the_question() {
    helpdesk(
        "Find KB articles about Windows BSOD issues",
        &[r#"search_solutions {"os":"windows","query":"BSOD"}"#],
        &["**2 articles**", "KB-001", "KB-002"],
    );
    helpdesk(
        "tell me everything about article KB-001",
        &[r#"get_article {"article_id":"KB-001"}"#],
        &["**Steps**", "1. **Read the stop code**", "**Cause**"],
    );
    helpdesk(
        "Which articles are related to KB-001?",
        &[r#"find_related_articles {"article_id":"KB-001"}"#],
        &["KB-006"],
    );
}

#[test]
fn a_warranty_by_asset() {
    helpdesk(
        "Check warranty status for asset AST-SRV-001",
        &[r#"check_warranty {"asset_id":"AST-SRV-001"}"#],
        &["**1 warranty**", "**Status: active**", "2027-01-28"],
    );
}

#[test]
fn one_id_serves_all_clauses_and_the_next_turn() {
    let both = r#"get_invoice {"customer_id":"CUST-002"} | search_tickets {"customer_id":"CUST-002"}"#;
    let mut talk = Talk::helpdesk();
    let question = "Show me all tickets for customer CUST-002 and their invoices";
    check(&mut talk, question, &[both], &["**2 tickets**", "**3 invoices**", "INV-2025-012"]);
    let next = r#"get_invoice {"customer_id":"CUST-003"} | search_tickets {"customer_id":"CUST-003"}"#;
    check(&mut talk, "and for CUST-003?", &[next], &["Bluebird Dental Group"]);
    let mut talk = Talk::helpdesk();
    let question = "Show me all tickets for customer CUST-002";
    check(&mut talk, question, &[r#"search_tickets {"customer_id":"CUST-002"}"#], &["TKT-010"]);
    let invoices = r#"get_invoice {"customer_id":"CUST-002"}"#;
    check(&mut talk, "and their invoices?", &[invoices], &["INV-2025-012"]);
}

#[test]
fn several_servers_in_several_rounds() {
    let details = r#"get_invoice {"customer_id":"CUST-002","status":"overdue"} | get_invoice {"customer_id":"CUST-007","status":"overdue"} | get_sla_terms {"customer_id":"CUST-002"} | get_sla_terms {"customer_id":"CUST-007"}"#;
    let second = format!("{details} | {WHO}");
    let says =
        ["**SLA terms**", "| CUST-007 | St. Alban Medical Center | premium |", "**1 invoice**", "None for CUST-007"];
    helpdesk(EXAMPLES[6], &[CRITICAL, &second], &says);
}

#[test]
fn every_example_is_answered_without_open_ends() {
    for example in EXAMPLES {
        let (rounds, text) = Talk::helpdesk().ask(example);
        assert!(!rounds.is_empty(), "{example}");
        assert!(!text.contains("could not do"), "{example}\n{text}");
    }
}

#[test]
fn lists_are_opened_only_for_details() {
    let opened = r#"get_ticket_details {"ticket_id":"TKT-002"} | get_ticket_details {"ticket_id":"TKT-007"} | get_ticket_details {"ticket_id":"TKT-012"}"#;
    helpdesk("Show me details of all critical tickets", &[CRITICAL, opened], &["**Description**", "**Comments**"]);
}

#[test]
fn rows_are_kept_by_an_id_no_parameter_takes() {
    let rounds = [r#"lookup_asset {"asset_id":"AST-SRV-002"} | search_tickets {}"#];
    helpdesk("Which tickets does AST-SRV-002 have?", &rounds, &["**1 ticket** (with AST-SRV-002)", "TKT-002"]);
}

#[test]
fn values_of_a_question_become_arguments() {
    helpdesk(
        "billing history of CUST-001 from January 2025 to March 2025",
        &[r#"get_billing_history {"customer_id":"CUST-001","end_date":"2025-03-31","start_date":"2025-01-01"}"#],
        &["INV-2025-003"],
    );
    let email = r#"lookup_customer {"email":"dana.whitfield@techcorp.example"}"#;
    helpdesk("look up dana.whitfield@techcorp.example", &[email], &["CUST-001"]);
    let systems = r#"search_tickets {"os":"linux"} | search_tickets {"os":"windows"}"#;
    helpdesk("Windows and Linux tickets", &[systems], &["**13 tickets**"]);
    helpdesk("common fixes for Outlook", &[r#"get_common_fixes {"product":"Outlook"}"#], &["**1 fix**", "KB-009"]);
}

#[test]
fn what_cannot_be_done_is_said() {
    helpdesk(
        "Who owes us money?",
        &[],
        &["Calculate outstanding balance: your question does not say which customer ID"],
    );
    let open = "Lookup customer: your question does not say which customer ID or email or company";
    helpdesk("Show me all customers", &[], &[open]);
    let read = r#"get_ticket_details {"ticket_id":"TKT-001"}"#;
    helpdesk("Delete ticket TKT-001", &[read], &["Nothing was changed: no tool I could call fits “delete”"]);
    helpdesk(
        "Write me a poem about spring",
        &[],
        &["no AI", "- **Search tickets**", "- **Get article**: needs article ID"],
    );
    check(&mut Talk::with(json!([]), &[]), "What are the critical tickets?", &[], &["I was given no tools"]);
}

fn tool(name: &str, description: &str, required: &[&str], properties: Value) -> Value {
    let parameters = json!({"type": "object", "properties": properties, "required": required});
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
}

fn weather() -> Talk {
    let units = json!({"type": "string", "enum": ["celsius", "fahrenheit"]});
    let tools = json!([
        tool(
            "get_current_weather",
            "The weather at a place right now",
            &["location"],
            json!({"location": {"type": "string"}, "units": units})
        ),
        tool(
            "get_forecast",
            "The weather of the next days",
            &["city"],
            json!({"city": {"type": "string"}, "days": {"type": "integer"}})
        ),
        tool("list_todos", "List the tasks on the list", &[], json!({"done": {"type": "boolean"}})),
        tool(
            "add_todo",
            "Add a task",
            &["title"],
            json!({"title": {"type": "string"}, "due": {"type": "string", "format": "date"}})
        ),
        tool("delete_todo", "Delete a task", &["id"], json!({"id": {"type": "integer"}})),
    ]);
    let results = [
        (r#"get_current_weather {"location":"Berlin"}"#, r#"{"location": "Berlin", "temperature": 18, "sky": "rain"}"#),
        (r#"get_current_weather {"location":"Paris"}"#, "Sunny, 21 °C"),
        (r#"get_current_weather {"location":"Paris","units":"celsius"}"#, "Sunny, 21 °C"),
        (
            r#"get_forecast {"city":"Oslo","days":3}"#,
            r#"[{"day": "Monday", "high": 9}, {"day": "Tuesday", "high": 11}]"#,
        ),
        (r#"list_todos {}"#, r#"{"todos": [{"id": 1, "title": "Water the plants"}, {"id": 2, "title": "Call Ann"}]}"#),
        (r#"list_todos {"done":true}"#, r#"{"todos": []}"#),
        (r#"add_todo {"title":"Buy milk"}"#, r#"{"id": 3, "title": "Buy milk"}"#),
        (r#"delete_todo {"id":2}"#, "Refused by the person at the keyboard"),
    ];
    Talk::with(tools, &results)
}

#[test]
fn tools_it_never_heard_of_work_the_same_way() {
    let berlin = r#"get_current_weather {"location":"Berlin"} | get_current_weather {"location":"Paris"}"#;
    check(&mut weather(), "What's the current weather in Paris and Berlin?", &[berlin], &["Sunny, 21 °C", "rain"]);
    let celsius = r#"get_current_weather {"location":"Paris","units":"celsius"}"#;
    check(&mut weather(), "How is the current weather in Paris in Celsius?", &[celsius], &["Sunny"]);
    let oslo = r#"get_forecast {"city":"Oslo","days":3}"#;
    check(&mut weather(), "Give me the forecast for Oslo for the next 3 days", &[oslo], &["| Tuesday | 11 |"]);
    check(&mut weather(), "What is on my todo list?", &["list_todos {}"], &["**2 todos**", "Water the plants"]);
    check(&mut weather(), "Which todos are done?", &[r#"list_todos {"done":true}"#], &["I found no todos"]);
}

#[test]
fn changes_are_made_only_when_asked_for() {
    let milk = r#"add_todo {"title":"Buy milk"}"#;
    check(&mut weather(), "Add a todo \"Buy milk\"", &[milk], &["Buy milk"]);
    check(&mut weather(), "Show me todo 2", &["list_todos {}"], &["Call Ann"]);
    let refused = r#"delete_todo {"id":2}"#;
    check(&mut weather(), "Delete todo 2", &[refused], &["did not answer: Refused by the person at the keyboard"]);
    check(&mut weather(), "Delete the todo", &[], &["does not say which ID"]);
}

#[test]
fn odd_questions_and_odd_tools_are_survived() {
    let tools = json!([
        {"type": "function", "function": {"name": ""}},
        {"type": "function", "function": {"name": "__"}},
        {"type": "function", "function": {"name": "größe_ändern", "parameters": {"type": "object", "properties": 5}}},
        {"type": "function", "function": {"name": "search", "parameters": {"properties": {
            "id": {"$ref": "#/nowhere"}, "pattern": {"type": "string", "pattern": "("}, "many": {"anyOf": []},
            "query": {"type": ["string", "null"]}, "kind": {"type": "string", "enum": ["", "a b", null, 5]}
        }, "required": ["query"]}}},
    ]);
    let long = "Why? ".repeat(20_000);
    for question in
        ["", " ", "’s", "'", "\"", "größe ändern für Ünïted’s №5 🦀🦀-1", "… — …", "A", "-1-", "é-01 É-001.", &long]
    {
        let request = json!({"model": "practice", "messages": [{"role": "user", "content": question}], "tools": tools});
        let answer = plan(&serde_json::from_value(request).unwrap(), date(2025, 6, 30));
        assert!(!answer.text.is_empty() || !answer.calls.is_empty());
    }
}
