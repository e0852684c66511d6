//! What a tool says when it cannot answer: as a tool result a model can read, with what to do instead.

use serde_json::{Value, json};

use crate::client::Client;

fn check(server: &str, tool: &str, arguments: Value, expected: &str) {
    let said = Client::greet(server).refused(tool, arguments);
    assert!(said.contains(expected), "{tool} said: {said}\nexpected: {expected}");
}

#[test]
fn unknown_ids_name_what_exists() {
    let customers = "No customer CUST-099. Known: CUST-001 … CUST-008. Try lookup_customer with a company name.";
    for (server, tool) in [
        ("ticket", "search_tickets"),
        ("ticket", "get_ticket_metrics"),
        ("customer", "lookup_customer"),
        ("customer", "check_customer_status"),
        ("customer", "get_sla_terms"),
        ("customer", "list_customer_contacts"),
        ("billing", "get_invoice"),
        ("billing", "get_billing_history"),
        ("billing", "calculate_outstanding_balance"),
        ("asset", "lookup_asset"),
        ("asset", "check_warranty"),
    ] {
        check(server, tool, json!({ "customer_id": "CUST-099" }), customers);
    }
    let tickets = "No ticket TKT-404. Known: TKT-001 … TKT-015.";
    check("ticket", "get_ticket_details", json!({ "ticket_id": "TKT-404" }), tickets);
    check("ticket", "find_similar_tickets", json!({ "ticket_id": "TKT-404" }), tickets);
    let invoices = "Known: INV-2024-001 … INV-2024-003, INV-2025-001 … INV-2025-012.";
    check("billing", "check_payment_status", json!({ "invoice_id": "INV-2023-001" }), invoices);
    let articles = "No article KB-042. Known: KB-001 … KB-010. Try search_solutions";
    check("kb", "get_article", json!({ "article_id": "KB-042" }), articles);
    check("kb", "find_related_articles", json!({ "article_id": "KB-042" }), articles);
    let assets = "AST-LAP-001 … AST-LAP-004, AST-SRV-001 … AST-SRV-004, AST-WKS-001 … AST-WKS-004";
    check("asset", "get_software_licenses", json!({ "asset_id": "AST-SRV-900" }), assets);
    check("asset", "get_asset_history", json!({ "asset_id": "AST-SRV-900" }), assets);
}

#[test]
fn unknown_names_list_the_names() {
    check("customer", "lookup_customer", json!({ "company": "Umbrella" }), "TechCorp Industries (CUST-001)");
    check("customer", "lookup_customer", json!({ "email": "a@nowhere.example" }), "Bluebird Dental Group (CUST-003)");
    check("asset", "lookup_asset", json!({ "hostname": "mainframe" }), "TC-DC-01 (AST-SRV-001)");
}

#[test]
fn asking_for_nothing_says_what_is_needed() {
    check("customer", "lookup_customer", json!({}), "at least one of: customer_id, email, company, tier, status");
    check("customer", "get_sla_terms", json!({ "tier": null }), "at least one of: customer_id, tier");
    check("billing", "get_invoice", json!({ "invoice_id": "" }), "at least one of: invoice_id, customer_id, status");
    check("kb", "get_common_fixes", json!({}), "at least one of: product, issue");
    check(
        "asset",
        "lookup_asset",
        json!({}),
        "at least one of: asset_id, serial, hostname, customer_id, kind, os, status",
    );
    check("asset", "check_warranty", json!({}), "at least one of: asset_id, customer_id, status");
}

#[test]
fn contradictions_are_refused() {
    let both = json!({ "invoice_id": "INV-2025-003", "customer_id": "CUST-002" });
    check("billing", "get_invoice", both, "CUST-002 contradicts INV-2025-003, which belongs to CUST-001");
    let both = json!({ "asset_id": "AST-SRV-001", "customer_id": "CUST-002" });
    check("asset", "check_warranty", both, "CUST-002 contradicts AST-SRV-001");
    let both = json!({ "customer_id": "CUST-001", "tier": "basic" });
    check("customer", "get_sla_terms", both, "tier basic contradicts customer CUST-001, who is premium");
    let range = json!({ "created_after": "2025-06-01", "created_before": "2025-05-01" });
    check("ticket", "search_tickets", range, "starts on 2025-06-01 and ends on 2025-05-01");
    let range = json!({ "customer_id": "CUST-001", "start_date": "2025-07-01" });
    check("billing", "get_billing_history", range, "ends on 2025-06-30");
}

#[test]
fn an_invoice_is_not_judged_before_it_was_issued() {
    let early = json!({ "invoice_id": "INV-2025-012", "as_of": "2025-01-01" });
    for tool in ["get_invoice", "check_payment_status"] {
        check("billing", tool, early.clone(), "INV-2025-012 was issued on 2025-06-28, so on 2025-01-01 there was none");
    }
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let wrong = json!({ "status": "open", "priority": "urgent" });
    let expected = "Argument priority: `urgent` is not one of: critical, high, medium, low";
    check("ticket", "search_tickets", wrong, expected);
    check("ticket", "search_tickets", json!({ "created_after": "yesterday" }), "Argument created_after:");
    check("ticket", "search_tickets", json!({ "limit": "many" }), "Argument limit: `many` is not a whole number");
    check("ticket", "search_tickets", json!({ "limit": -1 }), "Argument limit: `-1` is not a whole number");
    check("ticket", "search_tickets", json!({ "owner": "me" }), "Argument owner: unknown field `owner`");
    check("ticket", "get_ticket_details", json!({}), "missing field `ticket_id`. Arguments: ticket_id (required).");
}

#[test]
fn an_unknown_tool_is_a_protocol_error() {
    let answer = Client::greet("kb").request("tools/call", json!({ "name": "get_ticket", "arguments": {} }));
    assert_eq!(answer["error"]["code"], -32602);
    assert!(answer["error"]["message"].as_str().unwrap().contains("Known: search_solutions"), "{answer}");
}
