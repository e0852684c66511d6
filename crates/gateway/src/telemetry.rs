//! What is counted, sent to a collector of OpenTelemetry where the environment names one, by the variables that
//! OpenTelemetry itself has for that.

use std::env;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider, UpDownCounter};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// Where metrics go, or everything that OpenTelemetry sends.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const NAME: &str = "OTEL_SERVICE_NAME";
const DISABLED: &str = "OTEL_SDK_DISABLED";

pub(crate) struct Telemetry {
    provider: SdkMeterProvider,
    calls: Counter<u64>,
    durations: Histogram<f64>,
    denied: Counter<u64>,
    reloads: Counter<u64>,
    pub(crate) running: UpDownCounter<i64>,
    pub(crate) waiting: UpDownCounter<i64>,
}

impl Telemetry {
    /// Nothing where the environment names no collector. Sending is done by a thread of its own, at the intervals that
    /// the environment says; a collector that does not answer is told of in the log and costs no call anything.
    pub(crate) fn from_environment(bounds: &[f64]) -> Result<Option<Self>, ExporterBuildError> {
        let says =
            |name: &str| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let is_disabled = says(DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if is_disabled || !ENDPOINTS.iter().any(|name| says(name).is_some()) {
            return Ok(None);
        }
        let exporter = MetricExporter::builder().with_http().build()?;
        let resource = Resource::builder();
        let resource = if says(NAME).is_some() { resource } else { resource.with_service_name("loquat-gateway") };
        let provider =
            SdkMeterProvider::builder().with_resource(resource.build()).with_periodic_exporter(exporter).build();
        let meter = provider.meter("loquat_gateway");
        Ok(Some(Self {
            calls: meter
                .u64_counter("loquat.gateway.calls")
                .with_description("Calls of tools, by what came of them")
                .build(),
            durations: meter
                .f64_histogram("loquat.gateway.call.duration")
                .with_unit("s")
                .with_description("How long calls took that ran")
                .with_boundaries(bounds.to_vec())
                .build(),
            denied: meter
                .u64_counter("loquat.gateway.denied")
                .with_description("Requests that were not let in")
                .build(),
            reloads: meter
                .u64_counter("loquat.gateway.reloads")
                .with_description("Configurations read while running")
                .build(),
            running: meter
                .i64_up_down_counter("loquat.gateway.calls.running")
                .with_description("Calls that run now")
                .build(),
            waiting: meter
                .i64_up_down_counter("loquat.gateway.approvals.waiting")
                .with_description("Calls that wait for a person")
                .build(),
            provider,
        }))
    }

    pub(crate) fn called(&self, tool: &str, result: &str, took: Option<Duration>) {
        let tool = KeyValue::new("tool", tool.to_owned());
        if let Some(took) = took {
            self.durations.record(took.as_secs_f64(), std::slice::from_ref(&tool));
        }
        self.calls.add(1, &[tool, KeyValue::new("result", result.to_owned())]);
    }

    pub(crate) fn denied(&self, reason: &str) {
        self.denied.add(1, &[KeyValue::new("reason", reason.to_owned())]);
    }

    pub(crate) fn reloaded(&self, result: &str) {
        self.reloads.add(1, &[KeyValue::new("reason", result.to_owned())]);
    }

    /// Sends what was counted since the last time, and ends; returns when it is there or cannot be.
    pub(crate) async fn end(&self) {
        let provider = self.provider.clone();
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!("the last metrics were not taken by the collector: {error}");
        }
    }
}
