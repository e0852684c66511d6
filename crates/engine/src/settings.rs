//! What a person can set, as it lies in `settings.json`. Secrets are elsewhere: in the keychain.

use std::path::Path;

use chat::{ErrorCode, ErrorReport, ModelRef, ToolChoice};
use serde::{Deserialize, Serialize};

use crate::instructions::{Preset, Variable};
use crate::logging::LogLevel;
use crate::prices::Price;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Who answers in a new conversation; nothing until the person has chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub model: Option<ModelRef>,
    pub openai_base_url: String,
    /// On whose account a key of several organisations asks; the key's own where empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>", optional))]
    pub openai_organisation: String,
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
    /// How much is written into the log; `info` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub log_level: Option<LogLevel>,
    /// Where the log lies; where absent, with Loquat's own files; empty means nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub log_file: Option<String>,
    /// Whether the log also goes to the terminal from which Loquat was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub log_to_console: Option<bool>,
    /// What models cost; what is usual where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prices: Option<Vec<Price>>,
    /// Of the prices, as three letters (ISO 4217); US dollars where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub currency: Option<String>,
    /// The person is told when a month costs more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub monthly_amount: Option<f64>,
    /// How often the model may be asked in one turn.
    pub max_rounds: u32,
    /// Which tools new conversations use.
    #[cfg_attr(feature = "ts", ts(as = "Option<ToolChoice>", optional))]
    pub tools: ToolChoice,
    /// How much definitions of tools may take in a request, in tokens; a share of what the model reads where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tool_budget: Option<u32>,
    /// Whether servers may ask for the model's words (sampling), each time with the person's leave.
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub sampling: bool,
    /// Whether the model that answers in the window also names its conversations.
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub titles: bool,
    /// System prompts to choose from.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Preset>>", optional))]
    pub presets: Vec<Preset>,
    /// What stands for the blanks in system prompts, besides what Loquat knows by itself.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Variable>>", optional))]
    pub variables: Vec<Variable>,
    /// Folders that servers are told they may work in, as whole paths.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub folders: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: None,
            openai_base_url: "https://api.openai.com/v1".into(),
            openai_organisation: String::new(),
            lmstudio_base_url: "http://localhost:1234/v1".into(),
            custom_base_url: String::new(),
            system_prompt: String::new(),
            temperature: None,
            top_p: None,
            max_output_tokens: None,
            log_level: None,
            log_file: None,
            log_to_console: None,
            prices: None,
            currency: None,
            monthly_amount: None,
            max_rounds: 25,
            tools: ToolChoice::default(),
            tool_budget: None,
            sampling: false,
            titles: true,
            presets: vec![],
            variables: vec![],
            folders: vec![],
        }
    }
}

