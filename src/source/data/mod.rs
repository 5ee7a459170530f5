//! What sources tell, as plain data: the same shapes whatever the backend. One file a family of payloads.

mod alert;
mod calendar;
mod cdn;
mod cost;
mod database;
mod declared;
mod exemplar;
mod log;
mod need;
mod observation;
mod probe;
mod protection;
mod release;
mod restore;
mod scaling;
mod seen_alert;
mod served;
mod silence;
mod traffic;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::number::Number;
use crate::text::Text;

pub use alert::*;
pub use calendar::*;
pub use cdn::*;
pub use cost::*;
pub use database::*;
pub use declared::*;
pub use exemplar::*;
pub use log::*;
pub use need::*;
pub use observation::*;
pub use probe::*;
pub use protection::*;
pub use release::*;
pub use restore::*;
pub use scaling::*;
pub use seen_alert::*;
pub use served::*;
pub use silence::*;
pub use traffic::*;

/// What was read.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Of [`Subject::Signal`](super::Subject::Signal) and [`Subject::Backup`](super::Subject::Backup).
    Signal(SignalData),
    /// Of [`Subject::Objective`](super::Subject::Objective).
    Objective(ObjectiveData),
    /// Of [`Subject::Workload`](super::Subject::Workload).
    Workload(Workload),
    /// Of [`Subject::Scaling`](super::Subject::Scaling).
    Scaling(Scaling),
    /// Of [`Subject::Health`](super::Subject::Health).
    Health(Health),
    /// Of [`Subject::Alerts`](super::Subject::Alerts).
    Alerts(Vec<Alert>),
    /// Of [`Subject::Identity`](super::Subject::Identity).
    Identity(Identity),
    /// Of [`Subject::Silences`](super::Subject::Silences).
    Silences(Silences),
    /// Of [`Subject::AlarmHistory`](super::Subject::AlarmHistory).
    AlarmHistory(AlarmHistory),
    /// Of [`Subject::Releases`](super::Subject::Releases).
    Releases(Releases),
    /// Of [`Subject::Candidate`](super::Subject::Candidate).
    Candidate(Candidate),
    /// Of [`Subject::Needs`](super::Subject::Needs).
    Needs(Needs),
    /// Of [`Subject::Traffic`](super::Subject::Traffic).
    Traffic(Traffic),
    /// Of [`Subject::Database`](super::Subject::Database).
    Database(Database),
    /// Of [`Subject::Protection`](super::Subject::Protection).
    Protection(Protection),
    /// Of [`Subject::Restore`](super::Subject::Restore).
    Restore(Restore),
    /// Of [`Subject::Cdn`](super::Subject::Cdn).
    Cdn(Cdn),
    /// Of [`Subject::Probe`](super::Subject::Probe).
    Probe(Probe),
    /// Of [`Subject::Cost`](super::Subject::Cost).
    Cost(Cost),
    /// Of [`Subject::Usage`](super::Subject::Usage).
    Usage(Usage),
    /// Of [`Subject::Exemplars`](super::Subject::Exemplars).
    Exemplars(Exemplars),
}

/// A type that a payload carries: how a reader gets at what it asked for.
pub trait Content: Sized {
    /// What the payload carries, if it is of this type.
    fn of(payload: &Payload) -> Option<&Self>;
}

macro_rules! contents {
    ($($variant:ident($type:ty)),* $(,)?) => {
        $(impl Content for $type {
            fn of(payload: &Payload) -> Option<&Self> {
                match payload {
                    Payload::$variant(content) => Some(content),
                    _ => None,
                }
            }
        })*
    };
}

contents! {
    Objective(ObjectiveData), Workload(Workload), Scaling(Scaling), Health(Health), Alerts(Vec<Alert>),
    Identity(Identity), Silences(Silences), AlarmHistory(AlarmHistory), Releases(Releases), Candidate(Candidate), Needs(Needs),
    Traffic(Traffic), Database(Database), Protection(Protection), Restore(Restore), Cdn(Cdn), Probe(Probe), Cost(Cost), Usage(Usage), Exemplars(Exemplars),
}

/// One sample of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// What; history keeps finite numbers and NaN gaps.
    pub value: f64,
}

/// A signal's newest value, and history where it was asked for.
#[derive(Debug, Clone, Default)]
pub struct SignalData {
    /// The newest value; `None` is the same as [`Number::NoData`].
    pub value: Option<Number>,
    /// When the newest value was sampled, by the backend's clock.
    pub sampled: Option<Timestamp>,
    /// Samples, oldest first: the whole asked window, or only the new tail.
    pub points: Vec<Point>,
    /// Whether `points` replaces the history that is kept (a backfill) or extends it.
    pub replaces: bool,
    /// The backend said that the answer is not whole (PartialData, partial response, truncated).
    pub partial: bool,
    /// The true value is at or above `value`: a quantile beyond the last bucket's bound.
    pub at_least: bool,
    /// Warnings that the backend gave with the answer.
    pub warnings: Vec<Text>,
}

