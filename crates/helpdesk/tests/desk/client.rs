//! A small MCP client: one child process, one request at a time.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// Long enough for a busy machine; only a hanging server waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const SERVERS: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];

#[expect(clippy::disallowed_methods, reason = "the test starts the program under test")]
fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_loquat-helpdesk"))
}

/// Runs the program to its end, with nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().unwrap()
}

pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    last_id: u64,
}

impl Client {
    /// Starts a server without greeting it.
    pub(crate) fn start(server: &str) -> Self {
        let mut child = program().arg(server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { stdin: child.stdin.take(), child, lines, last_id: 0 }
    }

    /// Starts a server and greets it the way clients of 2025 do.
    pub(crate) fn greet(server: &str) -> Self {
        let mut client = Self::start(server);
        client.initialize("2025-11-25");
        client
    }

    pub(crate) fn initialize(&mut self, version: &str) -> Value {
        let params = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
        });
        let answer = self.request("initialize", params);
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer["result"].clone()
    }

    /// Sends a request and returns the whole response.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params }));
        let answer: Value = serde_json::from_str(&self.lines.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert_eq!(answer["id"], self.last_id, "{answer}");
        answer
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    pub(crate) fn tools(&mut self) -> Vec<Value> {
        self.request("tools/list", json!({}))["result"]["tools"].as_array().unwrap().clone()
    }

    /// Calls a tool and returns its result, whether it is an error or not.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))["result"].clone()
    }

    /// Calls a tool and holds the answer against the tool's own output schema.
    pub(crate) fn ask(&mut self, tool: &str, arguments: Value) -> Value {
        let schema = self.tools().into_iter().find(|offered| offered["name"] == tool).unwrap()["outputSchema"].clone();
        let result = self.call(tool, arguments);
        assert_ne!(result["isError"], true, "{result}");
        let answer = result["structuredContent"].clone();
        if let Err(problem) = jsonschema::validate(&schema, &answer) {
            panic!("{tool} breaks its output schema: {problem} at {}\n{answer:#}", problem.instance_path());
        }
        let mirror: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(mirror, answer, "the text mirrors the structured content");
        answer
    }

    /// Calls a tool that must refuse and returns what it says.
    pub(crate) fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Ends standard input and waits for the server to leave.
    pub(crate) fn finish(mut self) -> ExitStatus {
        self.stdin = None;
        assert!(self.lines.recv_timeout(PATIENCE).is_err(), "nothing more is said");
        self.child.wait().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stdin = None;
        // A failed test must not leave a server behind; one that already left cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The values of one member of every element.
pub(crate) fn pluck(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}
