//! `GET /v1/models` and what else is passed on to the providers.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::kinds::{self, Kind};
use crate::requests::Running;

/// Every model of every provider that answers; the chosen provider's go by their own names too.
pub(crate) async fn list(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(json!({ "object": "list", "data": all(&api).await }))
}

/// One model, by its name in the list.
pub(crate) async fn one(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let found = all(&api).await.into_iter().find(|model| model["id"] == id.as_str());
    found.map(Json).ok_or_else(|| ApiError::not_found("model_not_found", format!("There is no model called '{id}'.")))
}

async fn all(api: &Api) -> Vec<Value> {
    let view = api.engine.settings_view();
    let chosen = view.settings.model.as_ref().map(|model| model.provider.clone());
    let asked = view
        .providers
        .iter()
        .filter(|provider| !provider.base_url.is_empty() || provider.id == engine::provider::PRACTICE);
    let lists = asked.map(|provider| async move { (provider, api.engine.list_models(&provider.id).await) });
    let mut models = vec![];
    for (provider, list) in join_all(lists).await {
        // Who does not answer offers nothing now.
        for model in list.unwrap_or_default() {
            let name = &model.model.model;
            if chosen.as_ref() == Some(&provider.id) {
                models.push(entry(name, &provider.id));
            }
            models.push(entry(&format!("{}/{name}", provider.id), &provider.id));
        }
    }
    models
}

fn entry(id: &str, owner: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })
}

/// `POST /v1/embeddings`: passed on to the model's provider, and its answer passed back.
pub(crate) async fn embeddings(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Value>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(mut body) = body.map_err(|error| ApiError::wrong("", error.body_text()))?;
    let mut running = Running::begin(&api, &caller, "/v1/embeddings");
    running.noting(api.may_spend(&caller))?;
    running.noting(kinds::check(&body, &[("model", Kind::Text)]))?;
    if body.get("input").is_none_or(Value::is_null) {
        return running.noting(Err(ApiError::wrong("input", "`input` must say what is to be embedded.")));
    }
    let model = running.noting(api.model(body.get("model").and_then(Value::as_str)))?;
    running.asks(&model);
    body["model"] = json!(model.model);
    let forwarded = api.engine.forward(&model.provider, "embeddings", &body).await;
    let (status, answer) = running.noting(forwarded.map_err(ApiError::from))?;
    running.answered();
    let usage = answer.get("usage").and_then(|usage| usage.get("total_tokens")).and_then(Value::as_u64);
    running.used(chat::Usage { input: usage.unwrap_or_default(), ..chat::Usage::default() });
    let status = axum::http::StatusCode::from_u16(status).unwrap_or(axum::http::StatusCode::BAD_GATEWAY);
    Ok((status, Json(answer)).into_response())
}
