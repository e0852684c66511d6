//! A server for tests that asks back: it elicits, samples, wants roots, logs, has prompts and resources, and goes on
//! with tasks. By its first argument it speaks the newer era (`modern`) or the older one (anything else).
//!
//! It writes JSON-RPC by hand: no library would let it say what it must. `cargo test` and `cargo nextest run` build it.

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use serde_json::{Value, json};

fn main() {
    let server = Arc::new(Server { modern: env::args().nth(1).as_deref() == Some("modern"), ..Server::default() });
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let server = server.clone();
        if message.get("method").is_none() {
            server.answered(message);
        } else {
            thread::spawn(move || server.hear(&message));
        }
    }
}

#[derive(Default)]
struct Server {
    modern: bool,
    ids: AtomicI64,
    open: Mutex<HashMap<i64, mpsc::Sender<Value>>>,
    visited: AtomicU64,
    polls: AtomicU64,
    prompts: AtomicU64,
    /// What was said to it that a test may want to know.
    heard: Mutex<Vec<String>>,
}

type Answer = Result<Value, (i32, &'static str, Value)>;

impl Server {
    fn hear(&self, message: &Value) {
        let params = &message["params"];
        let method = message["method"].as_str().unwrap_or_default();
        let answer: Answer = match method {
            "initialize" | "server/discover" if self.modern != (method == "server/discover") => {
                Err((-32601, "no such method", Value::Null))
            }
            "initialize" => Ok(json!({
                "protocolVersion": params["protocolVersion"], "capabilities": self.capabilities(),
                "serverInfo": { "name": "asker", "version": "1" }
            })),
            "server/discover" => Ok(json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": self.capabilities(),
                "serverInfo": { "name": "asker", "version": "1" }, "ttlMs": 0, "cacheScope": "private"
            })),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(self.tools()),
            "tools/call" if self.modern => self.call_modern(params),
            "tools/call" => self.call(params),
            "tasks/get" => Ok(self.task()),
            "tasks/update" => {
                self.note(format!("update {}", params["inputResponses"]["who"]["content"]["name"]));
                Ok(json!({ "resultType": "complete" }))
            }
            "tasks/cancel" => {
                self.note("tasks/cancel".to_owned());
                Ok(json!({ "resultType": "complete" }))
            }
            "prompts/list" | "prompts/get" | "resources/list" | "resources/templates/list" | "resources/read" => {
                Ok(self.offer(method, params))
            }
            "resources/subscribe" => {
                say(
                    &json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": { "uri": params["uri"] } }),
                );
                Ok(json!({}))
            }
            "subscriptions/listen" => return self.listen(message),
            "completion/complete" => Ok(json!({ "resultType": "complete", "completion": {
                "values": [format!("{}!", params["argument"]["value"].as_str().unwrap_or_default())], "hasMore": false } })),
            "logging/setLevel" => {
                self.note(format!("level {}", params["level"]));
                Ok(json!({}))
            }
            "notifications/roots/list_changed" => return self.look_at_roots(),
            _ if message["id"].is_null() => return self.note(method.to_owned()),
            _ => Err((-32601, "no such method", Value::Null)),
        };
        say(&match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }),
            Err((code, words, data)) => json!({ "jsonrpc": "2.0", "id": message["id"],
                "error": { "code": code, "message": words, "data": data } }),
        });
    }

    /// Where they are called so, it asks a person, too, although nothing was asked of it.
    fn look_at_roots(&self) {
        let roots = self.ask("roots/list", json!({}));
        let first = &roots["result"]["roots"][0]["uri"];
        if first == "file:///ask" {
            let said = self.ask("elicitation/create", json!({ "message": "Why?", "requestedSchema": form() }));
            return self.note(format!("told {}", said["result"]["content"]["name"]));
        }
        self.note(format!("roots {first}"));
    }

    fn offer(&self, method: &str, params: &Value) -> Value {
        match method {
            "prompts/list" => self.prompts(),
            "prompts/get" => json!({ "resultType": "complete", "description": "d", "messages": [
                { "role": "user", "content": { "type": "text", "text": format!("Hello {}", params["arguments"]["who"].as_str().unwrap_or("nobody")) } }
            ] }),
            "resources/list" if params["cursor"].is_null() => {
                json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "nextCursor": "2",
                    "resources": [{ "uri": "note://1", "name": "one" }, { "name": "no address" }] })
            }
            "resources/list" => json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "nextCursor": "2", "resources": [{ "uri": "note://2", "name": "two" }] }),
            "resources/templates/list" => json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "resourceTemplates": [{ "uriTemplate": "note://{day}", "name": "day" }, 5] }),
            "resources/read" if params["uri"] == "note://ask" => {
                let said =
                    self.ask("elicitation/create", json!({ "message": "Who reads?", "requestedSchema": form() }));
                json!({ "contents": [{ "uri": "note://ask", "text": said["result"]["content"]["name"] }] })
            }
            "resources/read" => json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "contents": [{ "uri": params["uri"], "text": format!("text of {}", params["uri"].as_str().unwrap_or_default()) }] }),
            _ => Value::Null,
        }
    }

    fn capabilities(&self) -> Value {
        json!({
            "tools": {}, "prompts": { "listChanged": true }, "resources": { "subscribe": true, "listChanged": true },
            "logging": {}, "completions": {}, "extensions": { "io.modelcontextprotocol/tasks": {} }
        })
    }

    fn tools(&self) -> Value {
        let names = [
            "form",
            "page",
            "needs-page",
            "sample",
            "roots",
            "odd-form",
            "log",
            "heard",
            "grow",
            "task",
            "secret",
            "link",
        ];
        let tools: Vec<Value> =
            names.iter().map(|name| json!({ "name": name, "inputSchema": { "type": "object" } })).collect();
        json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools })
    }

    fn prompts(&self) -> Value {
        let more = (0..self.prompts.load(Ordering::SeqCst)).map(|number| json!({ "name": format!("grown-{number}") }));
        let first = json!({ "name": "greet", "arguments": [{ "name": "who", "required": true }] });
        let prompts: Vec<Value> = [first, json!({ "title": "nameless" })].into_iter().chain(more).collect();
        json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "prompts": prompts })
    }

    fn call(&self, params: &Value) -> Answer {
        let name = params["name"].as_str().unwrap_or_default();
        Ok(match name {
            "form" => told(&self.ask("elicitation/create", json!({ "message": "Who are you?", "requestedSchema": form() }))),
            // A shape that the protocol does not know.
            "odd-form" => told(&self.ask("elicitation/create", json!({ "message": "Odd", "requestedSchema": {
                "type": "object", "properties": { "name": { "type": "string", "default": "Ann" }, "list": { "type": "object" } }
            } }))),
            "secret" => told(&self.ask("elicitation/create", json!({ "message": "Log in", "requestedSchema": {
                "type": "object", "properties": { "password": { "type": "string" } }, "required": ["password"]
            } }))),
            "page" => told(&self.ask("elicitation/create", page())),
            "needs-page" if self.visited.fetch_add(1, Ordering::SeqCst) == 0 => {
                return Err((-32042, "visit the page first", json!({ "elicitations": [page()] })));
            }
            "needs-page" => text("paid"),
            "sample" => told(&self.ask("sampling/createMessage", json!({
                "messages": [{ "role": "user", "content": { "type": "text", "text": "Say hi" } }], "maxTokens": 50
            }))),
            "roots" => told(&self.ask("roots/list", json!({}))),
            "link" => json!({ "content": [{ "type": "resource_link", "uri": "note://1", "name": "one" }] }),
            "log" => {
                for (level, words) in [("debug", "small"), ("warning", "key ghp_0123456789abcdefghij0123456789abcdef")] {
                    say(&json!({ "jsonrpc": "2.0", "method": "notifications/message",
                        "params": { "level": level, "logger": "db", "data": words } }));
                }
                text("logged")
            }
            "heard" => text(&self.heard().join(" | ")),
            "grow" => {
                self.prompts.fetch_add(1, Ordering::SeqCst);
                say(&json!({ "jsonrpc": "2.0", "method": "notifications/prompts/list_changed" }));
                text("grown")
            }
            _ => return Err((-32602, "unknown tool", Value::Null)),
        })
    }

    fn call_modern(&self, params: &Value) -> Answer {
        let responses = &params["inputResponses"];
        let ask = |method: &str, asked: Value| {
            json!({ "resultType": "input_required", "requestState": "état-1",
            "inputRequests": { "who": { "method": method, "params": asked } } })
        };
        let name = params["name"].as_str().unwrap_or_default();
        Ok(match name {
            "heard" => text(&self.heard().join(" | ")),
            "log" => {
                self.note(format!("wanted {}", params["_meta"]["io.modelcontextprotocol/logLevel"]));
                text("logged")
            }
            "task" => {
                json!({ "resultType": "task", "taskId": "t1", "status": "working", "ttlMs": null, "pollIntervalMs": 100,
                "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z", "statusMessage": "begun" })
            }
            _ if responses.is_object() && params["requestState"] != "état-1" => {
                return Err((-32602, "lost state", Value::Null));
            }
            _ if responses.is_object() => text(&responses["who"].to_string()),
            "form" => {
                ask("elicitation/create", json!({ "message": "Who?", "mode": "form", "requestedSchema": form() }))
            }
            "sample" => ask(
                "sampling/createMessage",
                json!({
                "messages": [{ "role": "user", "content": { "type": "text", "text": "Say hi" } }], "maxTokens": 50 }),
            ),
            "roots" => ask("roots/list", json!({})),
            _ => return Err((-32602, "unknown tool", Value::Null)),
        })
    }

    /// At work, then asking, then at work again, then done.
    fn task(&self) -> Value {
        let mut task = json!({ "resultType": "complete", "taskId": "t1", "status": "working", "ttlMs": null,
            "pollIntervalMs": 100, "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z",
            "statusMessage": "halfway" });
        match self.polls.fetch_add(1, Ordering::SeqCst) {
            0 => {
                task["status"] = json!("input_required");
                task["inputRequests"] = json!({ "who": { "method": "elicitation/create",
                    "params": { "message": "Who?", "mode": "form", "requestedSchema": form() } } });
            }
            1 => (),
            _ => {
                task["status"] = json!("completed");
                task["result"] = json!({ "content": [{ "type": "text", "text": "task done" }] });
            }
        }
        task
    }

    /// Acknowledges, and tells at once what it was asked to tell.
    fn listen(&self, message: &Value) {
        let id = &message["id"];
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": id });
        let wanted = &message["params"]["notifications"];
        say(&json!({ "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
            "params": { "_meta": meta, "notifications": wanted } }));
        for uri in wanted["resourceSubscriptions"].as_array().into_iter().flatten() {
            say(
                &json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": { "_meta": meta, "uri": uri } }),
            );
        }
    }

    /// Asks the client and waits for what it says.
    fn ask(&self, method: &str, params: Value) -> Value {
        let id = self.ids.fetch_add(1, Ordering::SeqCst);
        let (send, wait) = mpsc::channel();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, send);
        say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        wait.recv().unwrap_or_default()
    }

    fn answered(&self, message: Value) {
        let id = message["id"].as_i64().unwrap_or_default();
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(open) = open {
            let _ = open.send(message);
        }
    }

    fn note(&self, words: String) {
        self.heard().push(words);
    }

    fn heard(&self) -> MutexGuard<'_, Vec<String>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn form() -> Value {
    json!({ "type": "object", "required": ["name"], "properties": {
        "name": { "type": "string", "title": "Your name" }, "age": { "type": "integer", "default": 42 }
    } })
}

fn page() -> Value {
    json!({ "mode": "url", "message": "Pay here", "url": "https://pay.example/now?id=7", "elicitationId": "e1" })
}

fn text(text: &str) -> Value {
    json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }] })
}

/// What the client said, as the tool's result.
fn told(answer: &Value) -> Value {
    let said = answer.get("result").or_else(|| answer.get("error"));
    text(&said.unwrap_or(&Value::Null).to_string())
}

/// Whole lines only: threads share the output.
fn say(message: &Value) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{message}").and_then(|()| out.flush());
}