impl Settings {
    /// The settings of a home; the defaults where nothing was ever set. A file that cannot be read
    /// is an error, never overwritten.
    pub fn load(path: &Path) -> Result<Self, ErrorReport> {
        let unreadable = |cause: String| {
            ErrorReport::new(ErrorCode::StorageFailed, format!("The settings in {} cannot be read.", path.display()))
                .because(cause)
                .fix("Mend the file, or move it away to begin with the defaults.")
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let settings: Self = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        settings.checked()
    }

    /// Like [`Settings::load`]; a file that cannot be read is kept under another name, said to be, and
    /// the defaults hold.
    pub(crate) fn load_or_set_aside(path: &Path, troubles: &mut Vec<ErrorReport>) -> Result<Self, ErrorReport> {
        let error = match Self::load(path) {
            Ok(settings) => return Ok(settings),
            Err(error) => error,
        };
        let aside = path.with_extension(format!("{}.broken.json", crate::clock::now()));
        if std::fs::rename(path, &aside).is_err() {
            return Err(error);
        }
        let fix = format!("It is kept as {}; until you mend it and put it back, the defaults hold.", aside.display());
        troubles.push(error.fix(fix));
        Ok(Self::default())
    }

    pub fn save(&self, path: &Path) -> Result<(), ErrorReport> {
        let unwritable = |cause: String| {
            ErrorReport::new(ErrorCode::StorageFailed, format!("The settings cannot be written to {}.", path.display()))
                .because(cause)
                .fix("Check the disk and the file's permissions. The settings hold until Loquat ends.")
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| unwritable(error.to_string()))?;
        mcp::write_atomically(path, text.as_bytes()).map_err(|error| unwritable(error.to_string()))
    }

    /// The same settings, if they can work.
    pub(crate) fn checked(self) -> Result<Self, ErrorReport> {
        for (name, url) in [
            ("OpenAI", &self.openai_base_url),
            ("LM Studio", &self.lmstudio_base_url),
            ("the other provider", &self.custom_base_url),
        ] {
            if !url.is_empty() {
                check_url(name, url)?;
            }
        }
        let within = |value: Option<f32>, most: f32| value.is_none_or(|value| (0.0..=most).contains(&value));
        if let Some(problem) = crate::prices::problem(self.prices.as_deref().unwrap_or_default()) {
            return Err(problem);
        }
        let three_letters = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let problem = match () {
            () if !self.currency.as_ref().is_none_or(three_letters) => {
                Some("A currency has three letters, such as EUR.")
            }
            () if self.monthly_amount.is_some_and(|amount| !(amount >= 0.0 && amount.is_finite())) => {
                Some("The amount for a month is not below zero.")
            }
            () if !within(self.temperature, 2.0) => Some("The temperature lies between 0 and 2."),
            () if !within(self.top_p, 1.0) => Some("Top p lies between 0 and 1."),
            () if !(1..=200).contains(&self.max_rounds) => Some("The rounds of a turn lie between 1 and 200."),
            () if !self.openai_organisation.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Some("The organisation is an id, such as org-abc123.")
            }
            () if self.max_output_tokens == Some(0) => Some("An answer needs at least one token."),
            () => None,
        };
        if let Some(problem) = crate::folders::problem(&self.folders) {
            return Err(problem);
        }
        match problem {
            Some(problem) => Err(ErrorReport::new(ErrorCode::InvalidInput, problem)),
            None => Ok(self),
        }
    }
}

fn check_url(name: &str, url: &str) -> Result<(), ErrorReport> {
    let wrong = |cause: &str| {
        ErrorReport::new(ErrorCode::InvalidInput, format!("The address of {name} cannot be used."))
            .because(cause)
            .fix("Give the whole base URL, such as http://localhost:1234/v1.")
    };
    let parsed = url::Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(wrong("It does not begin with http:// or https://."));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(wrong("It has a user name or password in it; keys belong into the field for the key."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_and_unknown_or_missing_fields_do_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        assert_eq!(Settings::load(&path).unwrap(), Settings::default());
        let settings = Settings { temperature: Some(0.5), max_rounds: 3, ..Settings::default() };
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), settings);
        std::fs::write(&path, r#"{"maxRounds": 7, "fromTheFuture": true}"#).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), Settings { max_rounds: 7, ..Settings::default() });
    }

    #[test]
    fn a_broken_file_is_said_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        std::fs::write(&path, "{ oops").unwrap();
        assert_eq!(Settings::load(&path).unwrap_err().code, ErrorCode::StorageFailed);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{ oops");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let wrong = [
            Settings { temperature: Some(9.0), ..Settings::default() },
            Settings { max_rounds: 0, ..Settings::default() },
            Settings { openai_base_url: "file:///etc".into(), ..Settings::default() },
            Settings { openai_organisation: "org-a\r\nX-More: 1".into(), ..Settings::default() },
            Settings { custom_base_url: "https://me:secret@example.com/v1".into(), ..Settings::default() },
        ];
        for settings in wrong {
            let error = settings.clone().checked().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidInput, "{settings:?}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
