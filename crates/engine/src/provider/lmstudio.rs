//! LM Studio's own addresses (REST API v1, since 0.4): loading a model with more context.
//!
//! <https://lmstudio.ai/docs/developer/rest/load>; loading a model that is loaded already makes a second instance of
//! it, so what is there is unloaded first.

use std::time::Duration;

use serde_json::{Value, json};

use super::models::{ask, get};
use super::{Preset, ProviderError};

/// Large models on slow disks take minutes.
const LOADING: Duration = Duration::from_secs(15 * 60);
const UNLOADING: Duration = Duration::from_secs(60);

/// Where LM Studio is asked.
pub(crate) struct LmStudio<'a> {
    pub(crate) preset: &'static Preset,
    pub(crate) base_url: &'a str,
    pub(crate) key: &'a str,
    pub(crate) http: &'a reqwest::Client,
}

impl LmStudio<'_> {
    /// Loads a model so that it reads `context` tokens. Where that fails, what was loaded before is loaded again.
    pub(crate) async fn load(&self, model: &str, context: u64) -> Result<(), ProviderError> {
        let before = self.instances(model).await?;
        for (instance, _) in &before {
            self.post("unload", &json!({ "instance_id": instance }), UNLOADING).await?;
        }
        let loaded = self.post("load", &wanted(model, Some(context)), LOADING).await;
        let Err(error) = loaded else { return Ok(()) };
        for (_, context) in before {
            if let Err(again) = self.post("load", &wanted(model, context), LOADING).await {
                tracing::warn!("{model} could not be loaded again as it was: {again}");
            }
        }
        Err(error)
    }

    /// What is in memory of a model, each with how much it reads.
    async fn instances(&self, model: &str) -> Result<Vec<(String, Option<u64>)>, ProviderError> {
        let json = get(self.preset, &self.url(""), self.key, self.http).await?;
        let models = json["models"].as_array().into_iter().flatten();
        let own = models.filter(|it| it["key"] == model).filter_map(|it| it["loaded_instances"].as_array());
        let instance = |it: &Value| {
            let context = it["config"]["context_length"].as_u64();
            it["id"].as_str().map(|id| (id.to_owned(), context))
        };
        Ok(own.flatten().filter_map(instance).collect())
    }

    async fn post(&self, what: &str, body: &Value, deadline: Duration) -> Result<Value, ProviderError> {
        let request = self.http.post(self.url(&format!("/{what}"))).json(body).timeout(deadline);
        ask(self.preset, request, self.key).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/models{path}", self.base_url.trim_end_matches('/').trim_end_matches("/v1"))
    }
}

fn wanted(model: &str, context: Option<u64>) -> Value {
    match context {
        Some(context) => json!({ "model": model, "context_length": context }),
        None => json!({ "model": model }),
    }
}
