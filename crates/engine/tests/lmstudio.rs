//! LM Studio's own addresses: a model is loaded again with more context, and as it was where that fails.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use chat::{Check, ErrorCode, ModelRef, StepOutcome};
use engine::{Engine, ModelView, Settings};
use serde_json::{Value, json};

/// What LM Studio has in memory, and what it was asked, in order.
#[derive(Default)]
struct Studio {
    loaded: Option<u64>,
    /// Whether its model was made to use tools.
    uses_tools: bool,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Studio>>;

/// Its models page, as its documentation shows it; more than 32768 tokens do not fit into memory.
async fn start() -> (Shared, String) {
    let studio: Shared = Arc::new(Mutex::new(Studio { loaded: Some(4096), ..Studio::default() }));
    let router = Router::new()
        .route("/api/v1/models", get(models))
        .route("/api/v1/models/{what}", post(change))
        .with_state(studio.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (studio, url)
}

async fn models(State(studio): State<Shared>) -> Json<Value> {
    let instance = |context: u64| json!({ "id": "qwen:1", "config": { "context_length": context } });
    let studio = studio.lock().unwrap();
    let loaded: Vec<Value> = studio.loaded.map(instance).into_iter().collect();
    let capabilities = json!({ "trained_for_tool_use": studio.uses_tools });
    Json(json!({ "models": [
        { "type": "llm", "key": "qwen", "display_name": "Qwen", "max_context_length": 131072, "loaded_instances": loaded,
          "capabilities": capabilities },
    ] }))
}

async fn change(
    State(studio): State<Shared>,
    Path(what): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let mut studio = studio.lock().unwrap();
    let key = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("nobody");
    studio.asked.push(format!("{what} {body} {key}"));
    let context = body["context_length"].as_u64();
    if context.is_some_and(|context| context > 32768) {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": { "message": "Out of memory." } })));
    }
    studio.loaded = context;
    (StatusCode::OK, Json(json!({ "type": "llm", "instance_id": "qwen:1", "status": "loaded" })))
}

async fn engine(dir: &std::path::Path, url: &str) -> Engine {
    let settings = Settings { lmstudio_base_url: url.into(), ..Settings::default() };
    let engine = Engine::open(common::options(dir, settings)).await.unwrap();
    engine.store_key("lmstudio", "lm-1234").await.unwrap();
    engine
}

fn reads(models: &[ModelView]) -> (Option<u64>, Option<u64>) {
    (models[0].context, models[0].most_context)
}

#[tokio::test]
async fn a_model_is_loaded_with_more_and_as_it_was_where_that_fails() {
    let (studio, url) = start().await;
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path(), &url).await;
    let model = ModelRef { provider: "lmstudio".into(), model: "qwen".into() };
    assert_eq!(reads(&engine.list_models("lmstudio").await.unwrap()), (Some(4096), Some(131_072)));
    assert_eq!(reads(&engine.load_model(&model, 16384).await.unwrap()), (Some(16384), Some(131_072)));
    let error = engine.load_model(&model, 131_072).await.unwrap_err();
    assert_eq!((error.code, error.cause.as_deref()), (ErrorCode::ProviderFailed, Some("Out of memory.")));
    assert_eq!(reads(&engine.list_models("lmstudio").await.unwrap()), (Some(16384), Some(131_072)));
    let asked = std::mem::take(&mut studio.lock().unwrap().asked);
    let unload = r#"unload {"instance_id":"qwen:1"} Bearer lm-1234"#.to_owned();
    let load = |context: u64| format!(r#"load {{"model":"qwen","context_length":{context}}} Bearer lm-1234"#);
    assert_eq!(asked, [unload.clone(), load(16384), unload, load(131_072), load(16384)]);
    let other = ModelRef { provider: "openai".into(), model: "gpt".into() };
    assert_eq!(engine.load_model(&other, 16384).await.unwrap_err().code, ErrorCode::InvalidInput);
    engine.shut_down().await;
}

/// The steps of the doctor that did not go well, with what helps.
async fn trouble(engine: &Engine) -> Vec<(Check, String)> {
    let diagnosis = engine.diagnose(Some("lmstudio")).await.unwrap().remove(0);
    let failed = diagnosis.steps.into_iter().filter(|step| step.outcome == StepOutcome::Failed);
    failed.map(|step| (step.step, step.fix.unwrap())).collect()
}

#[tokio::test]
async fn the_doctor_says_what_keeps_a_model_from_working() {
    let (studio, url) = start().await;
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path(), &url).await;
    let found = trouble(&engine).await;
    assert_eq!(found.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [Check::Context, Check::Tools], "{found:?}");
    assert!(found[0].1.contains("131072"), "{found:?}");
    *studio.lock().unwrap() = Studio { loaded: Some(32_768), uses_tools: true, asked: vec![] };
    assert_eq!(trouble(&engine).await, []);

    let model = ModelRef { provider: "lmstudio".into(), model: "gone".into() };
    engine.change_settings(Settings { model: Some(model), ..engine.settings_view().settings }).unwrap();
    let found = trouble(&engine).await;
    assert!(found[0].0 == Check::Model && found[0].1.contains("qwen"), "{found:?}");

    let nobody = "http://127.0.0.1:9/v1".to_owned();
    engine.change_settings(Settings { lmstudio_base_url: nobody, ..engine.settings_view().settings }).unwrap();
    let found = trouble(&engine).await;
    assert!(found[0].0 == Check::Reach && found[0].1.contains("switch its server on"), "{found:?}");
    engine.shut_down().await;
}