/// Bad and valid events of a ratio objective, counted over several windows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectiveData {
    /// One entry a window; the objective's own period is among them.
    pub windows: Vec<WindowCount>,
}

/// Events within one window that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WindowCount {
    /// The window's length.
    pub window: Duration,
    /// Events that miss the objective.
    pub bad: Number,
    /// All events that count.
    pub valid: Number,
}

/// A workload as its orchestrator runs it (an ECS service).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// The orchestrator's own identifier (the service's ARN).
    pub arn: Text,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: Text,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// The task definition (family:revision) that new tasks get.
    pub task_definition: Text,
    /// Deployments, the primary first.
    pub deployments: Vec<Deployment>,
    /// The newest events first; bounded.
    pub events: Vec<WorkloadEvent>,
    /// Tasks; bounded. Empty where they were not asked for. For panels polled faster than every 5 s the listing may be up to
    /// 4.5 s older than the counts, unless a count or a deployment changed; plans and the executor always list anew.
    pub tasks: Vec<Task>,
    /// The cluster that it runs in; `None` where it was not asked for or could not be read.
    #[serde(default)]
    pub cluster: Option<Cluster>,
    /// What shifts the traffic of its deployments, such as `CODE_DEPLOY` or `BLUE_GREEN`; `None`: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_owner: Option<Text>,
}

/// A cluster as its orchestrator tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name.
    pub name: Text,
    /// `ACTIVE`, `PROVISIONING`, `DEPROVISIONING`, `FAILED` or `INACTIVE`.
    pub status: Text,
    /// Tasks running, of all its services.
    pub running: u32,
    /// Tasks starting, of all its services.
    pub pending: u32,
    /// Services that are active in it.
    pub services: u32,
    /// Instances registered in it; 0 on Fargate.
    pub instances: u32,
}

impl Workload {
    /// The deployment that is still rolling out, if one is.
    pub fn in_flight(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.rollout == Rollout::InProgress)
    }

    /// Tasks that run and are not known to be unhealthy.
    pub fn healthy(&self) -> usize {
        self.tasks.iter().filter(|task| task.is_healthy()).count()
    }

    /// Running what is wanted, nothing pending, one deployment and that one completed.
    pub fn is_steady(&self) -> bool {
        self.running == self.desired
            && self.pending == 0
            && self.deployments.len() == 1
            && self.deployments.iter().all(|deployment| deployment.rollout == Rollout::Completed)
    }
}

/// One deployment of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its identifier.
    pub id: Text,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: Text,
    /// The task definition (family:revision).
    pub task_definition: Text,
    /// How far it is.
    pub rollout: Rollout,
    /// Why it is so.
    pub reason: Text,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// Tasks that failed to start.
    pub failed: u32,
    /// When it began.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

/// ECS rollout states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETED`.
    Completed,
    /// `FAILED`.
    Failed,
    /// The orchestrator did not say (EC2 classic scheduling, CODE_DEPLOY).
    Unknown,
}

/// One event of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub message: Text,
}

/// One task of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its identifier, without the ARN before it.
    pub id: Text,
    /// `RUNNING`, `PENDING`, …
    pub last_status: Text,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN` (no container health check).
    pub health: Text,
    /// The task definition (family:revision).
    pub task_definition: Text,
    /// When it started.
    pub started: Option<Timestamp>,
}

impl Task {
    /// Whether it runs and is not known to be unhealthy (a task without a container health check is `UNKNOWN`).
    pub fn is_healthy(&self) -> bool {
        self.last_status.as_str() == "RUNNING" && self.health.as_str() != "UNHEALTHY"
    }
}

/// What a health endpoint told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Health {
    /// The verdict.
    pub state: HealthState,
    /// Why, where it is not healthy.
    pub reason: Option<Text>,
    /// The HTTP status.
    pub http_status: u16,
    /// From sending to the last byte.
    pub latency: Duration,
    /// When the certificate expires, over HTTPS.
    pub tls_expires: Option<Timestamp>,
    /// The version that it names.
    pub version: Option<Text>,
    /// Its components.
    pub components: Vec<Component>,
}

/// Health of a service or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Works.
    Healthy,
    /// Works in part.
    Degraded,
    /// Does not work.
    Unhealthy,
    /// Does not say.
    Unknown,
}

/// A component of a health report; components may have components.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Component {
    /// Its name.
    pub name: Text,
    /// Its health.
    pub state: HealthState,
    /// Its latency in milliseconds, where given.
    pub latency_ms: Option<f64>,
    /// Its error or a figure that it gives (hit rate …).
    pub detail: Option<Text>,
    /// Its parts.
    pub components: Vec<Component>,
}

/// Whose credentials are in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Account.
    pub account: Text,
    /// Region of the client.
    pub region: Text,
    /// The caller's ARN.
    pub arn: Text,
    /// When the credentials expire, where known.
    pub expires: Option<Timestamp>,
}
