//! The report as data: what `docs/status.schema.json` describes.

use jiff::Timestamp;
use serde::Serialize;

use super::alerts::{AlertsReport, HistoryReport, SilencesReport};
use super::cdn::CdnReport;
use super::cost::{CostReport, DeliveryReport};
use super::database::DatabaseReport;
use super::log::LogReport;
use super::probe::ProbeReport;
use super::recovery::{RecoveryReport, RestoreReport};
use super::releases::ReleasesReport;
use super::traffic::TrafficReport;
use super::usage::{PlaceReport, UsageReport};
use crate::config::{EnvironmentKind, Role};
use crate::executor::journal::Debt;
use crate::slo::{RuleState, Severity};
use crate::source::{Component, HealthState, Identity, Name, Number, ScalingPolicy, ScheduledAction, TraceId, Unit};
use crate::state::verdict::{Level, Reason};
use crate::text::Text;

/// The version of the shape.
pub const SCHEMA: &str = "quarterdeck.status/1";

/// Everything that was read, judged at one moment.
#[derive(Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was made.
    pub at: Timestamp,
    /// The environment's name.
    pub environment: Name,
    /// Its kind.
    pub kind: EnvironmentKind,
    /// The worst of the services, unknown where there are none; and of the protected things that something judges.
    pub level: Level,
    /// Whose credentials are in use; absent where no source tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Item<Option<Identity>>>,
    /// Whose credentials are in use in other places than `[aws]` itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceReport>,
    /// What reading costs, where it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageReport>,
    /// The services, in the order of the configuration.
    pub services: Vec<ServiceReport>,
    /// The alerts of each source.
    pub alerts: Vec<AlertsReport>,
    /// The silences of each source.
    pub silences: Vec<SilencesReport>,
    /// The alarm history of each source.
    pub alarm_history: Vec<HistoryReport>,
    /// What the account costs; absent where it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostReport>,
    /// How well changes are delivered; absent where the releases of any service are not live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryReport>,
    /// Protected things.
    pub backups: Vec<BackupReport>,
    /// What actions left open in this state directory, the most urgent first. It is no part of the level.
    #[serde(serialize_with = "super::debts::as_documented")]
    pub debts: Vec<Debt>,
    /// Why it is not known what is left open; null where it is.
    pub debts_missing: Option<Text>,
}

/// One value with its state: `never`, `live`, `stale` or `failed`. There is no value without these.
#[derive(Debug, Serialize)]
pub struct Item<T> {
    /// The value, in `unit`; the last one where the state is stale or failed, null where there never was one.
    pub value: T,
    /// The unit of the value; null where it is no measure.
    pub unit: Option<Unit>,
    /// How fresh the value is.
    pub state: &'static str,
    /// The value's age; null where there never was one.
    pub age_seconds: Option<f64>,
    /// Why there is no fresh value; null where there is one, or nothing failed.
    pub reason: Option<Text>,
}

/// One service.
#[derive(Debug, Serialize)]
pub struct ServiceReport {
    /// Its name.
    pub name: Name,
    /// How it stands.
    pub level: Level,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<Reason>,
    /// What to know besides, which does not count: alerts that are held back.
    pub notes: Vec<String>,
    /// Its signals.
    pub signals: Vec<SignalReport>,
    /// Its ratio objectives.
    pub objectives: Vec<ObjectiveReport>,
    /// Its health endpoints.
    pub health: Vec<HealthReport>,
    /// Its tasks; null where it does not run on ECS.
    pub tasks: Option<TasksReport>,
    /// Its scaling; null where it does not run on ECS.
    pub scaling: Option<ScalingReport>,
    /// Its database or cache; null where it is none.
    pub database: Option<DatabaseReport>,
    /// Its counted logs.
    pub logs: Vec<LogReport>,
    /// Its content delivery network; null where it is none.
    pub cdn: Option<CdnReport>,
    /// Certificates, DNS records and security headers.
    pub probes: Vec<ProbeReport>,
    /// What was released to it; null where it does not run on ECS.
    pub releases: Option<ReleasesReport>,
    /// The load balancer before it; null where none is configured.
    pub traffic: Option<TrafficReport>,
}

/// One signal or backup measure.
#[derive(Debug, Serialize)]
pub struct SignalReport {
    /// Its name.
    pub name: Name,
    /// What it is to the panels.
    pub role: Role,
    /// How it stands against its bounds; unknown where it is not live, healthy where it has no bounds.
    pub level: Level,
    /// The newest value. What is not finite is a word: `NaN`, `+Inf`, `-Inf`, `no data`.
    #[serde(flatten)]
    pub item: Item<Option<Number>>,
    /// The bound of a warning.
    pub warning: Option<f64>,
    /// The bound of a critical state.
    pub critical: Option<f64>,
    /// The objective.
    pub objective: Option<f64>,
    /// What it was before: its least and its greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<[f64; 2]>,
    /// The answer was not whole.
    pub partial: bool,
    /// Warnings of the backend.
    pub warnings: Vec<Text>,
    /// Single requests behind it, the slowest first; empty where none are asked for.
    pub exemplars: Vec<ExemplarReport>,
}

