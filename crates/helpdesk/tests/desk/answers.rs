//! Every tool once and more, each answer held against the tool's own output schema.

use serde_json::{Value, json};

use crate::client::{Client, pluck};

fn ask(server: &str, tool: &str, arguments: Value) -> Value {
    Client::greet(server).ask(tool, arguments)
}

#[test]
fn tickets_are_found_by_filters() {
    let critical = ask("ticket", "search_tickets", json!({ "priority": "critical" }));
    assert_eq!(critical["total"], 3);
    assert_eq!(pluck(&critical["tickets"], "customer_id"), ["CUST-007", "CUST-002", "CUST-007"], "newest first");
    let open = json!({ "status": "Open", "os": "Linux", "customer_id": "cust-006" });
    assert_eq!(pluck(&ask("ticket", "search_tickets", open)["tickets"], "ticket_id"), ["TKT-006"]);
    let june = json!({ "created_after": "2025-06-24", "created_before": "2025-06-29", "limit": 2 });
    let june = ask("ticket", "search_tickets", june);
    assert_eq!((&june["total"], june["tickets"].as_array().unwrap().len()), (&json!(3), 2));
    let mine = ask("ticket", "search_tickets", json!({ "assigned_to": "osei", "category": "security" }));
    assert_eq!(pluck(&mine["tickets"], "ticket_id"), ["TKT-012"]);
    assert_eq!(ask("ticket", "search_tickets", json!({}))["total"], 15);
    assert_eq!(ask("ticket", "search_tickets", json!({ "os": "macos", "priority": "critical" }))["total"], 0);
}

#[test]
fn tickets_are_found_by_words() {
    let mut client = Client::greet("ticket");
    let mut first = |query: &str| {
        let found = client.ask("search_tickets", json!({ "query": query }));
        pluck(&found["tickets"], "ticket_id")[0].clone()
    };
    assert_eq!(first("ransomware"), "TKT-012");
    assert_eq!(first("database out of disk space"), "TKT-002");
    assert_eq!(first("kernel panics on a mac waking up"), "TKT-004");
    assert_eq!(first("outlok pasword"), "TKT-003");
    assert_eq!(first("Harbor Street Bakery"), "TKT-005", "by the company");
    assert_eq!(first("BB-FRONT-01 mail"), "TKT-003", "by the machine");
    assert_eq!(first("KB-010"), "TKT-012", "by an article");
    let of_asset = client.ask("search_tickets", json!({ "query": "AST-SRV-001" }));
    let mut of_asset = pluck(&of_asset["tickets"], "ticket_id");
    of_asset.sort();
    assert_eq!(of_asset, ["TKT-009", "TKT-013"], "an id is one word");
    let screens = client.ask("search_tickets", json!({ "query": "blue screens", "os": "windows" }));
    let screens = pluck(&screens["tickets"], "ticket_id");
    assert!(["TKT-001", "TKT-008", "TKT-009"].iter().all(|id| screens[..3].contains(&(*id).to_owned())), "{screens:?}");
}

#[test]
fn a_ticket_is_read_with_its_surroundings() {
    let found = ask("ticket", "get_ticket_details", json!({ "ticket_id": "TKT-009" }));
    assert_eq!(found["customer"], "TechCorp Industries");
    assert_eq!(found["asset"], "TC-DC-01 (Dell PowerEdge R750)");
    assert_eq!(pluck(&found["articles"], "article_id"), ["KB-002", "KB-001"]);
    assert_eq!(found["ticket"]["comments"].as_array().unwrap().len(), 3);
}

#[test]
fn tickets_are_counted() {
    let all = ask("ticket", "get_ticket_metrics", json!({}));
    assert_eq!((&all["as_of"], &all["total"], &all["unresolved"]), (&json!("2025-06-30"), &json!(15), &json!(7)));
    let critical = json!({ "name": "critical", "count": 3 });
    assert!(all["by_priority"].as_array().unwrap().contains(&critical), "{all:#}");
    assert_eq!((&all["resolution_targets"]["met"], &all["resolution_targets"]["missed"]), (&json!(7), &json!(1)));
    let late = all["resolution_targets"]["unresolved_past_target"].as_array().unwrap();
    assert!(late.contains(&json!("TKT-007")) && !late.contains(&json!("TKT-015")), "{all:#}");
    let one = ask("ticket", "get_ticket_metrics", json!({ "customer_id": "CUST-007", "as_of": "2025-03-01" }));
    assert_eq!((&one["total"], &one["resolution_targets"]["met"]), (&json!(1), &json!(1)), "{one:#}");
}

