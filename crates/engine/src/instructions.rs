//! What the model is told before everything else: the settings' words or a conversation's own, with their blanks filled.

use chat::{ConversationId, ErrorReport};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::settings::Settings;

/// Words that a person keeps to use again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    pub name: String,
    /// May hold blanks such as `{{date}}`, `{{name}}` or the person's own.
    pub text: String,
}

/// What stands for `{{name}}` wherever the model is told something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    pub name: String,
    pub value: String,
}

/// What a conversation's model is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Instructions {
    /// The conversation's own words; the settings' hold where absent. Empty means that nothing is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub own: Option<String>,
    /// As it would be sent now.
    pub filled: String,
}

impl Engine {
    /// What a conversation's model is told; without one, what a new one's would be.
    pub async fn instructions(&self, id: Option<&ConversationId>) -> Result<Instructions, ErrorReport> {
        self.settle_store().await;
        let own = self.own_instructions(id).await?;
        let filled = self.fill_blanks(own.as_deref().unwrap_or(&self.settings().system_prompt));
        Ok(Instructions { own, filled })
    }

    /// Gives a conversation words of its own, from its next question on; the settings' again where absent.
    pub async fn instruct(&self, id: &ConversationId, own: Option<String>) -> Result<(), ErrorReport> {
        self.settle_store().await;
        self.inner.store.summary(id).await.map_err(|error| error.report())?;
        self.inner.store.instruct(id, own.as_deref());
        self.inner.store.flush().await.map_err(|error| error.report())
    }

    /// The words as the model would be told them now.
    pub fn fill_blanks(&self, words: &str) -> String {
        if !words.contains("{{") {
            return words.to_owned();
        }
        fill(words, &self.settings(), &Zoned::now())
    }

    /// What a turn's model is told, where its question may bring words of its own.
    pub(crate) async fn told(&self, id: Option<&ConversationId>, own: Option<&str>) -> Result<String, ErrorReport> {
        let own = match own {
            Some(own) => Some(own.to_owned()),
            None => self.own_instructions(id).await?,
        };
        Ok(self.fill_blanks(own.as_deref().unwrap_or(&self.settings().system_prompt)))
    }

    async fn own_instructions(&self, id: Option<&ConversationId>) -> Result<Option<String>, ErrorReport> {
        match id {
            Some(id) => self.inner.store.instructions(id).await.map_err(|error| error.report()),
            None => Ok(None),
        }
    }
}

/// The words with their blanks filled. A blank that nobody knows stays as it is: then it can be seen.
pub(crate) fn fill(words: &str, settings: &Settings, now: &Zoned) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, then)) = after.split_once("}}") else {
            rest = &rest[before.len()..];
            break;
        };
        match value(name.trim(), settings, now) {
            Some(value) => filled.push_str(&value),
            None => filled.extend(["{{", name, "}}"]),
        }
        rest = then;
    }
    filled.push_str(rest);
    filled
}

/// The person's own word comes before what Loquat knows by itself.
fn value(name: &str, settings: &Settings, now: &Zoned) -> Option<String> {
    if let Some(own) = settings.variables.iter().find(|variable| variable.name == name) {
        return Some(own.value.clone());
    }
    match name {
        "date" => Some(now.date().to_string()),
        "time" => Some(now.strftime("%H:%M").to_string()),
        "weekday" => Some(now.strftime("%A").to_string()),
        "name" => ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()),
        "system" => Some(std::env::consts::OS.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_with_what_is_known_and_stay_where_nothing_is() {
        let variable = |name: &str, value: &str| Variable { name: name.into(), value: value.into() };
        let variables = vec![variable("name", "Ann"), variable("team", "{{name}}'s team")];
        let settings = Settings { variables, ..Settings::default() };
        let now: Zoned = "2026-11-21T09:05:00+00:00[UTC]".parse().unwrap();
        for (words, filled) in [
            ("Today is {{date}}, {{ weekday }} {{time}}.", "Today is 2026-11-21, Saturday 09:05."),
            ("I am {{name}} of {{team}}.", "I am Ann of {{name}}'s team."),
            ("{{unknown}} and {{", "{{unknown}} and {{"),
            ("{{date", "{{date"),
            ("", ""),
        ] {
            assert_eq!(fill(words, &settings, &now), filled);
        }
    }
}
