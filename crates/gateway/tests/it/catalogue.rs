//! Every tool of the catalogue: listed, callable by a role that may, refused to one that may not, asked for where
//! approval is required.

use serde_json::{Value, json};

use crate::common::{House, ROLES, arguments, code};

/// The seed's own list: the tool, then `a` where it needs approval, then the roles that may, where they are few.
const TOOLS: &str = "
memory_search memory.search memory_write memory.write memory_delete:a memory_archive:a memory_telemetry
crm_lookup_customer crm_search_customers crm_create_note:a crm_update_pipeline:a crm_link_entities:a
crm_list_associations crm_get_timeline crm_define_pipeline:a crm_list_pipelines crm_upsert_contact:a
crm_upsert_company:a crm_create_deal:a crm_merge_contacts:a:Admin
crm_audit_query::Orchestrator,CRM-Supervisor
crm_events_pull::Orchestrator,Automation-Supervisor,CRM-Supervisor
crm_events_ack::Orchestrator,Automation-Supervisor,CRM-Supervisor
crm_create_task:a crm_complete_task:a crm_log_call:a crm_log_meeting:a crm_define_property:a crm_set_property:a
crm_search_advanced crm_create_segment:a
crm_create_api_key::Admin crm_upsert_user::Admin crm_create_team::Admin crm_add_team_member::Admin crm_assign_owner
crm_import_contacts_csv crm_export_contacts_csv
crm_log_email_engagement crm_report_pipeline crm_forecast_pipeline
crm_gdpr_export_contact_data::Admin crm_gdpr_delete_contact:a:Admin crm_gdpr_blocklist_email::Admin
crm_webhook_create:a crm_webhook_list crm_webhook_disable:a crm_webhook_dispatch
crm_define_object_type:a crm_create_object_record:a crm_get_object_record crm_update_object_record:a
support.workflow marketing.workflow website.workflow backoffice.workflow onboarding.workflow
website.fetch";

const DEFAULT: [&str; 4] = ["Admin", "Orchestrator", "CRM-Supervisor", "Agent"];

struct Row<'a> {
    name: &'a str,
    approval: bool,
    roles: Vec<&'a str>,
}

fn rows() -> Vec<Row<'static>> {
    let row = |word: &'static str| {
        let mut parts = word.split(':');
        let name = parts.next().unwrap();
        let approval = parts.next() == Some("a");
        let roles = parts.next().map_or(DEFAULT.to_vec(), |roles| roles.split(',').collect());
        Row { name, approval, roles }
    };
    TOOLS.split_whitespace().map(row).collect()
}

