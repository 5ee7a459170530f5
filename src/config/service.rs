//! A service and what is measured of it; protected things.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    CdnPlace, Copies, CopySource, DatabasePlace, HttpQuery, LoadBalancer, LogSource, Polling, ProbeCheck, Secret,
};
use crate::source::aws::cloudwatch::pacing;
use crate::source::{Cadence, DatabaseKind, Name, Unit};

/// A service that is watched and acted on.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name: the key everywhere, and what is typed to confirm.
    pub name: Name,
    /// What it is, in a few words.
    pub summary: String,
    /// Where it runs on ECS.
    pub ecs: Option<EcsService>,
    /// The load balancer before it.
    pub load_balancer: Option<LoadBalancer>,
    /// The database or cache that it is.
    pub database: Option<DatabasePlace>,
    /// The content delivery network that it is.
    pub cdn: Option<CdnPlace>,
    /// Looks from outside: certificates, DNS records, security headers.
    pub probes: Vec<ProbeCheck>,
    /// Its logs.
    pub logs: Vec<LogSource>,
    /// Its health endpoints.
    pub health: Vec<HealthCheck>,
    /// Its signals.
    pub signals: Vec<Signal>,
    /// Its ratio objectives (threshold objectives stand at their signals).
    pub objectives: Vec<Objective>,
    /// Identifiers of the runbooks that serve it.
    pub runbooks: Vec<Name>,
    /// Protected things that stand on its screen: those whose `service` it is.
    pub backups: Vec<Name>,
    /// Caps for actions on it.
    pub caps: Caps,
}

/// An ECS service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsService {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
}

/// A health endpoint.
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// Its name within the service.
    pub name: Name,
    /// What to GET.
    pub url: Url,
    /// Interval and deadline.
    pub polling: Polling,
    /// The shape that is expected.
    pub shape: HealthShape,
    /// Latency from which it counts as degraded.
    pub slow: Option<Duration>,
    /// Days to the certificate's expiry from which it counts as degraded.
    pub tls_warning_days: u32,
    /// Further headers.
    pub headers: Vec<(String, Secret)>,
    /// A PEM file of the certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// Shapes of health answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthShape {
    /// Any 2xx is healthy; the body is not read.
    Plain,
    /// `{status, services: {name: settled promise}}`.
    Settled,
    /// `{status, checks: {name: {status, latency?, error?}}}`.
    Checks,
    /// Spring Boot's actuator: `{status, components: {name: {status, details}}}`.
    Spring,
    /// ASP.NET Core: the word `Healthy`, or `{status, totalDuration, entries: {name: {status, duration, …}}}`.
    Aspnet,
    /// `application/health+json`: `{status, checks: {"db:responseTime": [{status, observedValue, …}]}}`.
    HealthJson,
    /// NestJS Terminus: `{status, info, error, details: {name: {status}}}`.
    Terminus,
    /// Whichever of them the report shows by its members; an answer that shows none is a failure.
    Auto,
}

/// A measured signal of a service.
#[derive(Debug, Clone)]
pub struct Signal {
    /// Its name within the service.
    pub name: Name,
    /// What it is to the panels.
    pub role: Role,
    /// Where it is read.
    pub query: Query,
    /// Its unit.
    pub unit: Unit,
    /// Which way is worse.
    pub direction: Direction,
    /// The bound of a warning, in the signal's unit.
    pub warning: Option<f64>,
    /// The bound of a critical state, in the signal's unit.
    pub critical: Option<f64>,
    /// The objective that is drawn in, in the signal's unit.
    pub objective: Option<f64>,
    /// What it was before the work that the objective is of, in the signal's unit: now is shown against both.
    pub baseline: Option<Baseline>,
    /// How often it is asked.
    pub interval: Duration,
    /// The selector of the series whose exemplars explain it (PromQL, a histogram's `_bucket` series).
    pub exemplars: Option<String>,
}

/// What a signal was before: a value, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Its least value.
    pub low: f64,
    /// Its greatest value.
    pub high: f64,
}

impl Baseline {
    /// In words with its unit: `200 ms–300 ms`, or `95 %`.
    pub fn words(self, unit: Unit) -> String {
        let [low, high] = [self.low, self.high].map(|value| unit.format(value));
        if low == high { low } else { format!("{low}–{high}") }
    }
}

/// What a signal is to the panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Median latency.
    LatencyP50,
    /// 95th percentile of latency.
    LatencyP95,
    /// 99th percentile of latency.
    LatencyP99,
    /// Error ratio.
    Errors,
    /// Request rate.
    Traffic,
    /// CPU utilisation.
    Cpu,
    /// Memory utilisation.
    Memory,
    /// Anything else: listed under its name.
    Other,
}

/// Which way a signal gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is worse (latency, errors, saturation).
    HigherIsWorse,
    /// Lower is worse (hit ratio, availability).
    LowerIsWorse,
}

