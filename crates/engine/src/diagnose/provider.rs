//! Why nobody answers for a model: from the network over the key to the model itself.

use std::time::Instant;

use chat::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, ErrorCode, ErrorReport, StepOutcome};

use crate::engine::Engine;
use crate::models::Endpoint;
use crate::provider::{LMSTUDIO, OPENAI, PRACTICE, ProviderError};
use crate::view::{ModelView, ProviderView};

const ALL: [Check; 8] =
    [Check::Name, Check::Reach, Check::Tls, Check::SignIn, Check::List, Check::Model, Check::Context, Check::Tools];
/// A model that reads less has no room for an answer beside tools and what they say.
const LEAST_CONTEXT: u64 = 8_192;
/// What a conversation needs besides naming its tools.
const ROOM: u64 = 4_096;
/// So many models are named where another one is not there.
const MOST_NAMED: usize = 5;

impl Engine {
    pub(super) async fn diagnose_provider(&self, provider: &ProviderView) -> Result<Diagnosis, ErrorReport> {
        let (steps, address) = match self.endpoint_of(&provider.id).await {
            Ok(endpoint) => (self.tried(provider, &endpoint).await, endpoint.base_url),
            Err(error) => (vec![key_lacking(&error)], provider.base_url.clone()),
        };
        let skipped = |step| DiagnosisStep::new(step, StepOutcome::Skipped, "Not reached.");
        let steps =
            ALL.map(|check| steps.iter().find(|step| step.step == check).cloned().unwrap_or_else(|| skipped(check)));
        let (name, kind) = (provider.id.clone(), DiagnosisKind::Provider);
        Ok(Diagnosis { name, kind, address, steps: steps.into() })
    }

    async fn tried(&self, provider: &ProviderView, endpoint: &Endpoint) -> Vec<DiagnosisStep> {
        let mut steps = mcp::way_to(&endpoint.base_url).await;
        if steps.iter().any(|step| step.outcome == StepOutcome::Failed) {
            if provider.id == LMSTUDIO {
                steps.iter_mut().for_each(studio_is_off);
            }
            return steps;
        }
        let begun = Instant::now();
        let listed = self.list_models_of(endpoint).await;
        let ms = u32::try_from(begun.elapsed().as_millis()).ok();
        let asked = format!("→ GET {}/models", endpoint.base_url);
        match listed {
            Ok(models) => {
                steps.extend([secured(endpoint), let_in(endpoint)]);
                let exchange = vec![asked, format!("← 200, {}", counted(&models))];
                steps.push(DiagnosisStep { ms, exchange, ..ok(Check::List, counted(&models)) });
                steps.extend(self.of_the_model(provider, &models).await);
            }
            Err(error) => {
                let at = failed_at(endpoint, &error);
                steps.retain(|step| step.step != at);
                if at > Check::Tls {
                    steps.push(secured(endpoint));
                }
                if at > Check::SignIn {
                    steps.push(let_in(endpoint));
                }
                let exchange = vec![asked, format!("← {}", said(&error.report()))];
                steps.push(DiagnosisStep { ms, exchange, ..failed(at, &error.report()) });
            }
        }
        steps
    }

    /// The model that is chosen at that provider; where none is, the first that is loaded, or the first.
    async fn of_the_model(&self, provider: &ProviderView, models: &[ModelView]) -> Vec<DiagnosisStep> {
        let chosen = self.usual_model().filter(|model| model.provider == provider.id && !model.model.is_empty());
        let view = match &chosen {
            Some(chosen) => models.iter().find(|view| view.model == *chosen),
            None => models.iter().find(|view| view.loaded == Some(true)).or(models.first()),
        };
        let Some(view) = view else {
            return vec![match chosen {
                Some(chosen) => not_there(&chosen.model, models),
                None => DiagnosisStep::failed(
                    Check::Model,
                    "It offers no model.",
                    "Nobody is there to answer.",
                    "Download a model there, or choose another provider.",
                ),
            }];
        };
        let needed = match self.toolset(None, Some(view.model.clone())).await {
            Ok(toolset) => u64::from(toolset.sent) + ROOM,
            Err(_) => ROOM,
        };
        vec![loaded(view), context(view, needed.max(LEAST_CONTEXT)), tools(view)]
    }
}

fn ok(step: Check, seen: impl Into<String>) -> DiagnosisStep {
    DiagnosisStep::new(step, StepOutcome::Ok, seen)
}

fn said(error: &ErrorReport) -> String {
    error.cause.clone().unwrap_or_else(|| error.message.clone())
}

fn failed(step: Check, error: &ErrorReport) -> DiagnosisStep {
    let fix = if step == Check::Tls {
        "Where a company's own certificate authority is behind it, have the system trust it; otherwise check the address."
    } else {
        error.fix.as_deref().unwrap_or("Try again.")
    };
    DiagnosisStep::failed(step, said(error), error.message.clone(), fix)
}

