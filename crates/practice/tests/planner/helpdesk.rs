//! Questions to the help desk.

use practice::EXAMPLES;
use serde_json::json;

use crate::talk::{Talk, check, helpdesk};

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
        &["did not answer: No customer Nonexistent Corp", "nothing was found for “Nonexistent Corp”"],
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
    helpdesk("Which tickets does AST-SRV-002 have?", &rounds, &["**1 of 15 tickets** (with AST-SRV-002)", "TKT-002"]);
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
    let open = "Calculate outstanding balance: your question does not say which customer ID";
    helpdesk("What is the outstanding balance?", &[], &[open]);
    let read = r#"get_ticket_details {"ticket_id":"TKT-001"}"#;
    helpdesk("Delete ticket TKT-001", &[read], &["Nothing was changed: no tool I could call fits “delete”"]);
    helpdesk(
        "Write me a poem about spring",
        &[],
        &["no AI", "- **Search tickets**", "- **Get article**: needs article ID"],
    );
    check(&mut Talk::with(json!([]), &[]), "What are the critical tickets?", &[], &["I was given no tools"]);
}
