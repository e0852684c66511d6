//! A request for a completion, and the parts of its answer that whole ones and streams have in common.

use chat::{ModelRef, Usage};
use engine::provider::Sampling;
use engine::{Keep, Visit};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, End, HandedCall};
use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::kinds::{self, Kind};
use crate::{messages, sessions};

/// Fields that are ours to understand; every other one goes to the model as it is.
const OURS: [&str; 12] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "session_id",
    "n",
    "user",
];

const FIELDS: [(&str, Kind); 10] = [
    ("model", Kind::Text),
    ("messages", Kind::List),
    ("stream", Kind::Flag),
    ("tools", Kind::List),
    ("temperature", Kind::Number),
    ("top_p", Kind::Number),
    ("max_tokens", Kind::Count),
    ("max_completion_tokens", Kind::Count),
    ("session_id", Kind::Text),
    ("n", Kind::Count),
];

/// A request for a completion, read and found to be possible.
pub(crate) struct Asked {
    pub(crate) model: ModelRef,
    pub(crate) stream: bool,
    /// Whether the stream's last chunk but one tells what it cost.
    pub(crate) tells_usage: bool,
    body: Value,
    keep: Keep,
}

impl Asked {
    pub(crate) fn read(api: &Api, caller: &Caller, body: Value) -> Result<Self, ApiError> {
        api.may_spend(caller)?;
        kinds::check(&body, &FIELDS)?;
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or_default();
        if body.get("n").and_then(Value::as_u64).is_some_and(|n| n != 1) {
            return Err(ApiError::wrong("n", "Only one answer is made: leave `n` out, or send 1."));
        }
        let keep = match body.get("session_id").and_then(Value::as_str) {
            None => Keep::Nothing,
            Some("new") => Keep::New,
            Some(session) => Keep::In(sessions::conversation(&api.keys.secret(), &caller.name, session)?),
        };
        Ok(Self {
            model: api.model(body.get("model").and_then(Value::as_str))?,
            stream: flag(body.get("stream")),
            tells_usage: flag(body.get("stream_options").and_then(|options| options.get("include_usage"))),
            body,
            keep,
        })
    }

    /// Begins the turn.
    pub(crate) async fn begin(&self, api: &Api, caller: &Caller) -> Result<Answer, ApiError> {
        let messages = self.body.get("messages").unwrap_or(&Value::Null);
        let said = messages::read(messages, &self.model, &api.handed).await?;
        let visit = Visit {
            keep: self.keep.clone(),
            // What was said before is known here, but for results that the caller was asked for.
            again: said.items.len() > 1 && matches!(self.keep, Keep::In(_)),
            earlier: said.earlier,
            items: said.items,
            files: said.files,
            model: Some(self.model.clone()),
            system: said.system,
            sampling: self.sampling()?,
            extra: self.extra(),
            scope: api.scope(caller),
            tools: messages::tools(self.body.get("tools").unwrap_or(&Value::Null))?,
            whole: !self.stream,
        };
        Ok(Answer::new(api.engine.visit(visit).await?))
    }

    fn sampling(&self) -> Result<Sampling, ApiError> {
        let number = |key: &str| match self.body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_f64().map(Some).ok_or_else(|| ApiError::wrong(key, format!("`{key}` must be a number.")))
            }
        };
        let most = number("max_completion_tokens")?.or(number("max_tokens")?);
        Ok(Sampling {
            temperature: number("temperature")?.map(|it| it as f32),
            top_p: number("top_p")?.map(|it| it as f32),
            max_output_tokens: most.map(|it| it as u32),
        })
    }

    fn extra(&self) -> Map<String, Value> {
        let fields = self.body.as_object().into_iter().flatten();
        fields.filter(|(key, _)| !OURS.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

/// Keeps the last word on each call.
pub(crate) fn noted(api: &Api, calls: &mut Vec<Value>, call: Value) {
    if matches!(call["state"].as_str(), Some("succeeded" | "failed")) {
        api.metrics.call();
    }
    match calls.iter_mut().find(|known| known["id"] == call["id"]) {
        Some(known) => *known = call,
        None => calls.push(call),
    }
}

/// Remembers what led to the calls that the caller must run now, and names them.
pub(crate) fn hand_over(api: &Api, end: &End, answer: &Answer) -> Vec<HandedCall> {
    let End::Calls(calls) = end else { return vec![] };
    let ids: Vec<String> = calls.iter().map(|call| call.id.clone()).collect();
    api.handed.put(&ids, answer.items());
    calls.clone()
}

pub(crate) fn tool_call(call: &HandedCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}

pub(crate) fn finish_reason(end: &End) -> &'static str {
    match end {
        End::Stop | End::Failed(_) => "stop",
        End::Length => "length",
        End::Filtered => "content_filter",
        End::Calls(_) => "tool_calls",
    }
}

pub(crate) fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": { "cached_tokens": usage.cached },
    })
}

/// What every chunk of an answer begins with.
pub(crate) struct Head {
    id: String,
    created: i64,
    model: String,
    session: Option<String>,
}

impl Head {
    pub(crate) fn new(api: &Api, caller: &Caller, answer: &Answer, model: &ModelRef) -> Self {
        let visiting = answer.visiting();
        let session = visiting.conversation.as_ref();
        Self {
            id: format!("chatcmpl-{}", visiting.turn),
            created: jiff::Timestamp::now().as_second(),
            model: model.model.clone(),
            session: session.map(|id| sessions::session_id(&api.keys.secret(), &caller.name, id)),
        }
    }

    pub(crate) fn value(&self, object: &str) -> Value {
        let mut value =
            json!({ "id": self.id, "object": object, "created": self.created, "model": self.model, "choices": [] });
        if let Some(session) = &self.session {
            value["session_id"] = json!(session);
        }
        value
    }
}
