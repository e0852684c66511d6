//! What is counted, as Prometheus reads it.

use std::time::Duration;

use opentelemetry::metrics::UpDownCounter;
use opentelemetry_otlp::ExporterBuildError;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::telemetry::Telemetry;

/// Labels are names of tools and codes of results: as many as the configuration has, never what a caller writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: String,
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabels {
    tool: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: String,
}

/// What durations are told apart by, in seconds.
const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

pub(crate) struct Metrics {
    registry: Registry,
    /// A collector that is told the same.
    sent: Option<Telemetry>,
    calls: Family<CallLabels, Counter>,
    durations: Family<ToolLabels, Histogram, fn() -> Histogram>,
    denied: Family<ReasonLabels, Counter>,
    running: Gauge,
    waiting: Gauge,
    audit_records: Gauge,
    reloads: Family<ReasonLabels, Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, ExporterBuildError> {
        let mut registry = Registry::with_prefix("loquat_gateway");
        let calls = Family::default();
        let durations: Family<ToolLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BOUNDS));
        let denied = Family::default();
        let reloads = Family::default();
        let (running, waiting, audit_records) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("calls", "Calls of tools, by what came of them", calls.clone());
        registry.register("call_duration_seconds", "How long calls took that ran", durations.clone());
        registry.register("denied", "Requests that were not let in", denied.clone());
        registry.register("calls_running", "Calls that run now", running.clone());
        registry.register("approvals_waiting", "Calls that wait for a person", waiting.clone());
        registry.register("audit_records", "Audit records on the disk since the start", audit_records.clone());
        registry.register("reloads", "Configurations read while running", reloads.clone());
        let sent = Telemetry::from_environment(&BOUNDS)?;
        Ok(Self { registry, sent, calls, durations, denied, running, waiting, audit_records, reloads })
    }

    pub(crate) fn called(&self, tool: &str, result: &str, took: Option<Duration>) {
        let labels = CallLabels { tool: tool.to_owned(), result: result.to_owned() };
        self.calls.get_or_create(&labels).inc();
        if let Some(took) = took {
            self.durations.get_or_create(&ToolLabels { tool: tool.to_owned() }).observe(took.as_secs_f64());
        }
        self.send(|sent| sent.called(tool, result, took));
    }

    pub(crate) fn denied(&self, reason: &str) {
        self.denied.get_or_create(&ReasonLabels { reason: reason.to_owned() }).inc();
        self.send(|sent| sent.denied(reason));
    }

    pub(crate) fn reloaded(&self, result: &str) {
        self.reloads.get_or_create(&ReasonLabels { reason: result.to_owned() }).inc();
        self.send(|sent| sent.reloaded(result));
    }

    fn send(&self, what: impl FnOnce(&Telemetry)) {
        if let Some(sent) = &self.sent {
            what(sent);
        }
    }

    /// Nothing is counted any more; what was is on its way.
    pub(crate) async fn end(&self) {
        if let Some(sent) = &self.sent {
            sent.end().await;
        }
    }

    /// Counted while the guard lives.
    pub(crate) fn running(&self) -> Counted<'_> {
        Counted::new(&self.running, self.sent.as_ref().map(|sent| &sent.running))
    }

    pub(crate) fn waiting(&self) -> Counted<'_> {
        Counted::new(&self.waiting, self.sent.as_ref().map(|sent| &sent.waiting))
    }

    pub(crate) fn text(&self, audit_records: u64) -> Result<String, std::fmt::Error> {
        self.audit_records.set(i64::try_from(audit_records).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

pub(crate) struct Counted<'a>(&'a Gauge, Option<&'a UpDownCounter<i64>>);

impl<'a> Counted<'a> {
    fn new(gauge: &'a Gauge, sent: Option<&'a UpDownCounter<i64>>) -> Self {
        gauge.inc();
        if let Some(sent) = sent {
            sent.add(1, &[]);
        }
        Self(gauge, sent)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
        if let Some(sent) = self.1 {
            sent.add(-1, &[]);
        }
    }
}
