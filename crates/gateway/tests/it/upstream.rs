//! Other MCP servers behind the gateway: one over HTTP, one a program of this machine. Both are gateways themselves.

use std::{path::PathBuf, time::Duration};

use serde_json::json;

use crate::common::{House, arguments, code};

/// Examples are built beside the tests that use them.
pub(crate) fn program() -> PathBuf {
    example("gateway-stdio")
}

pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: run the tests with `cargo nextest run` or `cargo test`", path.display());
    path
}

#[tokio::test]
async fn other_servers_are_offered_under_their_names_and_by_the_same_rules() {
    let inner = House::open().await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("inner.yaml");
    let tenant = format!(
        "tenants: {{ default: {{ services: {{ memory: \"http://{}/mcp/memory\" }} }} }}\n",
        inner.backend.address()
    );
    std::fs::write(&file, tenant + "auth: { stdio: { tenant: default, roles: [Agent] } }\n").unwrap();
    let more = format!(
        "servers:\n  far: {{ url: \"{}\", headers: {{ Authorization: \"Bearer {}\" }} }}\n  near: {{ command: {:?}, args: [{:?}] }}\n\
         security:\n  servers:\n    near: {{ allowed_roles: [Agent], approval: argument }}\n  tools:\n    \
         far__memory_write: {{ enabled: false }}\n",
        inner.served.url(),
        inner.key("Agent"),
        program(),
        file
    );
    let outer = House::with(&more).await;
    let agent = outer.client("Agent");
    let names = async |role: &str| -> Vec<String> {
        let tools = outer.client(role).tools().await.unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let all_there = async {
        loop {
            let names = names("Agent").await;
            if names.iter().any(|name| name == "far__memory_search")
                && names.iter().any(|name| name == "near__memory_search")
            {
                return names;
            }
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(90), all_there).await.expect("both servers come up");
    assert!(
        !all.contains(&"far__memory_write".to_owned()) && all.contains(&"near__memory_write".to_owned()),
        "{all:?}"
    );
    assert!(!names("Admin").await.contains(&"near__memory_search".to_owned()));
    let query = || arguments(json!({ "query": "invoices" }));
    let far = agent.call("far__memory_search", query()).await.unwrap();
    assert_eq!(far["structuredContent"]["total"], 1, "{far}");
    assert_eq!(code(&agent.call("near__memory_search", query()).await.unwrap()), "user_approval_required");
    let approved = arguments(json!({ "query": "invoices", "user_approved": true }));
    assert_eq!(code(&agent.call("near__memory_search", approved.clone()).await.unwrap()), "ok");
    assert_eq!(code(&outer.client("Admin").call("near__memory_search", approved).await.unwrap()), "role_not_allowed");
    // What the server itself refuses comes back in its own words.
    let wrong = agent.call("far__memory_search", arguments(json!({ "limit": 1 }))).await.unwrap();
    assert_eq!((&wrong["isError"], code(&wrong).as_str()), (&json!(true), "invalid_arguments"), "{wrong}");
    outer.rewrite("");
    outer.gateway.reload().await.unwrap();
    assert!(!names("Agent").await.iter().any(|name| name.contains("__")));
    let records = outer.end().await;
    assert!(records.iter().any(|record| record["tool"] == "far__memory_search" && record["result"] == "ok"));
}
