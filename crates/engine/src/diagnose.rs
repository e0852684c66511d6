//! Why a server or a provider cannot be used.

use chat::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, ErrorCode, ErrorReport, StepOutcome};
use futures::future::join_all;

use crate::engine::Engine;
use crate::view::{ProviderView, TestStep};

impl Engine {
    /// Tries the server or provider of that name, or all that are turned on, and says which step fails and why.
    /// What runs goes on undisturbed.
    pub async fn diagnose(&self, name: Option<&str>) -> Result<Vec<Diagnosis>, ErrorReport> {
        let settings = self.settings_view();
        let servers = self.inner.servers.snapshot();
        let wanted_servers = servers.iter().filter(|server| match name {
            Some(name) => server.config.name == name,
            None => server.config.enabled,
        });
        let wanted_providers = settings.providers.iter().filter(|provider| match name {
            Some(name) => provider.id == name,
            None => settings.settings.model.as_ref().is_some_and(|model| model.provider == provider.id),
        });
        let mut found: Vec<Diagnosis> =
            join_all(wanted_servers.map(|server| self.inner.servers.diagnose(&server.config.name)))
                .await
                .into_iter()
                .flatten()
                .collect();
        for provider in wanted_providers {
            found.push(self.diagnose_provider(provider).await?);
        }
        match (name, found.is_empty()) {
            (Some(name), true) => Err(ErrorReport::new(
                ErrorCode::NotFound,
                format!("There is neither a server nor a provider called '{name}'."),
            )
            .fix("Look at the names with `loq servers`.")),
            _ => Ok(found),
        }
    }

    async fn diagnose_provider(&self, provider: &ProviderView) -> Result<Diagnosis, ErrorReport> {
        let steps = self.test_provider(&provider.id).await?;
        let found = |check: Check| steps.iter().find(|step| check_of(step) == check);
        let step = |check: Check| match found(check) {
            Some(step) => taken(check, step),
            None => DiagnosisStep {
                step: check,
                outcome: StepOutcome::Skipped,
                seen: "Not reached.".to_owned(),
                meaning: None,
                fix: None,
            },
        };
        Ok(Diagnosis {
            name: provider.id.clone(),
            kind: DiagnosisKind::Provider,
            address: provider.base_url.clone(),
            steps: [Check::SignIn, Check::Reach, Check::List].map(step).into(),
        })
    }
}

/// A provider's key is its sign-in, its models are what it offers.
fn check_of(step: &TestStep) -> Check {
    match step.name.as_str() {
        "Key" => Check::SignIn,
        "Models" => Check::List,
        _ => Check::Reach,
    }
}

fn taken(check: Check, step: &TestStep) -> DiagnosisStep {
    let Some(error) = &step.error else {
        let seen = step.found.clone();
        return DiagnosisStep { step: check, outcome: StepOutcome::Ok, seen, meaning: None, fix: None };
    };
    DiagnosisStep {
        step: check,
        outcome: StepOutcome::Failed,
        seen: error.cause.clone().unwrap_or_else(|| error.message.clone()),
        meaning: Some(error.message.clone()),
        fix: error.fix.clone(),
    }
}
