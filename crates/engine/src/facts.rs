//! What is known of a model: how much it reads, whether it sees, how many tools its provider takes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat::ModelRef;

use crate::engine::Engine;
use crate::provider::{LMSTUDIO, OPENAI};
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
    /// The most tools that its provider takes in a request.
    pub(crate) most_tools: usize,
}

impl Default for Facts {
    fn default() -> Self {
        // OpenAI refuses more, and those who copy its API often do.
        Self { context: None, sees: false, most_tools: 128 }
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
        let sees = match told.as_ref().and_then(|view| view.vision) {
            Some(sees) => sees,
            None => model.provider == OPENAI && openai_sees(&model.model),
        };
        Facts { context: told.and_then(|view| view.context), sees, ..Facts::default() }
    }
}

/// OpenAI's list does not tell. Its models see since 4o and 4.1; small reasoning ones and 3.5 do not.
fn openai_sees(model: &str) -> bool {
    let name = model.to_ascii_lowercase();
    let sees = ["gpt-4o", "gpt-4.1", "gpt-4-turbo", "gpt-4.5", "gpt-5", "gpt-6", "chatgpt-4o", "o1", "o3", "o4"];
    let blind = ["o1-mini", "o1-preview", "o3-mini", "audio", "realtime", "transcribe", "tts", "search"];
    sees.iter().any(|start| name.starts_with(start)) && !blind.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_see() {
        for (model, sees) in [
            ("gpt-4o-mini", true),
            ("gpt-4.1", true),
            ("gpt-5.2", true),
            ("o4-mini", true),
            ("o3-mini", false),
            ("gpt-3.5-turbo", false),
            ("gpt-4o-audio-preview", false),
            ("davinci-002", false),
        ] {
            assert_eq!(openai_sees(model), sees, "{model}");
        }
    }
}
