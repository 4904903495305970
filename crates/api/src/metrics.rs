//! Counters and histograms for Prometheus; never a key, an account or an address as a label.

use std::{collections::HashSet, time::Duration};

use access::{Charge, Refusal};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use proxy::How;

/// How the counters may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus' own, older text format.
    Plain,
}

impl Format {
    /// The whole content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: u16,
}

/// All that is counted; shared by the workers.
pub struct Metrics {
    registry: Registry,
    admitted: Counter,
    refused: Family<Reason, Counter>,
    charges: Family<Outcome, Counter>,
    ended: Family<Outcome, Counter>,
    interrupted: Counter,
    cancelled: Counter,
    open: Gauge,
    upstream_status: Family<Status, Counter>,
    upstream_head: Histogram,
    admission: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tollgate"),
            admitted: Counter::default(),
            refused: Family::default(),
            charges: Family::default(),
            ended: Family::default(),
            interrupted: Counter::default(),
            cancelled: Counter::default(),
            open: Gauge::default(),
            upstream_status: Family::default(),
            // 1 ms to 4 minutes.
            upstream_head: Histogram::new(exponential_buckets(0.001, 2.0, 18)),
            // 10 µs to 1.3 s.
            admission: Histogram::new(exponential_buckets(0.000_01, 2.0, 18)),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests_admitted", "Requests that the gate let through", self.admitted.clone());
        registry.register("requests_refused", "Requests that were not let through, by reason", self.refused.clone());
        registry.register("charges", "Charges settled: spent or returned", self.charges.clone());
        registry.register("requests_ended", "Admitted requests by how they ended", self.ended.clone());
        registry.register(
            "streams_interrupted",
            "Answers that broke off after they had begun",
            self.interrupted.clone(),
        );
        registry.register("streams_cancelled", "Requests whose caller left", self.cancelled.clone());
        registry.register("streams_open", "Admitted requests under way", self.open.clone());
        registry.register("upstream_responses", "Answers of the upstream by status", self.upstream_status.clone());
        let head = "Time from sending a request until its answer can begin: the upstream's head, and up to a second for what \
                    follows it";
        registry.register_with_unit("upstream_head", head, Unit::Seconds, self.upstream_head.clone());
        let admission = "Time that an admission takes, its durable count included";
        registry.register_with_unit("admission", admission, Unit::Seconds, self.admission.clone());
    }

    /// The gate answered after so long.
    pub fn admission_took(&self, time: Duration) {
        self.admission.observe(time.as_secs_f64());
    }

    /// The gate let a request through.
    pub fn admitted(&self) {
        self.admitted.inc();
    }

    /// The gate refused a request by a limit.
    pub fn refused(&self, refusal: &Refusal) {
        self.refused_for(match refusal {
            Refusal::Quota { .. } => "quota",
            Refusal::Throttle { .. } => "throttle",
        });
    }

    /// A request was refused for another reason.
    pub fn refused_for(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }

    /// A charge was settled.
    pub fn settled(&self, charge: Charge) {
        let outcome = match charge {
            Charge::Spent => "spent",
            Charge::Returned => "returned",
        };
        self.charges.get_or_create(&Outcome { outcome }).inc();
    }

    /// An admitted request is on its way.
    pub fn opened(&self) {
        self.open.inc();
    }

    /// An answer could begin, or failed to, after so long.
    pub fn head_took(&self, time: Duration) {
        self.upstream_head.observe(time.as_secs_f64());
    }

    /// An admitted request has ended.
    pub fn ended(&self, end: &proxy::End) {
        self.open.dec();
        if let Some(status) = end.upstream_status {
            self.upstream_status.get_or_create(&Status { status }).inc();
        }
        let outcome = end.how.as_str();
        self.ended.get_or_create(&Outcome { outcome }).inc();
        match end.how {
            How::Cancelled => {
                self.cancelled.inc();
            }
            How::Failed(_) if end.phase >= proxy::Phase::Accepted => {
                self.interrupted.inc();
            }
            _ => {}
        }
    }

    /// All of it, as Prometheus reads it.
    ///
    /// # Errors
    /// Never in practice: writing to a string can't fail.
    pub fn text(&self, format: Format) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(match format {
            Format::OpenMetrics => text,
            Format::Plain => plain(&text),
        })
    }
}

/// OpenMetrics as Prometheus' older format: a counter is named as its samples are, and neither units nor the end are
/// marked.
fn plain(open_metrics: &str) -> String {
    let counter = |line: &'_ str| Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned());
    let counters: HashSet<String> = open_metrics.lines().filter_map(counter).collect();
    let mut plain = String::new();
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => continue,
            (Some("#"), Some(word), Some(name), Some(rest)) if counters.contains(name) => {
                plain.extend(["# ", word, " ", name, "_total ", rest]);
            }
            _ => plain.push_str(line),
        }
        plain.push('\n');
    }
    plain
}
