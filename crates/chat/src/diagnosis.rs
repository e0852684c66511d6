//! Why something cannot be used: what was tried, what was seen, and what to do.

use serde::{Deserialize, Serialize};

/// What was found out about one server or provider, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    pub name: String,
    pub kind: DiagnosisKind,
    /// The command line or address, secrets masked.
    pub address: String,
    /// In the order in which they were taken.
    pub steps: Vec<DiagnosisStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum DiagnosisKind {
    Server,
    Provider,
}

/// One step and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DiagnosisStep {
    pub step: Check,
    pub outcome: StepOutcome,
    /// In words for people.
    pub seen: String,
    /// How long it took, in milliseconds, where it was taken by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ms: Option<u32>,
    /// What was said both ways, secrets masked; empty where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub exchange: Vec<String>,
    /// Where it failed: what that means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub meaning: Option<String>,
    /// Where it failed: what most likely helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<String>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Whether its name leads anywhere.
    Name,
    /// Whether it is there at all: the program starts, somebody listens, no proxy or firewall is in the way.
    Reach,
    /// Whether it is who it says it is.
    Tls,
    /// Whether we understand one another.
    Protocol,
    /// Who signs people in for it, where it wants that.
    Metadata,
    /// Whether it lets us in.
    SignIn,
    /// Whether it says what it offers.
    List,
    /// Whether the model that is asked is there.
    Model,
    /// Whether it reads enough.
    Context,
    /// Whether it uses tools.
    Tools,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum StepOutcome {
    Ok,
    Failed,
    /// Not needed here, or not reached.
    Skipped,
}

impl DiagnosisStep {
    pub fn new(step: Check, outcome: StepOutcome, seen: impl Into<String>) -> Self {
        Self { step, outcome, seen: seen.into(), ms: None, exchange: vec![], meaning: None, fix: None }
    }

    /// One that failed: what was seen, what that means and what most likely helps.
    pub fn failed(step: Check, seen: impl Into<String>, meaning: impl Into<String>, fix: impl Into<String>) -> Self {
        let (meaning, fix) = (Some(meaning.into()), Some(fix.into()));
        Self { meaning, fix, ..Self::new(step, StepOutcome::Failed, seen) }
    }
}

impl Diagnosis {
    /// Whether nothing failed.
    pub fn is_well(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }
}
