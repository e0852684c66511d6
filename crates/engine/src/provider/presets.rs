//! The providers Loquat knows. A new one is usually a row here.

use crate::settings::Settings;

pub const OPENAI: &str = "openai";
pub const LMSTUDIO: &str = "lmstudio";
pub const PRACTICE: &str = "practice";
pub const CUSTOM: &str = "custom";

/// What differs between OpenAI-compatible providers.
#[derive(Debug)]
pub struct Preset {
    pub id: &'static str,
    pub name: &'static str,
    /// Answers nobody without a key.
    pub needs_key: bool,
    /// Where a key may lie besides the keychain.
    pub key_variable: Option<&'static str>,
    /// What the limit on the answer's length is called in a request.
    pub max_tokens_field: &'static str,
}

pub const PRESETS: [Preset; 4] = [
    Preset {
        id: OPENAI,
        name: "OpenAI",
        needs_key: true,
        key_variable: Some("OPENAI_API_KEY"),
        max_tokens_field: "max_completion_tokens",
    },
    Preset {
        id: LMSTUDIO,
        name: "LM Studio",
        needs_key: false,
        key_variable: Some("LMSTUDIO_API_KEY"),
        max_tokens_field: "max_tokens",
    },
    Preset {
        id: CUSTOM,
        name: "Your own provider",
        needs_key: false,
        key_variable: Some("OPENAI_API_KEY"),
        max_tokens_field: "max_tokens",
    },
    Preset {
        id: PRACTICE,
        name: "Practice model",
        needs_key: false,
        key_variable: None,
        max_tokens_field: "max_tokens",
    },
];

/// The row of that id.
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

impl Preset {
    /// The address from the settings; nothing for the practice model, whose address is made at start.
    pub fn base_url<'a>(&self, settings: &'a Settings) -> &'a str {
        let url = match self.id {
            OPENAI => &settings.openai_base_url,
            LMSTUDIO => &settings.lmstudio_base_url,
            CUSTOM => &settings.custom_base_url,
            _ => return "",
        };
        url.trim_end_matches('/')
    }
}
