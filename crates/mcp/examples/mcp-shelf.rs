//! A server for tests that offers what a JSON file says, read anew for every list and call: `tools`, verbatim, and
//! `results` by tool. A tool without a result tells its name and what it was given.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let shelf = || -> Value {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let params = &message["params"];
        let result = match message["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": params["protocolVersion"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "shelf", "version": "1" },
            }),
            Some("ping") => json!({}),
            Some("tools/list") => json!({ "tools": shelf()["tools"] }),
            Some("tools/call") => {
                let name = params["name"].as_str().unwrap_or_default();
                match shelf()["results"].get(name) {
                    Some(result) => result.clone(),
                    None => {
                        json!({ "content": [{ "type": "text", "text": format!("{name} {}", params["arguments"]) }] })
                    }
                }
            }
            _ if message["id"].is_null() => continue,
            _ => {
                let error = json!({ "code": -32601, "message": "no such method" });
                say(&json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }));
                continue;
            }
        };
        say(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
    }
}

fn say(message: &Value) {
    let mut out = io::stdout().lock();
    // Who no longer listens need not be told.
    let _ = writeln!(out, "{message}").and_then(|()| out.flush());
}
