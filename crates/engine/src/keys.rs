//! The providers' keys: from the environment, else from the keychain, else kept in memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat::{ErrorCode, ErrorReport};
use mcp::{MemorySecrets, Secret, SecretError, Secrets};

use crate::provider::{CUSTOM, PRESETS, Preset};
use crate::view::KeyState;

/// Keys by provider. What is known of them is remembered; the keychain is asked once.
pub(crate) struct Keys {
    secrets: Arc<dyn Secrets>,
    /// Used where the keychain does not answer, and said so.
    memory: MemorySecrets,
    states: Mutex<HashMap<&'static str, KeyState>>,
}

impl Keys {
    pub(crate) fn new(secrets: Arc<dyn Secrets>) -> Self {
        Self { secrets, memory: MemorySecrets::default(), states: Mutex::default() }
    }

    /// What is known without asking anybody.
    pub(crate) fn state(&self, preset: &Preset) -> KeyState {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.get(preset.id).cloned().unwrap_or(KeyState::Unknown)
    }

    /// Asks about every provider's key, so that Settings can show what is there.
    pub(crate) async fn look_up(&self) {
        for preset in &PRESETS {
            // What went wrong is in the state.
            let _ = self.get(preset).await;
        }
    }

    /// The key, if there is one.
    pub(crate) async fn get(&self, preset: &'static Preset) -> Result<Option<Secret>, ErrorReport> {
        if preset.key_variable.is_none() {
            self.note(preset, KeyState::Missing);
            return Ok(None);
        }
        let given = from_environment(preset);
        // A key of one's own for an address of one's own counts more than OpenAI's, which merely lies about.
        if let Some(key) = given.clone().filter(|_| preset.id != CUSTOM) {
            self.note(preset, KeyState::Environment { hint: hint(&key) });
            return Ok(Some(key));
        }
        let kept = self.secrets.get(&entry(preset)).await;
        match (kept, given) {
            (Ok(Some(key)), _) => {
                self.note(preset, KeyState::Stored { hint: hint(&key) });
                Ok(Some(key))
            }
            (_, Some(key)) => {
                self.note(preset, KeyState::Environment { hint: hint(&key) });
                Ok(Some(key))
            }
            (Ok(None), None) => {
                self.note(preset, KeyState::Missing);
                Ok(None)
            }
            (Err(error), None) => self.get_from_memory(preset, &error).await,
        }
    }

    async fn get_from_memory(
        &self,
        preset: &'static Preset,
        error: &SecretError,
    ) -> Result<Option<Secret>, ErrorReport> {
        let report = error.report();
        match self.memory.get(&entry(preset)).await {
            Ok(Some(key)) => {
                self.note(preset, KeyState::MemoryOnly { hint: hint(&key), error: report });
                Ok(Some(key))
            }
            Ok(None) | Err(_) => {
                self.note(preset, KeyState::Unavailable { error: report.clone() });
                Err(report)
            }
        }
    }

    /// Stores a key in the keychain. Where none answers it is kept until Loquat ends, and the state says so.
    pub(crate) async fn store(&self, preset: &'static Preset, key: &str) -> Result<(), ErrorReport> {
        let key = key.trim();
        if key.is_empty() || key.chars().any(char::is_control) {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, "This is no API key.")
                .because("It is empty or has line breaks in it.")
                .fix("Copy the key alone, without quotes or spaces around it."));
        }
        let secret = Secret::from(key.to_owned());
        let hint = hint(&secret);
        match self.secrets.set(&entry(preset), secret.clone()).await {
            Ok(()) => self.note(preset, KeyState::Stored { hint }),
            Err(error) => {
                self.memory.set(&entry(preset), secret).await.map_err(|error| error.report())?;
                self.note(preset, KeyState::MemoryOnly { hint, error: error.report() });
            }
        }
        Ok(())
    }

    /// Whether a key is kept only until Loquat ends.
    pub(crate) fn holds_for_now(&self) -> bool {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.values().any(|state| matches!(state, KeyState::MemoryOnly { .. }))
    }

    /// Gives what was kept for now to the place for secrets, which takes it by now.
    pub(crate) async fn settle(&self) -> Result<(), SecretError> {
        for preset in &PRESETS {
            if let Some(key) = self.memory.get(&entry(preset)).await? {
                self.secrets.set(&entry(preset), key).await?;
                self.memory.remove(&entry(preset)).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn forget(&self, preset: &'static Preset) -> Result<(), ErrorReport> {
        self.memory.remove(&entry(preset)).await.map_err(|error| error.report())?;
        self.secrets.remove(&entry(preset)).await.map_err(|error| error.report())?;
        self.note(preset, KeyState::Missing);
        Ok(())
    }

    fn note(&self, preset: &Preset, state: KeyState) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(preset.id, state);
    }
}

fn entry(preset: &Preset) -> String {
    format!("provider/{}", preset.id)
}

fn from_environment(preset: &Preset) -> Option<Secret> {
    let value = std::env::var(preset.key_variable?).ok()?;
    let key = value.trim();
    (!key.is_empty()).then(|| Secret::from(key.to_owned()))
}

/// The last four characters of a key that is long enough to keep the rest to itself.
fn hint(key: &Secret) -> String {
    let key = key.expose();
    let length = key.chars().count();
    let shown = if length >= 12 { 4 } else { 0 };
    format!("••••{}", key.chars().skip(length - shown).collect::<String>())
}