/// An address that is not given, a key that is not there, or a keychain that does not open.
fn key_lacking(error: &ErrorReport) -> DiagnosisStep {
    let at = if error.code == ErrorCode::InvalidInput { Check::Name } else { Check::SignIn };
    failed(at, error)
}

/// Somebody listens there: what stands in the way comes after that.
fn failed_at(endpoint: &Endpoint, error: &ProviderError) -> Check {
    match error {
        ProviderError::Unreachable { .. } if endpoint.is_secure() => Check::Tls,
        ProviderError::Unreachable { .. } => Check::Reach,
        ProviderError::KeyMissing { .. } | ProviderError::KeyRejected { .. } => Check::SignIn,
        ProviderError::RateLimited { .. }
        | ProviderError::QuotaExhausted { .. }
        | ProviderError::ContextOverflow { .. }
        | ProviderError::Refused { .. }
        | ProviderError::Failed { .. }
        | ProviderError::NotUnderstood { .. }
        | ProviderError::Cut { .. }
        | ProviderError::TooLong
        | ProviderError::Filtered
        | ProviderError::TimedOut { .. } => Check::List,
    }
}

fn secured(endpoint: &Endpoint) -> DiagnosisStep {
    match endpoint.is_secure() {
        true => ok(Check::Tls, "Its certificate is trusted."),
        false => DiagnosisStep::new(Check::Tls, StepOutcome::Skipped, "The address is not an https one."),
    }
}

fn let_in(endpoint: &Endpoint) -> DiagnosisStep {
    match endpoint.key.is_empty() {
        true => DiagnosisStep::new(Check::SignIn, StepOutcome::Skipped, "No key is sent, and none is asked for."),
        false => ok(Check::SignIn, "The key is accepted."),
    }
}

fn studio_is_off(step: &mut DiagnosisStep) {
    if step.step == Check::Reach && step.outcome == StepOutcome::Failed {
        step.meaning = Some("LM Studio does not run, or its server is switched off.".to_owned());
        step.fix = Some("Start LM Studio, open Developer, and switch its server on. Or: lms server start".to_owned());
    }
}

fn counted(models: &[ModelView]) -> String {
    let all = if models.len() == 1 { "1 model".to_owned() } else { format!("{} models", models.len()) };
    match models.iter().filter(|model| model.loaded == Some(true)).count() {
        0 => format!("{all}."),
        loaded => format!("{all}, {loaded} loaded."),
    }
}

fn not_there(model: &str, models: &[ModelView]) -> DiagnosisStep {
    let names: Vec<&str> = models.iter().take(MOST_NAMED).map(|view| view.model.model.as_str()).collect();
    let more = if models.len() > MOST_NAMED { " and others" } else { "" };
    DiagnosisStep::failed(
        Check::Model,
        format!("{model} is not among them."),
        "It was removed or renamed there, or this account may not use it.",
        format!("Choose another one beside the message: {}{more}.", names.join(", ")),
    )
}

fn loaded(view: &ModelView) -> DiagnosisStep {
    let name = &view.name;
    ok(
        Check::Model,
        match view.loaded {
            Some(true) => format!("{name} is loaded."),
            Some(false) => format!("{name} is not loaded: the first question loads it, and takes longer."),
            None => format!("{name} is there."),
        },
    )
}

fn context(view: &ModelView, needed: u64) -> DiagnosisStep {
    match (view.context, view.most_context) {
        (None, _) => {
            DiagnosisStep::new(Check::Context, StepOutcome::Skipped, "The provider does not tell how much it reads.")
        }
        (Some(context), _) if context >= needed => ok(Check::Context, format!("It reads {context} tokens.")),
        (Some(context), most) => DiagnosisStep::failed(
            Check::Context,
            format!("It reads {context} tokens; tools, questions and answers need about {needed}."),
            "Longer conversations break off, or the model forgets how they began.",
            match most.filter(|most| *most > context) {
                Some(most) => format!("Load it with more context: it can read up to {most} tokens."),
                None => "Choose a model that reads more, or switch tools off.".to_owned(),
            },
        ),
    }
}

fn tools(view: &ModelView) -> DiagnosisStep {
    match (view.tools, view.model.provider.as_str()) {
        (Some(true), _) => ok(Check::Tools, "It was made to use tools."),
        (Some(false), _) => DiagnosisStep::failed(
            Check::Tools,
            "It was not made to use tools.",
            "It may answer well, but hardly calls anything, or calls what is not there.",
            "Choose one that LM Studio marks with a hammer.",
        ),
        (None, OPENAI | PRACTICE) => ok(Check::Tools, "It takes tools."),
        (None, _) => DiagnosisStep::new(
            Check::Tools,
            StepOutcome::Skipped,
            "The provider does not tell; a first question shows it.",
        ),
    }
}
