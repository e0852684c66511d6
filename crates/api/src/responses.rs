//! `POST /v1/responses`: the same turn in OpenAI's newer shape. Our own calls are its `mcp_call` items.

mod compose;
mod input;

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::stream::{Stream, unfold};
use serde_json::Value;

use crate::answer::{Answer, End, Piece};
use crate::api::Api;
use crate::asked::hand_over;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::requests::Running;
use crate::stream::{Events, events};
use compose::Composing;
use input::Asked;

pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Value>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(body) = body.map_err(|error| ApiError::wrong("", error.body_text()))?;
    let mut running = Running::begin(&api, &caller, "/v1/responses");
    let asked = running.noting(Asked::read(&api, &caller, &body).await)?;
    running.asks(&asked.model);
    let streams = asked.stream;
    let answer = running.noting(asked.begin(&api, &caller).await)?;
    let composing = Composing::new(&api, &caller, &asked, &answer);
    let mut telling = Telling { api, answer, composing, ended: None, running };
    if streams {
        return Ok(stream(telling).into_response());
    }
    while telling.ended.is_none() {
        telling.next().await;
    }
    match telling.ended {
        Some(End::Failed(error)) => Err(error),
        _ => Ok(Json(telling.composing.whole()).into_response()),
    }
}

struct Telling {
    api: Arc<Api>,
    answer: Answer,
    composing: Composing,
    ended: Option<End>,
    running: Running,
}

impl Telling {
    /// The events of what comes next.
    async fn next(&mut self) -> Vec<Value> {
        match self.answer.next().await {
            Piece::Text(text) => self.composing.text(&text),
            Piece::Reasoning(_) => vec![],
            Piece::Call(call) => {
                if matches!(call["state"].as_str(), Some("succeeded" | "failed")) {
                    self.api.metrics.call();
                }
                self.composing.call(&call)
            }
            Piece::End(end) => {
                self.running.used(self.answer.usage);
                match &end {
                    End::Failed(error) => self.running.failed(error),
                    End::Stop | End::Length | End::Filtered | End::Calls(_) => self.running.answered(),
                }
                let handed = hand_over(&self.api, &end, &self.answer);
                let events = self.composing.end(&end, &handed, self.answer.usage);
                self.ended = Some(end);
                events
            }
        }
    }
}

fn stream(telling: Telling) -> Events<impl Stream<Item = Result<Event, Infallible>>> {
    events(unfold((telling, false), |(mut telling, begun)| async move {
        if telling.ended.is_some() {
            return None;
        }
        let values = if begun { telling.next().await } else { telling.composing.begin() };
        let named = |value: Value| {
            let kind = value["type"].as_str().unwrap_or_default().to_owned();
            Ok(Event::default().event(kind).data(value.to_string()))
        };
        let batch = futures::stream::iter(values.into_iter().map(named).collect::<Vec<_>>());
        Some((batch, (telling, true)))
    }))
}
