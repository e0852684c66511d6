//! What is known of a model: how much it reads, whether it sees, how many tools its provider takes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat::ModelRef;

use crate::engine::Engine;
use crate::provider::{LMSTUDIO, OPENAI, PRACTICE};
use crate::view::ModelView;

/// A provider on this computer is asked once for what its models can; a turn does not wait longer for it.
const DEADLINE: Duration = Duration::from_secs(2);

/// What a request is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// How much it reads, in tokens.
    pub(crate) context: Option<u64>,
    /// Whether it looks at images.
    pub(crate) sees: bool,
    /// Whether it is known to look at none.
    pub(crate) blind: bool,
    /// The most tools that its provider takes in a request.
    pub(crate) most_tools: usize,
}

impl Default for Facts {
    fn default() -> Self {
        // OpenAI refuses more, and those who copy its API often do.
        Self { context: None, sees: false, blind: false, most_tools: 128 }
    }
}

/// What providers have said of their models.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashMap<ModelRef, ModelView>>);

impl Told {
    pub(crate) fn hear(&self, models: &[ModelView]) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(models.iter().map(|view| (view.model.clone(), view.clone())));
    }

    fn of(&self, model: &ModelRef) -> Option<ModelView> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).cloned()
    }
}

impl Engine {
    /// What is known of a model. LM Studio is asked where it has not told yet.
    pub(crate) async fn facts(&self, model: &ModelRef) -> Facts {
        let mut told = self.inner.told.of(model);
        if told.is_none() && model.provider == LMSTUDIO {
            let asked = tokio::time::timeout(DEADLINE, self.list_models(&model.provider)).await;
            if let Ok(Err(error)) = asked {
                tracing::debug!("nothing is known of {}: {}", model.model, error.message);
            }
            told = self.inner.told.of(model);
        }
        let sees = told.as_ref().and_then(|view| view.vision).or_else(|| is_known_to_see(model));
        let (context, blind) = (told.and_then(|view| view.context), sees == Some(false));
        Facts { context, sees: sees == Some(true), blind, ..Facts::default() }
    }
}

/// Whether a model whose provider does not tell looks at images; nothing where nobody knows.
pub(crate) fn is_known_to_see(model: &ModelRef) -> Option<bool> {
    match model.provider.as_str() {
        OPENAI => openai_sees(&model.model),
        PRACTICE => Some(false),
        _ => None,
    }
}

/// OpenAI's models see since 4o and 4.1; small reasoning ones and 3.5 do not. Of one with another name, such as one
/// that somebody tuned, nothing is known.
fn openai_sees(model: &str) -> Option<bool> {
    let name = model.to_ascii_lowercase();
    let sees = ["gpt-4o", "gpt-4.1", "gpt-4-turbo", "gpt-4.5", "gpt-5", "gpt-6", "chatgpt-4o", "o1", "o3", "o4"];
    let blind = ["o1-mini", "o1-preview", "o3-mini", "audio", "realtime", "transcribe", "tts", "search"];
    let blind_from_the_start = ["gpt-3.5", "davinci", "babbage"];
    let starts = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
    match blind.iter().any(|part| name.contains(part)) || starts(&blind_from_the_start) {
        true => Some(false),
        false => starts(&sees).then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_see() {
        for (model, sees) in [
            ("gpt-4o-mini", Some(true)),
            ("gpt-4.1", Some(true)),
            ("gpt-5.2", Some(true)),
            ("o4-mini", Some(true)),
            ("o3-mini", Some(false)),
            ("gpt-3.5-turbo", Some(false)),
            ("gpt-4o-audio-preview", Some(false)),
            ("davinci-002", Some(false)),
            ("ft:somebody", None),
        ] {
            assert_eq!(openai_sees(model), sees, "{model}");
        }
    }
}
