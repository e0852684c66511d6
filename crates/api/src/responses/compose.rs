//! A response put together piece by piece, with the events that tell of it.

use chat::Usage;
use serde_json::{Value, json};

use super::input::{Asked, PREFIX};
use crate::answer::{Answer, End, HandedCall};
use crate::api::Api;
use crate::caller::Caller;
use crate::sessions;

pub(crate) struct Composing {
    response: Value,
    output: Vec<Value>,
    /// Where in `output` the message is that is being said.
    message: Option<usize>,
    sequence: u64,
}

impl Composing {
    pub(crate) fn new(api: &Api, caller: &Caller, asked: &Asked, answer: &Answer) -> Self {
        let visiting = answer.visiting();
        let session = visiting.conversation.as_ref();
        let session = session.map(|id| sessions::session_id(&api.keys.secret(), &caller.name, id));
        let id = match &session {
            Some(session) => format!("{PREFIX}{session}_{}", visiting.turn),
            None => format!("{PREFIX}{}", visiting.turn),
        };
        let given = |key: &str| asked.body.get(key).cloned().unwrap_or_default();
        let response = json!({
            "id": id, "object": "response", "created_at": jiff::Timestamp::now().as_second(),
            "status": "in_progress", "background": false, "error": null, "incomplete_details": null,
            "instructions": given("instructions"), "max_output_tokens": given("max_output_tokens"),
            "metadata": asked.body.get("metadata").cloned().unwrap_or_else(|| json!({})),
            "model": asked.model.model, "output": [], "parallel_tool_calls": true,
            "previous_response_id": given("previous_response_id"), "reasoning": { "effort": null, "summary": null },
            "store": session.is_some(), "temperature": given("temperature"), "text": { "format": { "type": "text" } },
            "tool_choice": "auto", "tools": asked.body.get("tools").cloned().unwrap_or_else(|| json!([])),
            "top_p": given("top_p"), "truncation": "disabled", "usage": null, "user": null,
        });
        Self { response, output: vec![], message: None, sequence: 0 }
    }

    /// The response as it is now.
    pub(crate) fn whole(&self) -> Value {
        let mut whole = self.response.clone();
        whole["output"] = json!(self.output);
        whole
    }

    pub(crate) fn begin(&mut self) -> Vec<Value> {
        let whole = self.whole();
        ["response.created", "response.in_progress"].map(|kind| self.event(kind, json!({ "response": whole }))).into()
    }

    pub(crate) fn text(&mut self, text: &str) -> Vec<Value> {
        let mut events = vec![];
        let at = match self.message {
            Some(at) => at,
            None => {
                let at = self.output.len();
                let id = format!("msg_{at}_{}", self.response["id"].as_str().unwrap_or_default());
                let item =
                    json!({ "id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": [] });
                events.push(self.event("response.output_item.added", json!({ "output_index": at, "item": item })));
                let part = json!({ "type": "output_text", "text": "", "annotations": [], "logprobs": [] });
                let place = json!({ "item_id": id, "output_index": at, "content_index": 0, "part": part });
                events.push(self.event("response.content_part.added", place));
                self.output.push(json!({ "id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": [part] }));
                self.message = Some(at);
                at
            }
        };
        let item = &mut self.output[at];
        if let Some(Value::String(said)) = item.pointer_mut("/content/0/text") {
            said.push_str(text);
        }
        let place =
            json!({ "item_id": item["id"], "output_index": at, "content_index": 0, "delta": text, "logprobs": [] });
        events.push(self.event("response.output_text.delta", place));
        events
    }

