//! The file: the seed's own is accepted, mistakes are refused whole, and changes come into force while it runs.

use std::path::Path;

use gateway::{Gateway, GatewayError, Options, Problem};

use crate::common::{House, arguments, code};

const SEED: &str = r#"
server:
  name: simple-gpt-mcp

tenants:
  default:
    services:
      memory: "http://127.0.0.1:8000/mcp/memory"
      crm: "http://127.0.0.1:8000/mcp/crm"
      support: "http://127.0.0.1:8000/support"
      marketing: "http://127.0.0.1:8000/marketing"
      website: "http://127.0.0.1:8000/website"
      backoffice: "http://127.0.0.1:8000/backoffice"
      onboarding: "http://127.0.0.1:8000/onboarding"

security:
  tools:
    memory_delete:
      user_approval_required: true
    crm_upsert_contact:
      user_approval_required: true
    # ... more tool permissions
  default_allowed_roles:
    - Admin
    - Orchestrator
    - CRM-Supervisor
    - Agent

rate_limits:
  default_per_minute: 120
  per_actor_per_minute: 60
  window_seconds: 60
"#;

async fn open(folder: &Path, text: &str) -> Result<Gateway, GatewayError> {
    let config = folder.join("gateway.yaml");
    std::fs::write(&config, text).unwrap();
    Gateway::open(Options { config, ..Options::default() }).await
}

async fn problem(text: &str) -> Problem {
    let folder = tempfile::TempDir::new().unwrap();
    match open(folder.path(), text).await {
        Err(GatewayError::Config(problem)) => *problem,
        Err(other) => panic!("{other} in {text}"),
        Ok(_) => panic!("accepted: {text}"),
    }
}

#[tokio::test]
async fn the_seeds_own_file_is_accepted_and_lets_nobody_in() {
    let folder = tempfile::TempDir::new().unwrap();
    let gateway = open(folder.path(), SEED).await.unwrap();
    assert!(!gateway.knows_someone());
}

/// One row a mistake: what is written, the line it is found at, a word of what is said.
fn mistakes() -> Vec<(String, u64, &'static str)> {
    let tenant = "tenants: { default: { services: { memory: \"http://127.0.0.1:1\" } } }\n";
    let hash = "0".repeat(64);
    vec![
        ("server:\n  listen: nine thousand\n".to_owned(), 2, "nine thousand"),
        ("server:\n  listen: 0.0.0.0:9000\n".to_owned(), 2, "server.hosts"),
        ("server:\n  path: /health\n".to_owned(), 2, "/health"),
        ("server:\n  origins: [somewhere]\n".to_owned(), 2, "somewhere"),
        ("tenants:\n  a:\n    services:\n      memory: \"ftp://x\"\n".to_owned(), 4, "address"),
        ("tenants:\n  a:\n    services:\n      memory: \"http://me:secret@x\"\n".to_owned(), 4, "address"),
        (
            "tenants:\n  a:\n    headers:\n      X-Key: \"${env:NO_SUCH_VARIABLE_HERE}\"\n".to_owned(),
            4,
            "NO_SUCH_VARIABLE_HERE",
        ),
        (
            format!("{tenant}auth:\n  keys:\n    - {{ name: k, sha256: short, tenant: default, roles: [A] }}\n"),
            4,
            "hash",
        ),
        (
            format!("{tenant}auth:\n  keys:\n    - {{ name: k, sha256: \"{hash}\", tenant: nobody, roles: [A] }}\n"),
            4,
            "nobody",
        ),
        (
            format!("{tenant}auth:\n  keys:\n    - {{ name: k, sha256: \"{hash}\", tenant: default, roles: [] }}\n"),
            4,
            "roles",
        ),
        (
            format!(
                "{tenant}auth:\n  jwt: {{ issuer: i, audience: [a], jwks_url: \"http://far.example/k\", tenant: default }}\n"
            ),
            3,
            "address",
        ),
        (
            format!(
                "{tenant}auth:\n  jwt: {{ issuer: i, audience: [], jwks_url: \"https://x/k\", tenant: default }}\n"
            ),
            3,
            "audience",
        ),
        (format!("{tenant}security:\n  tools:\n    memory_serch: {{ enabled: true }}\n"), 4, "memory_serch"),
        (format!("{tenant}rate_limits:\n  default_per_minute: 0\n"), 3, "limit"),
        (format!("{tenant}tools:\n  t:\n    description: d\n    service: memory\n    call: FLY /x\n"), 6, "FLY"),
        (format!("{tenant}tools:\n  t:\n    description: d\n    service: memory\n    call: GET /x/{{id}}\n"), 6, "id"),
        (format!("{tenant}tools:\n  \"a b\":\n    description: d\n    service: memory\n    call: GET /x\n"), 4, "a b"),
        ("fetch:\n  allow: [everything]\n".to_owned(), 2, "everything"),
        ("servers:\n  files: { nothing: true }\n".to_owned(), 2, "files"),
        (
            format!(
                "{tenant}server:\n  listen: 0.0.0.0:9000\n  hosts: [g]\nauth:\n  anonymous: {{ tenant: default, roles: [A] }}\n"
            ),
            6,
            "credential",
        ),
    ]
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_where_it_stands() {
    let twice = ("fetch: {}\nfetch: {}\n".to_owned(), 2, "Duplicate mapping key: fetch. The");
    for (text, line, word) in mistakes().into_iter().chain([twice]) {
        let problem = problem(&text).await;
        assert_eq!(problem.line, line, "{problem}\n{text}");
        assert!(problem.to_string().contains(word), "{problem} does not speak of {word}");
        assert!(!problem.fix.is_empty() && !problem.to_string().contains("secret@"), "{problem:?}");
    }
}

#[tokio::test]
async fn a_good_change_comes_into_force_and_a_bad_one_changes_nothing() {
    let house = House::open().await;
    let agent = house.client("Agent");
    let offered = async || agent.tools().await.unwrap().iter().any(|tool| tool["name"] == "memory_search");
    assert!(offered().await);
    house.rewrite("security: { tools: { memory_search: { enabled: false } } }\n");
    while offered().await {
        tokio::task::yield_now().await;
    }
    house.rewrite("security: { tools: { memory_search: { enabled: yes please } } }\n");
    assert!(matches!(house.gateway.reload().await, Err(GatewayError::Config(_))));
    assert!(!offered().await);
    assert_eq!(code(&agent.call("memory_telemetry", arguments(serde_json::json!({}))).await.unwrap()), "ok");
    house.rewrite("");
    house.gateway.reload().await.unwrap();
    assert!(offered().await);
    let records = house.end().await;
    assert!(records.iter().any(|record| record["kind"] == "reloaded" && record["result"] == "refused"));
}

#[tokio::test]
async fn tools_of_ones_own_stand_beside_the_catalogue() {
    let more = "tools:\n  note.read:\n    description: Reads one memory by its id, in the way of an address.\n    \
                service: memory\n    call: POST /search\n    reads_only: true\n    roles: [Agent]\n    \
                input: { required: [query], properties: { query: { type: string } } }\n";
    let house = House::with(more).await;
    let found = house.client("Agent").call("note.read", arguments(serde_json::json!({ "query": "invoices" }))).await;
    assert_eq!(found.unwrap()["structuredContent"]["total"], 1);
    let refused = house.client("Admin").call("note.read", arguments(serde_json::json!({ "query": "invoices" }))).await;
    assert_eq!(code(&refused.unwrap()), "role_not_allowed");
}
