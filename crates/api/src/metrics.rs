//! Counts, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use chat::Usage;

/// What has happened since the start.
pub(crate) struct Metrics {
    began: Instant,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    calls: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
    running: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            began: Instant::now(),
            requests: zero(),
            refused: zero(),
            failed: zero(),
            calls: zero(),
            input: zero(),
            output: zero(),
            running: zero(),
        }
    }
}

impl Metrics {
    pub(crate) fn begun(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.running.fetch_sub(1, Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn call(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(crate) fn used(&self, usage: Usage) {
        self.input.fetch_add(usage.input, Relaxed);
        self.output.fetch_add(usage.output, Relaxed);
    }

    pub(crate) fn text(&self) -> String {
        let counters = [
            ("loquat_api_requests_total", "Requests for answers.", &self.requests),
            ("loquat_api_refused_total", "Requests without a valid key, or from a web page.", &self.refused),
            ("loquat_api_failed_total", "Requests whose answer failed.", &self.failed),
            ("loquat_api_tool_calls_total", "Calls of tools that ended.", &self.calls),
            ("loquat_api_input_tokens_total", "Tokens read by models.", &self.input),
            ("loquat_api_output_tokens_total", "Tokens written by models.", &self.output),
        ];
        let mut text = String::new();
        for (name, help, value) in counters {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", value.load(Relaxed));
        }
        let gauge = |text: &mut String, name: &str, help: &str, value: f64| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        };
        gauge(&mut text, "loquat_api_running", "Requests being answered.", self.running.load(Relaxed) as f64);
        gauge(&mut text, "loquat_api_uptime_seconds", "Time since the start.", self.began.elapsed().as_secs_f64());
        text
    }
}
