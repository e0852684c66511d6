use super::*;

const FILE: &str = include_str!("../../../../gateway.conformance.yaml");
const WINDOW: &str = include_str!("../../catalogue/window.yaml");
const RIGHT: &str = "
server: { name: door, listen: 127.0.0.1:0, max_body_bytes: 1000 }
auth:
  keys:
    - { name: a, sha256: \"0000000000000000000000000000000000000000000000000000000000000000\", tenant: t, roles: [Agent] }
tenants:
  t: { services: { memory: \"http://127.0.0.1:1/mcp/memory\" } }
security: { approvals: { mode: person, wait_seconds: 600 } }
rate_limits: { default_per_minute: 100, tools: [{ tool: memory_search, requests: 7, window_seconds: 3600 }] }
fetch: { ports: [80], allow: [10.0.0.0/8], max_bytes: 100 }
audit: { file: x.log, arguments: masked }
";

#[test]
fn whatever_stands_in_the_file_it_is_understood_or_refused() {
    let all: Vec<bool> = testkit::spoilt(&[RIGHT, WINDOW, FILE], 600)
        .map(|text| outside::configurations(&String::from_utf8_lossy(&text)))
        .collect();
    let understood = all.iter().filter(|is_understood| **is_understood).count();
    let refused = all.len() - understood;
    assert!(understood > 10 && refused > 100, "{understood} understood, {refused} refused");
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{},", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let source = Source { name: "gateway.yaml".to_owned(), text };
    assert!(Compiler { source, folder: PathBuf::new(), lent: true }.compile().is_err());
}