#[test]
fn similar_tickets_share_their_nature() {
    let found = ask("ticket", "find_similar_tickets", json!({ "ticket_id": "TKT-001", "status": "resolved" }));
    let similar = found["similar"].as_array().unwrap();
    assert_eq!(similar[0]["ticket"]["ticket_id"], "TKT-008", "{found:#}");
    assert!(similar[0]["shared_tags"].as_array().unwrap().contains(&json!("bsod")));
    assert!(similar[0]["resolution"].as_str().unwrap().contains("recovery environment"));
    assert!(similar.iter().all(|one| one["ticket"]["ticket_id"] != "TKT-001"));
}

#[test]
fn customers_are_found_in_every_way() {
    let ways = [
        json!({ "customer_id": "CUST-001" }),
        json!({ "company": "techcorp" }),
        json!({ "company": "Tech Corp Industries, Inc." }),
        json!({ "email": "AP@techcorp.example" }),
        json!({ "email": "someone.else@techcorp.example" }),
    ];
    for way in ways {
        let found = ask("customer", "lookup_customer", way.clone());
        assert_eq!(pluck(&found["customers"], "company"), ["TechCorp Industries"], "{way}");
    }
}

#[test]
fn lists_need_no_id() {
    let premium = ask("customer", "lookup_customer", json!({ "tier": "premium" }));
    assert_eq!(pluck(&premium["customers"], "customer_id"), ["CUST-001", "CUST-006", "CUST-007"]);
    let held = ask("customer", "lookup_customer", json!({ "status": "on hold", "tier": "basic" }));
    assert_eq!(pluck(&held["customers"], "customer_id"), ["CUST-005"]);
    assert_eq!(ask("customer", "lookup_customer", json!({ "status": "suspended", "tier": "premium" }))["total"], 0);

    let overdue = ask("billing", "get_invoice", json!({ "status": "overdue" }));
    let ids = ["INV-2025-008", "INV-2025-007", "INV-2025-006", "INV-2025-003"];
    assert_eq!(pluck(&overdue["invoices"], "invoice_id"), ids, "newest first");
    let earlier = ask("billing", "get_invoice", json!({ "status": "overdue", "as_of": "2025-05-01" }));
    assert_eq!(pluck(&earlier["invoices"], "invoice_id"), ["INV-2025-003"]);

    let laptops = ask("asset", "lookup_asset", json!({ "kind": "laptop", "os": "macos" }));
    assert_eq!(pluck(&laptops["assets"], "asset_id"), ["AST-LAP-002"]);
    assert_eq!(ask("asset", "lookup_asset", json!({ "status": "retired" }))["total"], 0);
    let over = ask("asset", "check_warranty", json!({ "status": "expired" }));
    assert_eq!(pluck(&over["warranties"], "asset_id"), ["AST-WKS-002", "AST-LAP-002"]);
    let soon = ask("asset", "get_software_licenses", json!({ "status": "expiring soon" }));
    let hosts = ["TC-DC-01", "stalban-pacs-01", "HSB-OFFICE"];
    assert_eq!(pluck(&soon["licenses"], "hostname"), hosts);
}

#[test]
fn customers_stand_as_their_records_say() {
    let status = ask("customer", "check_customer_status", json!({ "customer_id": "CUST-005" }));
    assert_eq!((&status["status"], &status["overdue"]), (&json!("on_hold"), &json!(630.0)));
    let lapsed = ask("customer", "check_customer_status", json!({ "customer_id": "CUST-008" }));
    assert_eq!(lapsed["contract_running"], false);
    let before = json!({ "customer_id": "CUST-008", "as_of": "2025-06-01" });
    assert_eq!(ask("customer", "check_customer_status", before)["contract_running"], true);
    let terms = ask("customer", "get_sla_terms", json!({ "customer_id": "CUST-001" }));
    assert_eq!(
        (&terms["terms"]["tier"], &terms["terms"]["response_hours"]["critical"]),
        (&json!("premium"), &json!(0.5))
    );
    assert_eq!(ask("customer", "get_sla_terms", json!({ "tier": "basic" }))["terms"]["uptime_percent"], 99.0);
    let people = json!({ "customer_id": "CUST-007", "role": "technical" });
    assert_eq!(pluck(&ask("customer", "list_customer_contacts", people)["contacts"], "name"), ["Paul Reyes"]);
}

