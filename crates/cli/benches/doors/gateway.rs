//! Calls of tools, with keys, roles, limits and the audit log as they are when nobody changes them.

use serde_json::json;

use crate::behind::{CHANGES, TELLS};
use crate::load::{Asking, NUMBER, processor_time, times};
use crate::running::Running;
use crate::{contextforge, fact, heading, line, millis, peers};

const MANY: usize = 10_000;
/// One after the other.
const TURNS: usize = 1000;
/// The same where one is many times slower.
const FEWER: usize = 200;

pub(crate) async fn measure(behind: &Running, floor: &Running) {
    let key = ::gateway::new_key();
    let gateway = gateway(behind, &key.sha256).await;
    let ours = asking(gateway.url.clone(), Some(&key.key), "fast__echo").in_session().await.until_ready().await;
    let theirs = asking(format!("{}/mcp", floor.url), None, "echo");
    heading("gateway", "floor");
    let [cpu, floor_cpu] = processor_time((&gateway, &ours), (floor, &theirs), MANY).await;
    line("call that only reads, processor time", cpu, floor_cpu);
    let told = asking(gateway.url.clone(), Some(&key.key), &format!("fast__{TELLS}")).in_session().await;
    let passed = asking(format!("{}/mcp", floor.url), None, TELLS);
    let [cpu, floor_cpu] = processor_time((&gateway, &told), (floor, &passed), MANY).await;
    line("call answered on a stream, processor time", cpu, floor_cpu);
    let changing = asking(gateway.url.clone(), Some(&key.key), &format!("fast__{CHANGES}")).in_session().await;
    let [cpu, floor_cpu] = processor_time((&gateway, &changing), (floor, &theirs), MANY).await;
    line("call that may change something, processor time", cpu, floor_cpu);
    let direct = asking(format!("{}/mcp", behind.url), None, "echo");
    let [(took, _), (changed, _), (floor_took, _), (direct_took, _)] =
        times([&ours, &changing, &theirs, &direct], TURNS).await;
    line(&format!("call that only reads (median of {TURNS})"), took, floor_took);
    let added = [took, changed, floor_took].map(|took| took.saturating_sub(direct_took));
    line("added to a call that only reads", added[0], added[2]);
    line("added to a call that may change something", added[1], added[2]);
    fact("memory afterwards", &gateway.memory(), &floor.memory());
    fact("ready after", &millis(gateway.ready), &millis(floor.ready));
    if let Some(fastmcp) = peers::fastmcp(behind).await {
        let theirs = asking(format!("{}/mcp", fastmcp.url), None, "echo");
        beside("FastMCP", (&gateway, &ours), (&fastmcp, &theirs)).await;
    }
    if let Some(proxy) = peers::mcp_proxy().await {
        let theirs = asking(format!("{}/mcp", proxy.url), None, "echo").until_ready().await;
        beside("mcp-proxy", (&gateway, &ours), (&proxy, &theirs)).await;
    }
    if let Some(other) = contextforge::before(behind).await {
        let theirs = asking(other.url.clone(), Some(&other.token), &other.tool).until_ready().await;
        beside("ContextForge", (&gateway, &ours), (&other.running, &theirs)).await;
    }
    if let Some(litellm) = peers::litellm(behind).await {
        let theirs = asking(format!("{}/mcp/", litellm.url), Some(peers::LITELLM_KEY), "fast-echo").until_ready().await;
        beside("LiteLLM", (&gateway, &ours), (&litellm, &theirs)).await;
    }
}

async fn beside(name: &str, (gateway, ours): (&Running, &Asking), (peer, theirs): (&Running, &Asking)) {
    heading("gateway", name);
    let [cpu, their_cpu] = processor_time((gateway, ours), (peer, theirs), FEWER).await;
    line("call, processor time", cpu, their_cpu);
    let [(took, _), (their_took, _)] = times([ours, theirs], FEWER).await;
    line(&format!("call (median of {FEWER})"), took, their_took);
    fact("memory afterwards", &gateway.memory(), &peer.memory());
    fact("ready after", &millis(gateway.ready), &millis(peer.ready));
}

async fn gateway(behind: &Running, key: &str) -> Running {
    let home = tempfile::tempdir().unwrap();
    let config = format!(
        "server: {{ listen: 127.0.0.1:0 }}
auth: {{ keys: [{{ name: bench, sha256: \"{key}\", tenant: default, roles: [Agent] }}] }}
tenants: {{ default: {{}} }}
catalogue: false
servers: {{ fast: {{ url: \"{}/mcp\" }} }}
security: {{ servers: {{ fast: {{ allowed_roles: [Agent], approval: never }} }} }}
rate_limits: {{ default_per_minute: 10000000, per_actor_per_minute: 10000000, requests_per_minute: 10000000 }}
",
        behind.url
    );
    std::fs::write(home.path().join("gateway.yaml"), config).unwrap();
    Running::loq(home, &["gateway", "--config", "gateway.yaml"]).await
}

fn asking(url: String, key: Option<&str>, tool: &str) -> Asking {
    let params = json!({ "name": tool, "arguments": { "message": "hello" } });
    let body = json!({ "jsonrpc": "2.0", "id": NUMBER, "method": "tools/call", "params": params });
    Asking::new(url, key, &body, "hello")
}