/// Where a signal is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// PromQL.
    Prometheus(PromQuery),
    /// A CloudWatch metric.
    CloudWatch(CloudWatchMetric),
    /// A CloudWatch metric maths expression over metrics, which are named by their keys.
    CloudWatchMaths {
        /// The expression.
        expression: String,
        /// Its metrics by id (`m1` …).
        metrics: BTreeMap<String, CloudWatchMetric>,
        /// The period, in seconds.
        period: u32,
    },
    /// A value of a JSON API.
    Http(HttpQuery),
    /// A signal of the simulated fleet, by role name.
    Simulator(String),
}

/// A PromQL expression, and which series of its answer is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PromQuery {
    /// The expression. Equal ones are asked once, whoever picks what of the answer.
    pub expression: String,
    /// The label and its value that pick one series of many; `None`: the answer is a scalar or one series.
    pub pick: Option<(Name, Name)>,
    /// The quantile that is taken of the answer, which is a histogram then.
    pub quantile: Option<Quantile>,
}

/// A quantile between 0 and 1, both excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantile(u64);

impl Quantile {
    /// The quantile, if it lies between 0 and 1.
    pub fn new(value: f64) -> Option<Self> {
        (value > 0.0 && value < 1.0).then(|| Self(value.to_bits()))
    }

    /// Its value.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl PromQuery {
    /// An expression that gives a scalar or one series.
    pub fn single(expression: &str) -> Self {
        Self { expression: expression.to_owned(), pick: None, quantile: None }
    }
}

/// One CloudWatch metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloudWatchMetric {
    /// Namespace, such as `AWS/ECS`.
    pub namespace: String,
    /// Metric name.
    pub metric: String,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Statistic: `Average`, `Sum`, `p95` …
    pub statistic: String,
    /// Period, in seconds.
    pub period: u32,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
}

/// A ratio objective: good/valid over a period.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Its name, such as `availability`.
    pub name: Name,
    /// The share of valid events that must be good, between 0 and 1, such as 0.999.
    pub target: f64,
    /// The period that the budget is for.
    pub period: Duration,
    /// PromQL of bad events in `$window`.
    pub bad: Query,
    /// PromQL of valid events in `$window`.
    pub valid: Query,
    /// How often it is asked.
    pub interval: Duration,
}

/// A protected thing: what the backups panel shows of it.
#[derive(Debug, Clone)]
pub struct Protected {
    /// Its name, such as `rtech-mongodb`.
    pub name: Name,
    /// What it is.
    pub summary: String,
    /// The schedule in words, such as `daily 03:00–04:00 UTC`.
    pub schedule: String,
    /// How long backups are kept.
    pub retention: Option<Duration>,
    /// Recovery point objective.
    pub rpo: Option<Duration>,
    /// Recovery time objective.
    pub rto: Option<Duration>,
    /// The last restore test that a person recorded, as a date; `None` is shown as never tested.
    pub last_restore_test: Option<jiff::civil::Date>,
    /// How long that restore took.
    pub restore_took: Option<Duration>,
    /// How long a backup that is started from here may take.
    pub backup_within: Duration,
    /// How a restore test of it goes.
    pub restore_test: RestoreTesting,
    /// Measures that sources tell of it.
    pub measures: Vec<Signal>,
    /// The service whose screen shows it too.
    pub service: Option<Name>,
    /// Where its copies are found.
    pub copies: Option<Copies>,
}

impl Protected {
    /// The one cluster or instance whose snapshots are its copies; `None` where it has none or several.
    pub fn database(&self) -> Option<(DatabaseKind, &str)> {
        let kinds = self.copies.iter().flat_map(|copies| &copies.kinds);
        let mut databases = kinds.filter_map(|kind| match kind {
            CopySource::Cluster(name) => Some((DatabaseKind::Cluster, name.as_str())),
            CopySource::Instance(name) => Some((DatabaseKind::Instance, name.as_str())),
            _ => None,
        });
        databases.next().filter(|_| databases.next().is_none())
    }
}

/// How a protected thing is restored beside production, as a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreTesting {
    /// How long it may take until the copy is available.
    pub within: Duration,
    /// The class of the instance; `None` is that of production, which can run every version of its engine.
    pub class: Option<String>,
    /// Whether the copy's endpoint must take a TCP connection from here.
    pub reach: bool,
}

/// Caps for actions on one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Greatest desired count.
    pub max_desired: u32,
    /// Least desired count.
    pub min_desired: u32,
    /// Greatest change in one action, in tasks.
    pub max_step: u32,
    /// Least number of healthy tasks at all times.
    pub healthy_floor: u32,
    /// Greatest change of a target group's share of the traffic in one step, in points (1 to 100).
    pub max_traffic_step: u32,
}

impl Signal {
    /// Interval and normal lag. A metric of CloudWatch is never asked more often than its period, and comes late.
    pub fn cadence(&self) -> Cadence {
        let lag = match &self.query {
            Query::Http(query) => query.lag,
            _ => Duration::ZERO,
        };
        pacing::cadence(&self.query, self.interval).unwrap_or(Cadence { every: self.interval, lag })
    }
}
