//! What comes from elsewhere, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::{Value, json};

use crate::{import, mask, output, paste, shallow};

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
    let (mut understood, mut refused) = (0, 0);
    for text in spoilt(&[LIST, LINE, LINK, ADDRESS], 4000) {
        for outcome in [paste::parse_servers(&text).map(drop), import::read_list(&text).map(drop)] {
            match outcome {
                Ok(()) => understood += 1,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(understood > 100 && refused > 100, "{understood} understood, {refused} refused");
}

/// What is written down once without secrets is written down so a second time.
#[test]
fn whatever_is_masked_stays_masked() {
    for text in spoilt(&[SAID, ADDRESS, LINE, LIST], 3000) {
        let masked = mask::text(&text).into_owned();
        assert_eq!(mask::text(&masked), masked, "{text:?}");
        if let Ok(shown) = url::Url::parse(&mask::url(&text)) {
            assert!(shown.password().is_none(), "{text:?} is shown as {shown}");
        }
    }
}

#[test]
fn messages_are_made_shallow_and_nothing_else_is_changed() {
    let deep = format!("{{\"a\":{}1{},\"b\":\"[[[\"}}", "[".repeat(400), "]".repeat(400));
    let mut readable = 0;
    for text in testkit::spoilt(&[LIST, SAID, &deep], 4000) {
        let value = serde_json::from_slice::<Value>(&text).ok();
        let left = shallow::message(text.clone());
        assert!(left.len() <= text.len());
        if let Some(value) = value {
            assert_eq!(serde_json::from_slice::<Value>(&left).ok(), Some(value));
            readable += 1;
        }
    }
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
    for result in testkit::bent(&seeds, 4000) {
        let (read, _) = output::read(&result);
        for budget in [0, 1, 7, 100] {
            assert!(output::cut(&read.model_text, budget).chars().count() <= budget + 200);
        }
    }
}