#[test]
fn bills_add_up() {
    let owed = ask("billing", "calculate_outstanding_balance", json!({ "customer_id": "CUST-001" }));
    assert_eq!(
        (&owed["outstanding"], &owed["overdue"], &owed["pending"]),
        (&json!(7600.5), &json!(2740.5), &json!(4860.0))
    );
    assert_eq!(pluck(&owed["invoices"], "invoice_id"), ["INV-2025-010", "INV-2025-003"]);
    assert_eq!(owed["invoices"][1]["days_overdue"], 61);
    let earlier = json!({ "customer_id": "CUST-001", "as_of": "2025-04-30" });
    assert_eq!(ask("billing", "calculate_outstanding_balance", earlier)["pending"], 2740.5);

    let one = ask("billing", "get_invoice", json!({ "invoice_id": "INV-2025-012" }));
    assert_eq!(
        (&one["invoices"][0]["status"], &one["invoices"][0]["ticket_ids"]),
        (&json!("pending"), &json!(["TKT-002"]))
    );
    let all = ask("billing", "get_invoice", json!({ "customer_id": "CUST-002" }));
    assert_eq!(pluck(&all["invoices"], "status"), ["pending", "overdue", "paid"]);
    let overdue = ask("billing", "get_invoice", json!({ "customer_id": "CUST-002", "status": "overdue" }));
    assert_eq!(pluck(&overdue["invoices"], "invoice_id"), ["INV-2025-008"]);

    let paid = ask("billing", "check_payment_status", json!({ "invoice_id": "INV-2025-002" }));
    assert_eq!((&paid["status"], &paid["balance"], &paid["days_overdue"]), (&json!("paid"), &json!(0.0), &json!(0)));
    let before = json!({ "invoice_id": "INV-2025-002", "as_of": "2025-03-20" });
    assert_eq!(ask("billing", "check_payment_status", before)["balance"], 4500.0);
}

#[test]
fn the_billing_history_carries_the_balance_over() {
    let period = json!({ "customer_id": "CUST-001", "start_date": "2025-04-01", "end_date": "2025-05-31" });
    let history = ask("billing", "get_billing_history", period);
    assert_eq!(pluck(&history["entries"], "kind"), ["payment"]);
    assert_eq!((&history["opening_balance"], &history["closing_balance"]), (&json!(5740.5), &json!(2740.5)));
    let whole = ask("billing", "get_billing_history", json!({ "customer_id": "CUST-001" }));
    assert_eq!(
        (&whole["total"], &whole["opening_balance"], &whole["closing_balance"]),
        (&json!(5), &json!(0.0), &json!(7600.5))
    );
}

#[test]
fn solutions_are_ranked() {
    let mut client = Client::greet("kb");
    for (query, article) in [
        ("blue screen windows", "KB-001"),
        ("Windows BSOD", "KB-001"),
        ("memory_management 0x1A", "KB-002"),
        ("no space left on device", "KB-003"),
        ("kernel panic linux boot", "KB-004"),
        ("mac restarts when waking up", "KB-005"),
        ("exit code 137", "KB-007"),
        ("vpn disconnects", "KB-008"),
        ("outlook password", "KB-009"),
    ] {
        let found = client.ask("search_solutions", json!({ "query": query }));
        assert_eq!(pluck(&found["articles"], "article_id")[0], article, "{query}");
    }
    let found = client.ask("search_solutions", json!({ "query": "kernel panic", "os": "macos", "limit": 1 }));
    assert_eq!(pluck(&found["articles"], "article_id"), ["KB-005"]);
    assert_eq!(client.ask("search_solutions", json!({ "query": "espresso" }))["total"], 0);
}