/// One request behind a signal.
#[derive(Debug, Serialize)]
pub struct ExemplarReport {
    /// Its trace.
    pub trace_id: TraceId,
    /// What was measured of it, in the unit of the signal.
    pub value: f64,
    /// When.
    pub at: Timestamp,
    /// Where the trace is shown; null where the configuration has no `trace_url`.
    pub url: Option<String>,
}

/// One ratio objective. The value is the share of good events over the period.
#[derive(Debug, Serialize)]
pub struct ObjectiveReport {
    /// Its name.
    pub name: Name,
    /// The share that is wanted.
    pub target: f64,
    /// Its period.
    pub period_seconds: u64,
    /// The share of good events over the period; a word where there is none: `no traffic`, `unknown`.
    #[serde(flatten)]
    pub item: Item<Option<Share>>,
    /// The share of the error budget that is left; below 0 when the objective is missed.
    pub budget_remaining: Option<f64>,
    /// The burn rate of the last hour.
    pub burn_rate: Option<f64>,
    /// When the budget is used up if that goes on.
    pub exhausted_in_seconds: Option<u64>,
    /// The burn-rate rules.
    pub rules: Vec<RuleReport>,
    /// The counts.
    pub windows: Vec<WindowReport>,
}

/// A share, or the word for why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Share {
    /// Between 0 and 1.
    Of(f64),
    /// `no traffic` or `unknown`.
    Word(&'static str),
}

/// One burn-rate rule.
#[derive(Debug, Serialize)]
pub struct RuleReport {
    /// How loud.
    pub severity: Severity,
    /// The long window.
    pub long_seconds: u64,
    /// The short window.
    pub short_seconds: u64,
    /// The burn rate from which it fires.
    pub burn_rate: f64,
    /// How it stands; unknown where the counts are not live.
    pub state: RuleState,
}

/// The counts of one window.
#[derive(Debug, Serialize)]
pub struct WindowReport {
    /// The window's length.
    pub window_seconds: u64,
    /// Events that miss the objective.
    pub bad: Number,
    /// All events that count.
    pub valid: Number,
}

/// One health endpoint.
#[derive(Debug, Serialize)]
pub struct HealthReport {
    /// Its name.
    pub name: Name,
    /// What it says.
    #[serde(flatten)]
    pub item: Item<Option<HealthState>>,
    /// Why it is not healthy.
    pub detail: Option<Text>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// From sending to the last byte.
    pub latency_ms: Option<f64>,
    /// When the certificate expires.
    pub tls_expires: Option<Timestamp>,
    /// The version that it names.
    pub version: Option<Text>,
    /// Its components.
    pub components: Vec<Component>,
}

/// The tasks of a service. The value is how many run.
#[derive(Debug, Serialize)]
pub struct TasksReport {
    /// Tasks that run.
    #[serde(flatten)]
    pub item: Item<Option<u32>>,
    /// Tasks wanted.
    pub desired: Option<u32>,
    /// Tasks starting.
    pub pending: Option<u32>,
    /// The task definition of new tasks.
    pub task_definition: Option<Text>,
    /// Whether it runs what is wanted, and nothing rolls out.
    pub steady: Option<bool>,
    /// The deployment that rolls out, in words.
    pub deployment: Option<Text>,
}

/// The scaling of a service. The value says whether a scaling target is registered.
#[derive(Debug, Serialize)]
pub struct ScalingReport {
    /// Whether a scaling target is registered.
    #[serde(flatten)]
    pub item: Item<Option<bool>>,
    /// Least desired count.
    pub min: Option<u32>,
    /// Greatest desired count.
    pub max: Option<u32>,
    /// Its policies.
    pub policies: Vec<ScalingPolicy>,
    /// Whether scaling in is suspended.
    pub scale_in_suspended: Option<bool>,
    /// Whether scaling out is suspended.
    pub scale_out_suspended: Option<bool>,
    /// Whether scheduled actions are suspended.
    pub scheduled_suspended: Option<bool>,
    /// What moves the bounds at set times, the next one first.
    pub scheduled: Vec<ScheduledAction>,
    /// Why not all scheduled actions are known; null where they are.
    pub scheduled_missing: Option<Text>,
}

/// A protected thing.
#[derive(Debug, Serialize)]
pub struct BackupReport {
    /// Its name.
    pub name: Name,
    /// How it stands: degraded at most where it is known; null where nothing judges it.
    pub level: Option<Level>,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<Reason>,
    /// What could be recovered; null where the configuration names no copies to look at.
    pub recovery: Option<RecoveryReport>,
    /// How long a restore takes, and when one was last made.
    pub restore: RestoreReport,
    /// Its measures.
    pub measures: Vec<SignalReport>,
}
