//! Which models a provider offers.

use std::time::Duration;

use chat::ModelRef;
use serde_json::Value;

use super::openai::causes;
use super::{LMSTUDIO, Preset, ProviderError};
use crate::facts::is_known_to_see;
use crate::view::ModelView;

/// Asks for the list. LM Studio tells more through its own addresses, so those are tried first:
/// `/api/v1/models` (0.4 and later), `/api/v0/models`, then what everyone has.
pub async fn list_models(
    preset: &'static Preset,
    base_url: &str,
    key: &str,
    http: &reqwest::Client,
) -> Result<Vec<ModelView>, ProviderError> {
    if preset.id == LMSTUDIO {
        let root = base_url.trim_end_matches("/v1");
        for (path, read) in
            [("/api/v1/models", lmstudio_v1 as fn(&Value) -> Vec<ModelView>), ("/api/v0/models", lmstudio_v0)]
        {
            match get(preset, &format!("{root}{path}"), key, http).await {
                Ok(json) => {
                    let models = read(&json);
                    if !models.is_empty() {
                        return Ok(models);
                    }
                }
                Err(error @ (ProviderError::Unreachable { .. } | ProviderError::KeyRejected { .. })) => {
                    return Err(error);
                }
                Err(_) => (),
            }
        }
    }
    let json = get(preset, &format!("{base_url}/models"), key, http).await?;
    let Some(models) = json["data"].as_array() else {
        return Err(ProviderError::NotUnderstood { provider: preset.name.into(), said: "It listed no models.".into() });
    };
    let mut models: Vec<ModelView> =
        models.iter().filter_map(|model| model["id"].as_str()).map(|id| view(preset.id, id, id)).collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(models)
}

pub(super) async fn get(preset: &Preset, url: &str, key: &str, http: &reqwest::Client) -> Result<Value, ProviderError> {
    ask(preset, http.get(url).timeout(Duration::from_secs(15)), key).await
}

/// Sends a request that is ready but for its key, and reads the JSON that comes back.
pub(super) async fn ask(
    preset: &Preset,
    mut request: reqwest::RequestBuilder,
    key: &str,
) -> Result<Value, ProviderError> {
    let unreachable = |error: &reqwest::Error| ProviderError::Unreachable {
        provider: preset.name.into(),
        address: error.url().map(ToString::to_string).unwrap_or_default(),
        cause: causes(error),
    };
    if !key.is_empty() {
        request = request.bearer_auth(key);
    }
    let response = request.send().await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let body = response.text().await.map_err(|error| unreachable(&error))?;
    if !status.is_success() {
        let body = super::failure::without(&body, key);
        return Err(ProviderError::from_status(preset.name, status.as_u16(), None, &body));
    }
    serde_json::from_str(&body).map_err(|_| ProviderError::NotUnderstood {
        provider: preset.name.into(),
        said: super::failure::shorten(&body),
    })
}

fn view(provider: &str, id: &str, name: &str) -> ModelView {
    let model = ModelRef { provider: provider.into(), model: id.into() };
    let vision = is_known_to_see(&model);
    ModelView { model, name: name.into(), context: None, most_context: None, loaded: None, tools: None, vision }
}

/// `models[]` with `key`, `display_name`, `type`, `loaded_instances[].config.context_length`. The
/// limit that counts is the loaded one; the maximum only says what could be.
fn lmstudio_v1(json: &Value) -> Vec<ModelView> {
    let models = json["models"].as_array().or(json["data"].as_array());
    let chatting = models.into_iter().flatten().filter(|model| model["type"] != "embedding");
    chatting
        .filter_map(|model| {
            let id = model["key"].as_str().or(model["id"].as_str())?;
            let instance = model["loaded_instances"].get(0);
            let context = instance.and_then(|instance| instance["config"]["context_length"].as_u64());
            Some(ModelView {
                context: context.or(model["max_context_length"].as_u64()),
                most_context: model["max_context_length"].as_u64(),
                loaded: Some(instance.is_some()),
                tools: model["capabilities"]["trained_for_tool_use"].as_bool(),
                vision: model["capabilities"]["vision"].as_bool(),
                ..view(LMSTUDIO, id, model["display_name"].as_str().unwrap_or(id))
            })
        })
        .collect()
}

/// `data[]` with `id`, `type`, `state`, `loaded_context_length`, `max_context_length`, `capabilities[]`.
fn lmstudio_v0(json: &Value) -> Vec<ModelView> {
    let chatting = json["data"].as_array().into_iter().flatten().filter(|model| model["type"] != "embeddings");
    chatting
        .filter_map(|model| {
            let id = model["id"].as_str()?;
            let capabilities = model["capabilities"].as_array();
            Some(ModelView {
                context: model["loaded_context_length"].as_u64().or(model["max_context_length"].as_u64()),
                loaded: model["state"].as_str().map(|state| state == "loaded"),
                tools: capabilities.map(|them| them.iter().any(|it| it == "tool_use")),
                vision: model["type"].as_str().map(|kind| kind == "vlm"),
                ..view(LMSTUDIO, id, id)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lm_studio_tells_the_loaded_context_not_the_maximum() {
        let json = serde_json::json!({ "models": [
            { "type": "llm", "key": "qwen", "display_name": "Qwen", "max_context_length": 32768,
              "loaded_instances": [{ "id": "qwen", "config": { "context_length": 4096 } }],
              "capabilities": { "trained_for_tool_use": true } },
            { "type": "llm", "key": "phi", "max_context_length": 8192, "loaded_instances": [] },
            { "type": "embedding", "key": "nomic", "loaded_instances": [] },
        ] });
        let models = lmstudio_v1(&json);
        assert_eq!(models.len(), 2);
        assert_eq!((models[0].context, models[0].loaded, models[0].tools), (Some(4096), Some(true), Some(true)));
        assert_eq!(models[0].most_context, Some(32768));
        assert_eq!((models[1].context, models[1].loaded, models[1].name.as_str()), (Some(8192), Some(false), "phi"));
    }
}