#[test]
fn articles_lead_on() {
    let article = ask("kb", "get_article", json!({ "article_id": "KB-001" }));
    assert!(article["article"]["steps"].as_array().unwrap().len() >= 5);
    assert_eq!(article["used_in_tickets"], json!(["TKT-001", "TKT-008", "TKT-009"]));
    let related = ask("kb", "find_related_articles", json!({ "article_id": "KB-001", "limit": 3 }));
    assert_eq!(pluck(&related["related"], "relation"), ["linked", "linked", "similar"]);
    assert_eq!(related["related"][0]["article"]["article_id"], "KB-002");
    let fixes = ask("kb", "get_common_fixes", json!({ "product": "Ubuntu", "issue": "disk full" }));
    assert_eq!(fixes["fixes"][0]["article_id"], "KB-003");
    assert_eq!(fixes["fixes"][0]["solved_tickets"], json!(["TKT-014"]));
    let windows = ask("kb", "get_common_fixes", json!({ "product": "windows", "limit": 10 }));
    assert_eq!(windows["fixes"][0]["article_id"], "KB-001", "the most used first");
    let chance = ask("kb", "get_common_fixes", json!({ "product": "Firewall" }));
    assert_eq!(chance["total"], 0, "the letters of a tag inside another word are no match");
    let unknown = ask("kb", "get_common_fixes", json!({ "product": "Amiga" }));
    assert!(unknown["known_products"].as_array().unwrap().contains(&json!("Windows 11")));
}

#[test]
fn assets_are_found_in_every_way() {
    for way in [
        json!({ "asset_id": "ast-srv-001" }),
        json!({ "serial": "7xk4q53" }),
        json!({ "hostname": "tc-dc" }),
        json!({ "customer_id": "CUST-001", "hostname": "TC-DC-01" }),
    ] {
        let found = ask("asset", "lookup_asset", way.clone());
        assert_eq!(pluck(&found["assets"], "asset_id"), ["AST-SRV-001"], "{way}");
    }
    assert_eq!(ask("asset", "lookup_asset", json!({ "customer_id": "CUST-004" }))["total"], 2);
}

#[test]
fn warranties_and_licences_are_judged_by_the_day() {
    let mut client = Client::greet("asset");
    let mut status = |asset: &str, as_of: Value| {
        let answer = client.ask("check_warranty", json!({ "asset_id": asset, "as_of": as_of }));
        let one = &answer["warranties"][0];
        (one["status"].as_str().unwrap().to_owned(), one["days_remaining"].as_i64().unwrap())
    };
    assert_eq!(status("AST-SRV-001", Value::Null), ("active".to_owned(), 577));
    assert_eq!(status("AST-SRV-002", Value::Null), ("expiring_soon".to_owned(), 79));
    assert_eq!(status("AST-LAP-002", Value::Null), ("expired".to_owned(), -84));
    assert_eq!(status("AST-LAP-002", json!("2025-04-07")), ("expiring_soon".to_owned(), 0));
    assert_eq!(status("AST-LAP-002", json!("2024-01-01")).0, "not_started");

    let licences = client.ask("get_software_licenses", json!({ "customer_id": "CUST-001" }));
    assert_eq!(pluck(&licences["licenses"], "status"), ["unlimited", "expiring_soon", "active", "active"]);
    assert_eq!(licences["as_of"], "2025-06-30");
}

#[test]
fn an_assets_history_includes_its_tickets() {
    let history = ask("asset", "get_asset_history", json!({ "asset_id": "AST-SRV-001" }));
    let events = pluck(&history["events"], "event");
    assert_eq!(events[..2], ["purchased", "deployed"]);
    assert_eq!(events.iter().filter(|event| *event == "ticket_opened").count(), 2);
    let dates = pluck(&history["events"], "date");
    assert!(dates.is_sorted(), "{dates:?}");
    let spring = json!({ "asset_id": "AST-SRV-001", "start_date": "2025-03-01", "end_date": "2025-03-18" });
    assert_eq!(pluck(&ask("asset", "get_asset_history", spring)["events"], "ticket_id"), ["TKT-009"]);
}