/// Arguments with which the call succeeds, in the order in which the catalogue can be gone through.
fn fitting(name: &str) -> Value {
    match name {
        "memory_search" | "memory.search" => json!({ "query": "invoices" }),
        "memory_write" | "memory.write" => json!({ "content": "A fact." }),
        "memory_delete" => json!({ "memory_id": "MEM-0001" }),
        "memory_archive" => json!({ "memory_id": "MEM-0002" }),
        "crm_lookup_customer" => json!({ "customer_id": "CUS-0001" }),
        "crm_search_customers" => json!({ "query": "contoso" }),
        "crm_create_note" => json!({ "entity_id": "CUS-0001", "content": "Called back." }),
        "crm_update_pipeline" => json!({ "deal_id": "DEAL-0001", "stage": "won" }),
        "crm_link_entities" => json!({ "from_id": "CUS-0001", "to_id": "COM-0001", "relation": "works_at" }),
        "crm_list_associations" | "crm_get_timeline" => json!({ "entity_id": "CUS-0001" }),
        "crm_define_pipeline" => json!({ "name": "Renewals", "stages": ["due", "done"] }),
        "crm_upsert_contact" => json!({ "email": "new@example.com", "name": "New" }),
        "crm_upsert_company" => json!({ "domain": "example.com" }),
        "crm_create_deal" => json!({ "title": "More", "amount": 100 }),
        "crm_merge_contacts" => json!({ "primary_id": "CUS-0002", "duplicate_id": "CUS-0004" }),
        "crm_events_ack" => json!({ "event_ids": ["EVT-0001"] }),
        "crm_create_task" => json!({ "title": "Write" }),
        "crm_complete_task" => json!({ "task_id": "TASK-0001" }),
        "crm_log_call" | "crm_log_meeting" => json!({ "entity_id": "CUS-0001", "summary": "Fine." }),
        "crm_define_property" => json!({ "object_type": "contact", "name": "tier", "type": "text" }),
        "crm_set_property" => json!({ "entity_id": "CUS-0001", "name": "tier", "value": "gold" }),
        "crm_search_advanced" => {
            json!({ "object_type": "deal", "filters": [{ "property": "amount", "operator": "gt", "value": 9000 }] })
        }
        "crm_create_segment" => json!({ "name": "Big", "object_type": "deal", "filters": [] }),
        "crm_create_api_key" | "crm_create_team" => json!({ "name": "Sales" }),
        "crm_upsert_user" => json!({ "email": "kim@loquat.example" }),
        "crm_add_team_member" => json!({ "team_id": "TEAM-0001", "user_id": "USR-0001" }),
        "crm_assign_owner" => json!({ "entity_id": "CUS-0001", "owner_id": "USR-0002" }),
        "crm_import_contacts_csv" => json!({ "csv": "email,name\nx@example.com,X\n" }),
        "crm_log_email_engagement" => json!({ "contact_id": "CUS-0001", "event": "opened" }),
        "crm_gdpr_export_contact_data" => json!({ "contact_id": "CUS-0001" }),
        "crm_gdpr_delete_contact" => json!({ "contact_id": "CUS-0003" }),
        "crm_gdpr_blocklist_email" => json!({ "email": "never@example.com" }),
        "crm_webhook_create" => json!({ "url": "https://example.com/hook", "events": ["deal.created"] }),
        "crm_webhook_disable" | "crm_webhook_dispatch" => json!({ "webhook_id": "HOOK-0001" }),
        "crm_define_object_type" => json!({ "name": "machine" }),
        "crm_create_object_record" => json!({ "object_type": "machine", "properties": { "serial": "7" } }),
        "crm_get_object_record" => json!({ "record_id": "OBJ-0001" }),
        "crm_update_object_record" => json!({ "record_id": "OBJ-0001", "properties": { "serial": "8" } }),
        name if name.ends_with(".workflow") => json!({ "workflow": "triage" }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn what_is_listed_is_the_seeds_list_and_each_role_sees_its_own() {
    let house = House::open().await;
    for role in ROLES {
        let tools = house.client(role).tools().await.unwrap();
        let mut listed: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        let rows = rows();
        let mut expected: Vec<&str> = rows.iter().filter(|row| row.roles.contains(&role)).map(|row| row.name).collect();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "{role}");
        for tool in &tools {
            assert!(tool["description"].as_str().unwrap().len() > 20, "{tool}");
            assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        }
    }
}

#[tokio::test]
async fn every_tool_runs_for_who_may_and_for_nobody_else() {
    let house = House::open().await;
    let mut expected = vec![];
    for row in rows().iter().filter(|row| row.name != "website.fetch") {
        let given = arguments(fitting(row.name));
        if let Some(stranger) = ROLES.iter().find(|role| !row.roles.contains(role)) {
            let refused = house.client(stranger).call(row.name, given.clone()).await.unwrap();
            assert_eq!(code(&refused), "role_not_allowed", "{}: {refused}", row.name);
            assert_eq!(refused["structuredContent"]["error"]["class"], "PermissionError");
            expected.push((row.name, "role_not_allowed"));
        }
        let client = house.client(row.roles[0]);
        let mut given = given;
        if row.approval {
            let refused = client.call(row.name, given.clone()).await.unwrap();
            assert_eq!(code(&refused), "user_approval_required", "{}: {refused}", row.name);
            expected.push((row.name, "user_approval_required"));
            given.insert("user_approved".into(), json!(true));
        }
        let result = client.call(row.name, given).await.unwrap();
        assert_eq!(code(&result), "ok", "{}: {result}", row.name);
        assert!(result["structuredContent"].is_object(), "{}: {result}", row.name);
        expected.push((row.name, "ok"));
    }
    let records = house.end().await;
    let calls = records.iter().filter(|record| record["kind"] == "call");
    let audited: Vec<(&str, &str)> =
        calls.map(|record| (record["tool"].as_str().unwrap(), record["result"].as_str().unwrap())).collect();
    assert_eq!(audited, expected);
}

#[tokio::test]
async fn what_is_done_is_found_again() {
    let house = House::open().await;
    let agent = house.client("Agent");
    let call = async |tool: &str, given: Value| agent.call(tool, arguments(given)).await.unwrap();
    let written = call("memory_write", json!({ "content": "The red machine squeaks.", "tags": ["shop"] })).await;
    let found = call("memory.search", json!({ "query": "squeaks", "tags": ["shop"] })).await;
    assert_eq!(found["structuredContent"]["results"][0]["id"], written["structuredContent"]["id"]);
    let deal = json!({ "title": "Oil", "amount": 10, "user_approved": true });
    let deal = call("crm_create_deal", deal).await["structuredContent"]["id"].clone();
    call("crm_update_pipeline", json!({ "deal_id": deal, "stage": "won", "user_approved": true })).await;
    let wrong =
        call("crm_update_pipeline", json!({ "deal_id": deal, "stage": "nowhere", "user_approved": true })).await;
    assert_eq!(wrong["structuredContent"]["error"]["status"], 422, "{wrong}");
    let report = call("crm_report_pipeline", json!({})).await;
    let stages = report["structuredContent"]["pipelines"][0]["stages"].as_array().unwrap().clone();
    let won = stages.iter().find(|stage| stage["stage"] == "won").unwrap();
    assert_eq!((&won["deals"], &won["amount"]), (&json!(1), &json!(10.0)), "{report}");
    let missing = call("crm_lookup_customer", json!({ "customer_id": "CUS-9999" })).await;
    assert_eq!(
        (code(&missing).as_str(), &missing["structuredContent"]["error"]["class"]),
        ("not_found", &json!("MCPClientError"))
    );
}
