//! What comes from elsewhere, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::json;

use crate::outside;

const LIST: &str = r#"{ "inputs": [{ "type": "promptString", "id": "gh", "password": true }],
    "mcpServers": {
        "files": { "command": "npx", "args": ["-y", "@scope/server-files", "${workspaceFolder}"], "env": { "KEY": "x" } },
        "web": { "type": "http", "url": "https://api.example.com/mcp", "headers": { "Authorization": "Bearer ${input:gh}" },
            "disabled": true, "timeout": 60, "auth": { "client_id": "c", "scopes": ["a", "b"] } } } }"#;
const LINE: &str = "API_TOKEN='a b' npx -y --port=80 \"@scope/server\" -- https://user:pass@h.example/mcp?token=abc";
const LINK: &str = "cursor://anysphere.cursor-deeplink/mcp/install?name=x&config=eyJjb21tYW5kIjoibnB4In0=";
const ADDRESS: &str = "https://user:password@[::1]:8080/mcp?api_key=sk-0123456789abcdef&x=1#end";
const SAID: &str = "Authorization: Bearer abcdef0123456789\n{\"password\":\"hunter2\",\"a\":\"ghp_0123456789abcdef\"}";

fn spoilt(seeds: &[&str], many: u64) -> impl Iterator<Item = String> {
    testkit::spoilt(seeds, many).map(|text| String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn lists_of_servers_are_understood_or_refused() {
    let outcomes = spoilt(&[LIST, LINE, LINK, ADDRESS], 4000).map(|text| outside::lists(&text));
    let [understood, refused] = outcomes.fold([0, 0], |[a, b], [c, d]| [a + c, b + d]);
    assert!(understood > 100 && refused > 100, "{understood} understood, {refused} refused");
}

#[test]
fn whatever_is_masked_stays_masked() {
    spoilt(&[SAID, ADDRESS, LINE, LIST], 3000).for_each(|text| outside::masks(&text));
}

#[test]
fn messages_are_made_shallow_and_nothing_else_is_changed() {
    let deep = format!("{{\"a\":{}1{},\"b\":\"[[[\"}}", "[".repeat(400), "]".repeat(400));
    let readable = testkit::spoilt(&[LIST, SAID, &deep], 4000).filter(|text| outside::messages(text)).count();
    assert!(readable > 20, "only {readable} could be read");
}

#[test]
fn any_result_can_be_read_and_cut() {
    let link = json!({ "type": "resource_link", "uri": "file:///a", "name": "a", "mimeType": "text/plain" });
    let content = json!([
        { "type": "text", "text": "words é🦀" },
        { "type": "image", "data": "aGk=", "mimeType": "image/png" },
        { "type": "resource", "resource": { "uri": "file:///a", "text": "x", "mimeType": "text/plain" } },
        link,
    ]);
    let seeds =
        [json!({ "content": content, "structuredContent": { "n": 1 }, "isError": true }), json!({ "toolResult": "x" })];
    testkit::bent(&seeds, 4000).for_each(|result| outside::results(&result));
}

#[test]
fn of_any_definitions_those_that_can_be_used_are() {
    let tool = |name: &str| json!({ "name": name, "description": "d", "inputSchema": { "type": "object" }, "annotations": { "title": "t" } });
    let seed = json!([tool("list.all"), tool("list all"), tool(&"é".repeat(80)), tool("list_all")]);
    for list in testkit::bent(&[seed], 4000) {
        outside::definitions(list.as_array().map_or(&[], Vec::as_slice));
    }
}
