//! Calls that wait for a person.

use std::time::Duration;

use gateway::ClientError;
use serde_json::{Value, json};

use crate::common::{House, arguments, code};

const WAITS: &str = "security: { approvals: { mode: person, wait_seconds: 600 } }
rate_limits: { requests_per_minute: 10000000 }
";

async fn waiting(house: &House) -> Value {
    let admin = house.client("Admin");
    loop {
        if let Some(first) = admin.approvals().await.unwrap().into_iter().next() {
            return first;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_runs_after_a_yes_and_never_after_a_no() {
    let house = House::with(WAITS).await;
    let delete = || arguments(json!({ "memory_id": "MEM-0001", "user_approved": true }));
    for (approve, expected) in [(false, "approval_denied"), (true, "ok")] {
        let agent = house.client("Agent");
        let answering = async {
            let asked = waiting(&house).await;
            assert_eq!((&asked["tool"], &asked["actor"]), (&json!("memory_delete"), &json!("Agent")));
            assert_eq!(asked["arguments"]["memory_id"], "MEM-0001");
            house.client("Admin").answer(asked["id"].as_str().unwrap(), approve).await.unwrap()
        };
        let (result, _) = tokio::join!(agent.call("memory_delete", delete()), answering);
        assert_eq!(code(&result.unwrap()), expected);
    }
    let found = house.client("Agent").call("memory_search", arguments(json!({ "query": "post" }))).await.unwrap();
    assert_eq!(found["structuredContent"]["total"], 0, "the yes was for deleting it");
    let records = house.end().await;
    let approvals: Vec<_> = records.iter().filter(|record| record["kind"] == "approval").collect();
    assert_eq!(approvals.len(), 2);
    assert!(approvals.iter().all(|record| record["by"] == "key:Admin"), "{approvals:#?}");
}

#[tokio::test]
async fn nobody_answers_for_themselves_and_only_approvers_answer() {
    let house = House::with(WAITS).await;
    let admin = house.client("Admin");
    let merge = arguments(json!({ "primary_id": "CUS-0001", "duplicate_id": "CUS-0002" }));
    let calling = admin.call("crm_merge_contacts", merge);
    let answering = async {
        let asked = waiting(&house).await;
        let id = asked["id"].as_str().unwrap();
        for role in ["Admin", "Agent"] {
            let refused = house.client(role).answer(id, true).await;
            assert!(matches!(refused, Err(ClientError::Refused { status: 403, .. })), "{role}: {refused:?}");
        }
    };
    tokio::select! {
        result = calling => panic!("it ran: {result:?}"),
        () = answering => (),
    }
}

#[tokio::test]
async fn no_answer_is_a_no() {
    let house = House::with("security: { approvals: { mode: person, wait_seconds: 0.05 } }\n").await;
    let delete = arguments(json!({ "memory_id": "MEM-0001" }));
    let result = house.client("Agent").call("memory_delete", delete.clone()).await.unwrap();
    assert_eq!(code(&result), "approval_timed_out");
    house.rewrite("security: { approvals: { mode: person, wait_seconds: 0 } }\n");
    house.gateway.reload().await.unwrap();
    let result = house.client("Agent").call("memory_delete", delete).await.unwrap();
    assert_eq!(code(&result), "approval_required");
}

#[tokio::test]
async fn who_leaves_takes_the_question_along() {
    let house = House::with(WAITS).await;
    let agent = house.client("Agent");
    let delete = arguments(json!({ "memory_id": "MEM-0001" }));
    tokio::select! {
        result = agent.call("memory_delete", delete) => panic!("it ran: {result:?}"),
        _ = waiting(&house) => (),
    }
    let admin = house.client("Admin");
    let gone = async {
        while !admin.approvals().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("the question is taken back");
}
