//! What requests are answered with, and what a caller may have of it.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chat::ModelRef;
use engine::{Engine, Scope};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::handed::Handed;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::requests::Requests;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Whoever is on this machine, without a key.
    Open,
    /// Who has a key, on this machine.
    Loopback,
    /// Who has a key, from anywhere.
    Network,
}

/// What requests are answered with.
pub struct Api {
    pub(crate) engine: Engine,
    pub(crate) keys: Keys,
    pub(crate) door: Door,
    /// How long a call waits for a person: while a window is open.
    pub(crate) patience: Option<Duration>,
    /// Where a request names no model.
    pub(crate) default_model: Option<String>,
    pub(crate) metrics: Metrics,
    pub(crate) handed: Handed,
    pub(crate) requests: Requests,
    /// Whether what keys have used can be written down just now.
    pub(crate) writes: AtomicBool,
}

impl Api {
    pub fn new(engine: Engine, keys: Keys, door: Door) -> Self {
        Self {
            engine,
            keys,
            door,
            patience: None,
            default_model: None,
            metrics: Metrics::default(),
            handed: Handed::default(),
            requests: Requests::default(),
            writes: AtomicBool::new(true),
        }
    }

    /// Calls that need somebody's word wait for it so long, because somebody is there.
    pub fn attended(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    pub fn default_model(self, model: Option<String>) -> Self {
        Self { default_model: model, ..self }
    }

    /// Refuses whoever has used up this month's budget.
    pub(crate) fn may_spend(&self, caller: &Caller) -> Result<(), ApiError> {
        if self.keys.left(&caller.name) != Some(0) {
            return Ok(());
        }
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let next = now.last_of_month().and_then(|day| day.tomorrow()?.start_of_day());
        let wait = next.map_or(86_400, |next| (next.timestamp() - now.timestamp()).get_seconds());
        let message = format!("The key '{}' has used up its tokens of this month.", caller.name);
        Err(ApiError::budget(u64::try_from(wait).unwrap_or(86_400), message))
    }

    pub(crate) fn scope(&self, caller: &Caller) -> Scope {
        let tools = self.engine.tools();
        let rules = caller.rights.rules(&tools);
        Scope { who: caller.name.clone(), servers: caller.rights.servers.clone(), rules, patience: self.patience }
    }

    /// Which model is meant: `provider/model`, or a model of the provider that is chosen in the settings.
    pub(crate) fn model(&self, named: Option<&str>) -> Result<ModelRef, ApiError> {
        let usual = self.engine.usual_model();
        let named = named.map(str::trim).filter(|name| !name.is_empty());
        let Some(named) = named.or(self.default_model.as_deref()) else {
            return usual
                .ok_or_else(|| ApiError::wrong("model", "No model was named, and none is chosen in the settings."));
        };
        if let Some((provider, model)) = named.split_once('/')
            && engine::provider::preset(provider).is_some()
        {
            return Ok(ModelRef { provider: provider.to_owned(), model: model.to_owned() });
        }
        match usual {
            // It has one model, whatever clients call theirs.
            Some(usual) if usual.provider == engine::provider::PRACTICE => Ok(usual),
            Some(usual) => Ok(ModelRef { model: named.to_owned(), ..usual }),
            None => Err(ApiError::wrong("model", "Name it as `provider/model`, or choose a provider in the settings.")),
        }
    }
}
