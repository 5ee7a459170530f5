//! What was released to a workload: revisions, their images, deployments, and tasks that stopped.

use jiff::Timestamp;
use serde::Serialize;

use crate::text::Text;

/// What was released to a workload, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Releases {
    /// Revisions of its task definition, the newest first; bounded.
    pub revisions: Vec<Revision>,
    /// Deployments of the service, the newest first; bounded. ECS keeps them for 90 days.
    pub deployments: Vec<ServiceDeployment>,
    /// Tasks that stopped within the last hour or so, the newest first; bounded.
    pub stopped: Vec<StoppedTask>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

/// One revision of a task definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Revision {
    /// `family:revision`.
    pub id: Text,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: Text,
    /// When it was registered.
    pub registered: Option<Timestamp>,
    /// Who registered it (an ARN).
    pub registered_by: Option<Text>,
    /// Its containers' images.
    pub images: Vec<Image>,
}

/// The image of one container.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Image {
    /// The container's name.
    pub container: Text,
    /// The reference as the task definition has it (`repository:tag` or `repository@sha256:…`).
    pub reference: Text,
    /// What its registry says.
    pub registry: Registered,
}

/// What a registry (ECR) says of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Registered {
    /// Not asked: another registry than ECR, or not this revision's turn.
    NotAsked,
    /// It exists.
    Found {
        /// `sha256:…`
        digest: Text,
        /// When it was pushed.
        pushed: Option<Timestamp>,
        /// Scan findings by severity (`CRITICAL`, `HIGH` …); `None` where it was not scanned.
        findings: Option<Vec<(Text, u32)>>,
        /// What the scan says of itself (`COMPLETE`, `IN_PROGRESS`, `FAILED` …), where there was one.
        scan: Option<Text>,
    },
    /// There is no such image: a task that needs it can't start.
    Missing,
    /// It could not be asked.
    Failed {
        /// Why.
        reason: Text,
    },
}

/// One deployment of a service, as ECS remembers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceDeployment {
    /// Its identifier, without the ARN before it.
    pub id: Text,
    /// `PENDING`, `IN_PROGRESS`, `SUCCESSFUL`, `STOPPED`, `ROLLBACK_SUCCESSFUL`, `ROLLBACK_FAILED` …
    pub status: Text,
    /// Why it is so, where ECS says.
    pub reason: Option<Text>,
    /// The task definition that it brings (`family:revision`), where it could be read.
    pub task_definition: Option<Text>,
    /// When it was asked for.
    pub created: Option<Timestamp>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Whether the circuit breaker tripped or an alarm rolled it back.
    pub rolled_back: bool,
}

/// A task that stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedTask {
    /// Its identifier, without the ARN before it.
    pub id: Text,
    /// The task definition (`family:revision`).
    pub task_definition: Text,
    /// When it stopped.
    pub stopped: Option<Timestamp>,
    /// ECS's code: `TaskFailedToStart`, `EssentialContainerExited`, `UserInitiated`, `ServiceSchedulerInitiated` …
    pub code: Text,
    /// Why, in ECS's words.
    pub reason: Text,
    /// Containers with exit code and reason.
    pub containers: Vec<StoppedContainer>,
}

/// A container of a task that stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedContainer {
    /// Its name.
    pub name: Text,
    /// Its exit code; `None` where it never ran. 137 is SIGKILL, mostly out of memory.
    pub exit_code: Option<i32>,
    /// Why, where ECS says (`OutOfMemoryError: …`, `CannotPullContainerError: …`).
    pub reason: Option<Text>,
}
