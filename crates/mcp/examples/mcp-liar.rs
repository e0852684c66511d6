//! A server for tests that tells one lie, by its first argument, and is honest otherwise.
//!
//! It writes JSON-RPC by hand: no library would let it misbehave. What it lies about is the name up to the colon.

use std::{
    env,
    io::{self, BufRead, Write},
    process, thread,
    time::Duration,
};

use serde_json::{Value, json};

fn main() {
    let lie = env::args().nth(1).unwrap_or_default();
    let mut liar = Liar { lie, asked: false };
    liar.begin();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Ok(message) = serde_json::from_str::<Value>(&line) {
            liar.hear(&message);
        }
    }
}

struct Liar {
    lie: String,
    /// Whether it was asked which generation it belongs to.
    asked: bool,
}

impl Liar {
    fn begin(&self) {
        match self.lie.as_str() {
            "start:banner" => say("Welcome to the server!\nListening on stdio…"),
            "start:binary" => write(&[0xff, 0xfe, 0x00, 0x80, b'\n']),
            "start:half" => say(r#"{"jsonrpc":"2.0","id":"#),
            "start:empty-lines" => say("\n\n\n"),
            "start:asks" => {
                say(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
                say(r#"{"jsonrpc":"2.0","id":2,"method":"no/such/thing","params":[1,2]}"#);
            }
            "start:answers" => say(r#"{"jsonrpc":"2.0","id":12345,"result":{"tools":[]}}"#),
            "start:notifies" => say(r#"{"jsonrpc":"2.0","method":"notifications/no/such","params":{"x":[{}]}}"#),
            "start:long-noise" => say(&"x".repeat(20 * 1024 * 1024)),
            "start:flood" | "start:deluge" => {
                let line = "x".repeat(20 * 1024 * 1024);
                let lines = if self.lie == "start:flood" { 8 } else { 26 };
                (0..lines).for_each(|_| say(&line));
            }
            "start:exits" => process::exit(7),
            _ => (),
        }
    }

    fn hear(&mut self, message: &Value) {
        let method = message["method"].as_str().unwrap_or_default();
        if self.lie == format!("exit:{method}") {
            process::exit(9);
        }
        if self.lie == format!("hang:{method}") {
            return;
        }
        let answer = match method {
            "server/discover" => {
                self.asked = true;
                self.discovered()
            }
            "initialize" => self.initialized(message),
            "tools/list" => self.listed(&message["params"]),
            "tools/call" => self.called(message),
            "ping" => Ok(json!({})),
            _ => Err(json!({ "code": -32601, "message": "no such method" })),
        };
        if message["id"].is_null() {
            return;
        }
        self.reply(&message["id"], answer);
    }

    fn reply(&self, id: &Value, answer: Result<Value, Value>) {
        let id = match self.lie.as_str() {
            "id:text" => json!(id.to_string()),
            "id:float" => json!(id.as_f64()),
            _ => id.clone(),
        };
        let mut answer = match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
        };
        match self.lie.as_str() {
            "say:more" => answer["surprise"] = json!([{ "deep": [] }]),
            "say:twice" => say(&answer.to_string()),
            "say:noise" => say("debug: about to answer"),
            "say:foreign" => say(r#"{"jsonrpc":"2.0","id":777,"result":{}}"#),
            "say:broken" => say("{\"jsonrpc\": \"2.0\", oops"),
            "say:batch" => say(r#"[{"jsonrpc":"2.0","method":"notifications/message"}]"#),
            "say:version" => answer["jsonrpc"] = json!("1.0"),
            "say:storm" => {
                for _ in 0..1000 {
                    say(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
                }
            }
            _ => (),
        }
        let line = match self.lie.as_str() {
            "list:abyss" | "call:abyss" => answer.to_string().replace("\"abyss\"", &abyss()),
            _ => answer.to_string(),
        };
        if self.lie == "say:crlf" { write(format!("{line}\r\n").as_bytes()) } else { say(&line) }
    }

    fn discovered(&self) -> Result<Value, Value> {
        match self.lie.as_str() {
            "discover:empty" => Ok(json!({})),
            "discover:text" => Ok(json!("yes")),
            "discover:old" => Ok(json!({ "supportedVersions": ["2024-11-05"], "capabilities": {} })),
            "discover:odd-error" => Err(json!({ "code": -1, "message": "" })),
            _ => Err(json!({ "code": -32601, "message": "no such method" })),
        }
    }

    fn initialized(&self, message: &Value) -> Result<Value, Value> {
        if self.lie == "discover:spoils" && self.asked {
            return Err(json!({ "code": -32600, "message": "not in this state" }));
        }
        let mut result = json!({
            "protocolVersion": message["params"]["protocolVersion"], "capabilities": { "tools": {} },
            "serverInfo": { "name": "liar", "version": "1" }
        });
        match self.lie.as_str() {
            "initialize:no-info" => drop(result.as_object_mut().map(|result| result.remove("serverInfo"))),
            "initialize:no-version" => result["serverInfo"] = json!({ "name": "liar" }),
            "initialize:flag" => result["capabilities"]["tools"] = json!(true),
            "initialize:no-capabilities" => result["capabilities"] = json!(null),
            "initialize:number" => result["protocolVersion"] = json!(20250618),
            "initialize:instructions" => result["instructions"] = json!({ "text": 5 }),
            "initialize:future" => result["protocolVersion"] = json!("2099-01-01"),
            "initialize:text" => return Ok(json!("hello")),
            "initialize:refuses" => return Err(json!({ "code": -32000, "message": "the licence has expired" })),
            _ => (),
        }
        Ok(result)
    }

    fn listed(&self, params: &Value) -> Result<Value, Value> {
        let page = params["cursor"].as_str().and_then(|cursor| cursor.parse::<u32>().ok()).unwrap_or(0);
        Ok(match self.lie.as_str() {
            "list:null" => json!(null),
            "list:text" => json!("echo"),
            "list:no-tools" => json!({}),
            "list:tools-null" => json!({ "tools": null }),
            "list:tools-object" => json!({ "tools": { "echo": tool("echo") } }),
            "list:mixed" => json!({ "tools": [
                tool("echo"), 5, null, "tool", [], {}, { "name": 5 }, { "name": null }, { "name": "" },
                { "name": "odd", "inputSchema": "string", "outputSchema": 7, "title": {}, "annotations": [], "icons": 1 }
            ] }),
            "list:twins" => json!({ "tools": [tool("echo"), tool("echo"), tool("echo")] }),
            "list:long-words" => {
                let mut long = tool("long");
                long["description"] = json!("word ".repeat(200_000));
                json!({ "tools": [tool("echo"), long] })
            }
            "list:long-name" => json!({ "tools": [tool("echo"), tool(&"n".repeat(100_000))] }),
            "list:endless" => json!({ "tools": [tool(&format!("t{page}"))], "nextCursor": (page + 1).to_string() }),
            "list:fat-pages" => {
                let mut fat = tool(&format!("t{page}"));
                fat["description"] = json!("w".repeat(4 * 1024 * 1024));
                json!({ "tools": [fat], "nextCursor": (page + 1).to_string() })
            }
            "list:same-cursor" => json!({ "tools": [tool("echo")], "nextCursor": "1" }),
            "list:empty-cursor" => json!({ "tools": [tool("echo")], "nextCursor": "" }),
            "list:odd-cursor" => json!({ "tools": [tool("echo")], "nextCursor": { "page": 2 } }),
            "list:nested" => {
                let mut deep = tool("deep");
                deep["inputSchema"]["properties"] = json!({ "x": nested(60) });
                json!({ "tools": [tool("echo"), deep] })
            }
            "list:abyss" => json!({ "tools": [tool("echo"), { "name": "deep", "inputSchema": "abyss" }] }),
            "list:refuses" => return Err(json!({ "code": -32603, "message": "the database is away" })),
            _ => json!({ "tools": [tool("echo")] }),
        })
    }

    fn called(&self, message: &Value) -> Result<Value, Value> {
        let text = |text: &str| json!({ "content": [{ "type": "text", "text": text }] });
        Ok(match self.lie.as_str() {
            "call:null" => json!(null),
            "call:empty" => json!({}),
            "call:text" => json!("hi"),
            "call:content-text" => json!({ "content": "hi" }),
            "call:odd-blocks" => json!({ "content": [
                5, null, { "type": "hologram", "data": [1] }, { "type": "image", "data": "AAAA" }, { "type": "text" },
                { "type": "text", "text": "hi" }
            ] }),
            "call:flag" => json!({ "content": [{ "type": "text", "text": "hi" }], "isError": "no" }),
            "call:long" => text(&"long ".repeat(4 * 1024 * 1024)),
            "call:many" => json!({ "content": vec![json!({ "type": "text", "text": "hi" }); 10_000] }),
            "call:progress" => {
                let token = &message["params"]["_meta"]["progressToken"];
                for params in [
                    json!({ "progressToken": "foreign", "progress": 1 }),
                    json!({ "progressToken": token, "progress": "half" }),
                    json!({ "progressToken": token, "progress": -1e300, "total": -5, "message": 7 }),
                    json!(null),
                ] {
                    say(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }).to_string());
                }
                text("hi")
            }
            "call:abyss" => {
                json!({ "content": [{ "type": "text", "text": "hi" }], "structuredContent": { "x": "abyss" } })
            }
            "call:odd-error" => return Err(json!({ "code": 1e3, "message": "no", "data": { "x": [] } })),
            _ => text(message["params"]["arguments"]["text"].as_str().unwrap_or("hi")),
        })
    }
}

fn tool(name: &str) -> Value {
    json!({ "name": name, "description": format!("{name}s"), "inputSchema": { "type": "object" } })
}

/// Deeper than readers of JSON go. No library would write it.
fn abyss() -> String {
    format!("{}{}", "{\"a\":[".repeat(50_000), "]}".repeat(50_000))
}

fn nested(depth: u32) -> Value {
    (0..depth).fold(json!({}), |inner, _| json!({ "items": inner }))
}

fn say(line: &str) {
    write(format!("{line}\n").as_bytes());
}

fn write(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        // Nobody listens any more; that is the end of an honest program, too.
        thread::sleep(Duration::from_millis(10));
        process::exit(0);
    }
}
