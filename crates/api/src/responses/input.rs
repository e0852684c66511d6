//! A request for a response, read.

use chat::{CallStatus, Content, Item, ModelRef, Output};
use engine::provider::Sampling;
use engine::{Keep, Visit};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::kinds::{self, Kind};
use crate::messages::{self, Said, caller_id};
use crate::sessions;

/// What a response's id begins with; the session it belongs to follows.
pub(crate) const PREFIX: &str = "resp_";

const FIELDS: [(&str, Kind); 9] = [
    ("model", Kind::Text),
    ("instructions", Kind::Text),
    ("previous_response_id", Kind::Text),
    ("store", Kind::Flag),
    ("stream", Kind::Flag),
    ("tools", Kind::List),
    ("temperature", Kind::Number),
    ("top_p", Kind::Number),
    ("max_output_tokens", Kind::Count),
];

pub(crate) struct Asked {
    pub(crate) model: ModelRef,
    pub(crate) stream: bool,
    pub(crate) body: Value,
    keep: Keep,
    said: Said,
    again: bool,
}

impl Asked {
    pub(crate) async fn read(api: &Api, caller: &Caller, body: &Value) -> Result<Self, ApiError> {
        api.may_spend(caller)?;
        kinds::check(body, &FIELDS)?;
        let model = api.model(body.get("model").and_then(Value::as_str))?;
        let stored = body.get("store").and_then(Value::as_bool).unwrap_or(true);
        let previous = body.get("previous_response_id").and_then(Value::as_str);
        let keep = match previous {
            Some(id) => Keep::In(conversation_of(api, caller, id)?),
            None if stored => Keep::New,
            None => Keep::Nothing,
        };
        let input = input(body.get("input").unwrap_or(&Value::Null))?;
        let (said, again) = match &keep {
            Keep::In(id) if input.iter().all(|message| message["role"] == "tool") => {
                (Said { items: with_results(api, id, &input).await?, ..Said::default() }, true)
            }
            Keep::In(_) | Keep::New | Keep::Nothing => {
                (messages::read(&json!(input), &model, &api.handed).await?, false)
            }
        };
        let stream = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
        Ok(Self { model, stream, body: body.clone(), keep, said, again })
    }

    pub(crate) async fn begin(&self, api: &Api, caller: &Caller) -> Result<Answer, ApiError> {
        let instructions = self.body.get("instructions").and_then(Value::as_str).map(str::to_owned);
        let system = [instructions, self.said.system.clone()].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let number = |key: &str| self.body.get(key).and_then(Value::as_f64);
        let visit = Visit {
            keep: self.keep.clone(),
            again: self.again,
            earlier: self.said.earlier.clone(),
            items: self.said.items.clone(),
            files: self.said.files.clone(),
            model: Some(self.model.clone()),
            system: (!system.is_empty()).then_some(system),
            sampling: Sampling {
                temperature: number("temperature").map(|it| it as f32),
                top_p: number("top_p").map(|it| it as f32),
                max_output_tokens: number("max_output_tokens").map(|it| it as u32),
            },
            scope: api.scope(caller),
            tools: messages::tools(self.body.get("tools").unwrap_or(&Value::Null))?,
            whole: !self.stream,
            ..Visit::default()
        };
        Ok(Answer::new(api.engine.visit(visit).await?))
    }
}

fn conversation_of(api: &Api, caller: &Caller, id: &str) -> Result<chat::ConversationId, ApiError> {
    let unknown = || ApiError::not_found("response_not_found", format!("There is no stored response '{id}'."));
    let session = id.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('_')).map(|(session, _)| session);
    sessions::conversation(&api.keys.secret(), &caller.name, session.ok_or_else(unknown)?).map_err(|_| unknown())
}

/// The last turn of a conversation, with the results that its caller was asked for.
async fn with_results(api: &Api, id: &chat::ConversationId, results: &[Value]) -> Result<Vec<Item>, ApiError> {
    let mut items = api.engine.last_turn(id).await?.map(|turn| turn.items).unwrap_or_default();
    for (at, result) in results.iter().enumerate() {
        let wanted = result["tool_call_id"].as_str().unwrap_or_default();
        let call = items.iter_mut().find_map(|item| match item {
            Item::ToolCall(call) if call.server == engine::CALLER && caller_id(&call.id) == wanted => Some(call),
            _ => None,
        });
        let Some(call) = call else {
            let message = format!("The response before this one has no call with the id '{wanted}'.");
            return Err(ApiError::wrong(&format!("input[{at}].call_id"), message));
        };
        let text = result["content"].as_str().unwrap_or_default().to_owned();
        let bytes = text.len().max(1) as u64;
        let content = vec![Content::Text { text: text.clone() }];
        call.status = CallStatus::Succeeded {
            output: Output {
                content,
                structured: None,
                model_text: text,
                whole: None,
                bytes,
                withheld: 0,
                too_deep: false,
            },
        };
    }
    Ok(items)
}

/// The input as messages of a chat completion.
fn input(input: &Value) -> Result<Vec<Value>, ApiError> {
    let items = match input {
        Value::String(text) => return Ok(vec![json!({ "role": "user", "content": text })]),
        Value::Array(items) if !items.is_empty() => items,
        _ => return Err(ApiError::wrong("input", "`input` must be a text, or a list of items that is not empty.")),
    };
    let mut messages: Vec<Value> = vec![];
    for (at, item) in items.iter().enumerate() {
        match item.get("type").and_then(Value::as_str).unwrap_or("message") {
            "message" => messages.push(json!({ "role": item["role"], "content": item["content"] })),
            "function_call" => {
                let call = json!({
                    "id": item["call_id"], "type": "function",
                    "function": { "name": item["name"], "arguments": item["arguments"] },
                });
                match messages.last_mut().and_then(|last| last.get_mut("tool_calls")?.as_array_mut()) {
                    Some(calls) => calls.push(call),
                    None => messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [call] })),
                }
            }
            "function_call_output" => {
                let output = match &item["output"] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                messages.push(json!({ "role": "tool", "tool_call_id": item["call_id"], "content": output }));
            }
            // What we told of our own calls and of thoughts may come back; the answer says it all.
            "mcp_call" | "mcp_list_tools" | "reasoning" => (),
            other => {
                let message = format!("Items of type '{other}' cannot be read here.");
                return Err(ApiError::wrong(&format!("input[{at}].type"), message));
            }
        }
    }
    Ok(messages)
}
