//! `POST /v1/chat/completions`: one request, one turn, one answer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::answer::{End, Piece};
use crate::api::Api;
use crate::asked::{Asked, Head, finish_reason, hand_over, noted, tool_call, usage};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::requests::Running;
use crate::stream;

pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Value>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(body) = body.map_err(|error| ApiError::wrong("", error.body_text()))?;
    let mut running = Running::begin(&api, &caller, "/v1/chat/completions");
    let asked = running.noting(Asked::read(&api, &caller, body))?;
    running.asks(&asked.model);
    if asked.stream {
        return stream::chunks(api, caller, asked, running).await.map(IntoResponse::into_response);
    }
    let whole = whole(&api, &caller, &asked, &running).await;
    let whole = running.noting(whole)?;
    running.answered();
    Ok(Json(whole).into_response())
}

/// The whole answer at once. One that is empty is asked for once more.
async fn whole(api: &Arc<Api>, caller: &Caller, asked: &Asked, running: &Running) -> Result<Value, ApiError> {
    for _ in 0..2 {
        let mut answer = asked.begin(api, caller).await?;
        let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), vec![]);
        let end = loop {
            match answer.next().await {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Reasoning(piece) => reasoning.push_str(&piece),
                Piece::Call(call) => noted(api, &mut calls, call),
                Piece::End(end) => break end,
            }
        };
        running.used(answer.usage);
        match end {
            End::Failed(error) => return Err(error),
            End::Stop if answer.is_empty() => (),
            end => {
                let handed = hand_over(api, &end, &answer);
                let mut message = json!({ "role": "assistant", "content": text, "refusal": null });
                if !reasoning.is_empty() {
                    message["reasoning_content"] = json!(reasoning);
                }
                if !handed.is_empty() {
                    message["tool_calls"] = handed.iter().map(tool_call).collect();
                }
                let head = Head::new(api, caller, &answer, &asked.model);
                let mut whole = head.value("chat.completion");
                let choice =
                    json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(&end) });
                whole["choices"] = json!([choice]);
                whole["usage"] = usage(answer.usage);
                if !calls.is_empty() {
                    whole["loquat"] = json!({ "calls": calls });
                }
                return Ok(whole);
            }
        }
    }
    Err(ApiError::empty())
}
