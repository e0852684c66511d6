//! What a person can set, as it lies in `settings.json`. Secrets are elsewhere: in the keychain.

use chat::ModelRef;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Who answers in a new conversation; nothing until the person has chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub model: Option<ModelRef>,
    pub openai_base_url: String,
    pub lmstudio_base_url: String,
    /// Any other OpenAI-compatible address; empty until one is given.
    pub custom_base_url: String,
    /// Told to the model before every conversation; empty means none.
    pub system_prompt: String,
    /// Left to the provider where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub max_output_tokens: Option<u32>,
    /// How often the model may be asked in one turn.
    pub max_rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: None,
            openai_base_url: "https://api.openai.com/v1".into(),
            lmstudio_base_url: "http://localhost:1234/v1".into(),
            custom_base_url: String::new(),
            system_prompt: String::new(),
            temperature: None,
            top_p: None,
            max_output_tokens: None,
            max_rounds: 25,
        }
    }
}