    /// One of our own calls moved on.
    pub(crate) fn call(&mut self, call: &Value) -> Vec<Value> {
        let mut events = self.close_message();
        let id = json!(format!("mcp_{}", call["id"].as_str().unwrap_or_default()));
        let state = call["state"].as_str().unwrap_or_default();
        let (done, failed) =
            (matches!(state, "succeeded" | "failed" | "refused"), matches!(state, "failed" | "refused"));
        let error = match state {
            "failed" => call["error"]["message"].clone(),
            "refused" => call["reason"].clone(),
            _ => Value::Null,
        };
        let item = json!({
            "id": id, "type": "mcp_call", "server_label": call["server"], "name": call["tool"],
            "arguments": call["arguments"].to_string(), "output": call["output"], "error": error,
            "status": if failed { "failed" } else if done { "completed" } else { "in_progress" },
        });
        let at = match self.output.iter().position(|known| known["id"] == id) {
            Some(at) => at,
            None => {
                let at = self.output.len();
                self.output.push(item.clone());
                events.push(self.event("response.output_item.added", json!({ "output_index": at, "item": item })));
                events.push(self.event("response.mcp_call.in_progress", json!({ "output_index": at, "item_id": id })));
                at
            }
        };
        self.output[at] = item.clone();
        if done {
            let kind = if failed { "response.mcp_call.failed" } else { "response.mcp_call.completed" };
            events.push(self.event(kind, json!({ "output_index": at, "item_id": id })));
            events.push(self.event("response.output_item.done", json!({ "output_index": at, "item": item })));
        }
        events
    }

    pub(crate) fn end(&mut self, end: &End, handed: &[HandedCall], usage: Usage) -> Vec<Value> {
        let mut events = self.close_message();
        for call in handed {
            events.extend(self.hand(call));
        }
        self.response["usage"] = json!({
            "input_tokens": usage.input, "input_tokens_details": { "cached_tokens": usage.cached },
            "output_tokens": usage.output, "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": usage.input + usage.output,
        });
        let status = match end {
            End::Stop | End::Calls(_) => "completed",
            End::Length | End::Filtered => {
                let reason = if *end == End::Length { "max_output_tokens" } else { "content_filter" };
                self.response["incomplete_details"] = json!({ "reason": reason });
                "incomplete"
            }
            End::Failed(error) => {
                let body = error.body();
                self.response["error"] = json!({ "code": "server_error", "message": body["error"]["message"] });
                "failed"
            }
        };
        self.response["status"] = json!(status);
        let whole = self.whole();
        events.push(self.event(&format!("response.{status}"), json!({ "response": whole })));
        events
    }

    /// A call that the caller must run.
    fn hand(&mut self, call: &HandedCall) -> Vec<Value> {
        let (at, id) = (self.output.len(), format!("fc_{}", call.id));
        let item = |status: &str, arguments: &str| json!({ "id": id, "type": "function_call", "status": status, "call_id": call.id, "name": call.name, "arguments": arguments });
        let done = item("completed", &call.arguments);
        self.output.push(done.clone());
        let place = |key: &str| json!({ "item_id": id, "output_index": at, key: call.arguments });
        vec![
            self.event("response.output_item.added", json!({ "output_index": at, "item": item("in_progress", "") })),
            self.event("response.function_call_arguments.delta", place("delta")),
            self.event("response.function_call_arguments.done", place("arguments")),
            self.event("response.output_item.done", json!({ "output_index": at, "item": done })),
        ]
    }

    fn close_message(&mut self) -> Vec<Value> {
        let Some(at) = self.message.take() else { return vec![] };
        self.output[at]["status"] = json!("completed");
        let item = self.output[at].clone();
        let part = item["content"][0].clone();
        let place = |key: &str, value: &Value| {
            let mut place = json!({ "item_id": item["id"], "output_index": at, "content_index": 0, "logprobs": [] });
            place[key] = value.clone();
            place
        };
        vec![
            self.event("response.output_text.done", place("text", &part["text"])),
            self.event("response.content_part.done", place("part", &part)),
            self.event("response.output_item.done", json!({ "output_index": at, "item": item })),
        ]
    }

    fn event(&mut self, kind: &str, fields: Value) -> Value {
        let mut event = json!({ "type": kind, "sequence_number": self.sequence });
        self.sequence += 1;
        for (key, value) in fields.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        event
    }
}
