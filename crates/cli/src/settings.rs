//! Who answers: from the options, then the environment, then the settings, then what is there.

use ::chat::{ErrorReport, ModelRef};
use engine::provider::{CUSTOM, LMSTUDIO, OPENAI, PRACTICE};
use engine::{Engine, Home, Settings};

use crate::args::{Common, Provider};

/// Asked where nobody names another: cheap, fast, and every account may use it.
const OPENAI_MODEL: &str = "gpt-4o-mini";

/// The home's settings with this call's wishes over them.
pub(crate) fn wished(home: &Home, common: &Common) -> Result<Settings, ErrorReport> {
    let mut settings = Settings::load(&home.settings())?;
    let provider = provider(common, &settings);
    if let Some(url) = env("OPENAI_BASE_URL") {
        settings.openai_base_url = url;
    }
    if let Some(url) = env("LMSTUDIO_BASE_URL") {
        settings.lmstudio_base_url = url;
    }
    if let Some(url) = &common.base_url {
        match provider.as_str() {
            OPENAI => settings.openai_base_url = url.clone(),
            LMSTUDIO => settings.lmstudio_base_url = url.clone(),
            _ => settings.custom_base_url = url.clone(),
        }
    }
    if let Some(prompt) = common.system_prompt.clone().or(env("SYSTEM_PROMPT")) {
        settings.system_prompt = prompt;
    }
    settings.tools.accounts.extend(common.account.iter().cloned());
    let named = common.model.clone().or_else(|| model_of_environment(&provider));
    let kept = settings.model.take().filter(|model| model.provider == provider).map(|model| model.model);
    let model = named.or(kept).or(match provider.as_str() {
        OPENAI => Some(OPENAI_MODEL.into()),
        PRACTICE => Some("practice".into()),
        _ => None,
    });
    // An empty name is filled in by what the provider offers: see `settled_model`.
    settings.model = Some(ModelRef { provider, model: model.unwrap_or_default() });
    Ok(settings)
}

/// The model to ask: where none was named, the first that is loaded, or the first there is.
pub(crate) async fn settled_model(engine: &Engine) -> Result<ModelRef, ErrorReport> {
    let model = engine.usual_model();
    let model = model.unwrap_or(ModelRef { provider: PRACTICE.into(), model: "practice".into() });
    if !model.model.is_empty() {
        return Ok(model);
    }
    let offered = engine.list_models(&model.provider).await?;
    let loaded = offered.iter().find(|it| it.loaded == Some(true)).or(offered.first());
    loaded.map(|it| it.model.clone()).ok_or_else(|| {
        ErrorReport::new(::chat::ErrorCode::NotFound, "The provider offers no model.")
            .fix("Load one there, or name one with --model.")
    })
}

fn provider(common: &Common, settings: &Settings) -> String {
    let named = match common.provider {
        Some(Provider::Openai) => Some(OPENAI),
        Some(Provider::Lmstudio) => Some(LMSTUDIO),
        Some(Provider::Practice) => Some(PRACTICE),
        Some(Provider::Custom) => Some(CUSTOM),
        None if common.base_url.is_some() => Some(CUSTOM),
        None => None,
    };
    if let Some(named) = named {
        return named.into();
    }
    match &settings.model {
        Some(model) => model.provider.clone(),
        None if env("OPENAI_API_KEY").is_some() => OPENAI.into(),
        None => PRACTICE.into(),
    }
}

fn model_of_environment(provider: &str) -> Option<String> {
    match provider {
        OPENAI | CUSTOM => env("MODEL"),
        LMSTUDIO => env("LMSTUDIO_MODEL"),
        _ => None,
    }
}

/// A variable that says something.
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
