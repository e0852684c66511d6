//! The simple way in: a message and a session.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use engine::{Keep, Visit};
use serde_json::{Value, json};

use crate::answer::{Answer, End, Piece};
use crate::api::Api;
use crate::asked::noted;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::requests::Running;
use crate::{messages, sessions};

/// `GET /`: says what this is.
pub(crate) async fn welcome() -> Json<Value> {
    Json(json!({
        "message": "Welcome to Loquat's API. POST /chat to talk; POST /v1/chat/completions as with OpenAI; GET /docs tells more.",
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// `POST /chat`: answers a message, in a session that is kept.
pub(crate) async fn chat(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Value>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(body) = body.map_err(|error| ApiError::wrong("", error.body_text()))?;
    let mut running = Running::begin(&api, &caller, "/chat");
    let reply = reply(&api, &caller, &body, &running).await;
    let reply = running.noting(reply)?;
    running.answered();
    Ok(Json(reply))
}

async fn reply(api: &Api, caller: &Caller, body: &Value, running: &Running) -> Result<Value, ApiError> {
    api.may_spend(caller)?;
    let message = body.get("message").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let message = message.ok_or_else(|| ApiError::wrong("message", "`message` must be a text that is not empty."))?;
    let secret = api.keys.secret();
    let mut keep = match body.get("session_id") {
        None | Some(Value::Null) => Keep::New,
        Some(Value::String(session)) => Keep::In(sessions::conversation(&secret, &caller.name, session)?),
        Some(_) => return Err(ApiError::wrong("session_id", "`session_id` must be a string.")),
    };
    let model = api.model(None)?;
    running.asks(&model);
    for _ in 0..2 {
        let visit = Visit {
            keep: keep.clone(),
            items: vec![messages::question(message.to_owned())],
            model: Some(model.clone()),
            scope: api.scope(caller),
            ..Visit::default()
        };
        let mut answer = Answer::new(api.engine.visit(visit).await?);
        let (mut text, mut calls) = (String::new(), vec![]);
        let end = loop {
            match answer.next().await {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Reasoning(_) => (),
                Piece::Call(call) => noted(api, &mut calls, call),
                Piece::End(end) => break end,
            }
        };
        running.used(answer.usage);
        let conversation = answer.visiting().conversation.clone();
        match end {
            End::Failed(error) => return Err(error),
            End::Stop if answer.is_empty() => keep = conversation.map_or(Keep::New, Keep::In),
            End::Stop | End::Length | End::Filtered | End::Calls(_) => {
                let session = conversation.map(|id| sessions::session_id(&secret, &caller.name, &id));
                let mut reply = json!({ "response": text, "session_id": session });
                if !calls.is_empty() {
                    reply["calls"] = json!(calls);
                }
                return Ok(reply);
            }
        }
    }
    Err(ApiError::empty())
}
