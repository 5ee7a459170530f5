//! What was released to a workload: revisions, their images, deployments, and tasks that stopped.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What was released to a workload, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Releases {
    /// Revisions of its task definition, the newest first; bounded.
    pub revisions: Vec<Revision>,
    /// Deployments of the service, the newest first; bounded. ECS keeps them for 90 days.
    pub deployments: Vec<ServiceDeployment>,
    /// Tasks that stopped within the last hour or so, the newest first; bounded.
    pub stopped: Vec<StoppedTask>,
    /// What running tasks really run, by digest.
    pub running: Vec<RunningImage>,
    /// How its orchestrator watches a rollout; `None` where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<Safety>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

impl Releases {
    /// Why its deployments could not be listed, where they could not: then there may be any.
    pub fn deployments_unread(&self) -> Option<&Text> {
        self.missing.iter().find(|part| part.starts_with("deployments: "))
    }
}

/// How long a revision served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// All together.
    pub lasted: jiff::SignedDuration,
    /// When the last time ended.
    pub until: Timestamp,
}

/// How an orchestrator watches a rollout (ECS's deployment circuit breaker and alarms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safety {
    /// It calls a rollout failed whose tasks don't start or whose alarms ring.
    pub fails: bool,
    /// It rolls a failed rollout back by itself.
    pub rolls_back: bool,
}

impl Releases {
    /// How long a revision served, as far as the deployments that are remembered tell: from the end of each successful
    /// deployment of it to the end of the next successful one, or until `now`. `None` where none is known.
    pub fn served(&self, revision: &str, now: Timestamp) -> Option<Served> {
        let mut until = now;
        let mut served: Option<Served> = None;
        for deployment in self.deployments.iter().filter(|one| one.status.as_str() == "SUCCESSFUL") {
            let Some(began) = deployment.finished.or(deployment.started).or(deployment.created) else { continue };
            if deployment.task_definition.as_deref() == Some(revision) {
                let lasted = until.duration_since(began).max(jiff::SignedDuration::ZERO);
                let so_far = served.map_or(jiff::SignedDuration::ZERO, |served| served.lasted);
                let until = served.map_or(until, |served| served.until);
                served = Some(Served { lasted: so_far.saturating_add(lasted), until });
            }
            until = began;
        }
        served
    }

    /// The last time that a revision served alone, as far as the deployments that are remembered tell: from the end of a
    /// successful deployment of it to the beginning of the next successful one, or until `now`. `None` where none is known.
    pub fn served_alone(&self, revision: &str, now: Timestamp) -> Option<super::Span> {
        let mut to = now;
        for deployment in self.deployments.iter().filter(|one| one.status.as_str() == "SUCCESSFUL") {
            let Some(from) = deployment.finished.or(deployment.started).or(deployment.created) else { continue };
            if deployment.task_definition.as_deref() == Some(revision) {
                return (from < to).then_some(super::Span { from, to });
            }
            to = deployment.started.or(deployment.created).unwrap_or(from).min(from);
        }
        None
    }

    /// Running images that are not what their registry has under that tag now: an older push of the same tag.
    pub fn older_pushes(&self) -> impl Iterator<Item = (&RunningImage, &Image)> {
        self.running.iter().filter_map(|running| {
            let revision = self.revisions.iter().find(|revision| revision.id == running.task_definition)?;
            let image = revision.images.iter().find(|image| image.container == running.container)?;
            let Registered::Found { digest, .. } = &image.registry else { return None };
            (*digest != running.digest && !image.reference.as_str().contains('@')).then_some((running, image))
        })
    }
}

/// An image that running tasks run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningImage {
    /// The task definition (`family:revision`) of those tasks.
    pub task_definition: Text,
    /// The container's name.
    pub container: Text,
    /// `sha256:…`, as ECS pulled it.
    pub digest: Text,
    /// How many tasks run it.
    pub tasks: u32,
}

/// One revision of a task definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// SHA-256, hex, of all that can be registered of it but its images: equal where nothing else differs. `None` where it
    /// was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Text>,
    /// What its tasks need besides images. Looked up for a plan as [`Needs`](super::Needs), and kept there only.
    #[serde(skip)]
    pub needs: Vec<super::Need>,
}

impl Revision {
    /// The image of a container: the only one, where none is named.
    ///
    /// # Errors
    /// There is no such container, or several and none is named; in words, with those that there are.
    pub fn image_of(&self, container: Option<&str>) -> Result<&Image, String> {
        let names: Vec<&str> = self.images.iter().map(|image| image.container.as_str()).collect();
        let all = names.join(", ");
        match (container, self.images.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(format!("{} has {} containers ({all})", self.id, names.len())),
            (Some(name), images) => images
                .iter()
                .find(|image| image.container.as_str() == name)
                .ok_or_else(|| format!("{} has no container {name} (it has {all})", self.id)),
        }
    }
}

/// An image that a revision could be given, as its registry has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The whole reference (`repository:tag` or `repository@sha256:…`); empty where no container could be told.
    pub reference: Text,
    /// What its registry says.
    pub registry: Registered,
}

/// The image of one container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The container's name.
    pub container: Text,
    /// The reference as the task definition has it (`repository:tag` or `repository@sha256:…`).
    pub reference: Text,
    /// What its registry says.
    pub registry: Registered,
}

impl Image {
    /// The reference of another tag or digest (`sha256:…`) of the same repository.
    pub fn with(&self, version: &str) -> String {
        let whole = self.reference.as_str().split('@').next().unwrap_or_default();
        // A colon before the last slash is a port's.
        let slash = whole.rfind('/').map_or(0, |slash| slash + 1);
        let end = whole[slash..].find(':').map_or(whole.len(), |colon| slash + colon);
        let sign = if version.starts_with("sha256:") { '@' } else { ':' };
        format!("{}{sign}{version}", &whole[..end])
    }

    /// Repository and tag or digest, without the registry before them.
    pub fn short(&self) -> &str {
        let reference = self.reference.as_str();
        reference.split_once('/').filter(|(host, _)| host.contains('.')).map_or(reference, |(_, rest)| rest)
    }
}

/// What a registry (ECR) says of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl StoppedTask {
    /// Whether it failed, rather than being stopped by somebody or by the scheduler: it never started, an essential container
    /// ended by itself, it ran out of memory, or a health check failed.
    pub fn failed(&self) -> bool {
        let code = matches!(self.code.as_str(), "TaskFailedToStart" | "EssentialContainerExited");
        let check = self.reason.as_str().contains("failed") && self.reason.as_str().contains("health check");
        code || check || self.containers.iter().any(StoppedContainer::out_of_memory)
    }

    /// Why, as short as it can be told: the container that failed with its exit code, else ECS's words.
    pub fn why(&self) -> String {
        let bad = |container: &&StoppedContainer| container.reason.is_some() || container.exit_code.unwrap_or(0) != 0;
        let failed = self.failed().then(|| self.containers.iter().find(bad)).flatten();
        failed.map_or_else(|| self.reason.to_string(), |container| format!("{} {}", container.name, container.why()))
    }
}

/// A container of a task that stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedContainer {
    /// Its name.
    pub name: Text,
    /// Its exit code; `None` where it never ran. 137 is SIGKILL, mostly out of memory.
    pub exit_code: Option<i32>,
    /// Why, where ECS says (`OutOfMemoryError: …`, `CannotPullContainerError: …`).
    pub reason: Option<Text>,
}

impl StoppedContainer {
    /// Whether ECS says that it was killed for its memory.
    pub fn out_of_memory(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| reason.as_str().starts_with("OutOfMemory"))
    }

    /// `OUT OF MEMORY (exit 137)`, `exit 1`, `CannotPullContainerError: …`.
    fn why(&self) -> String {
        match (self.exit_code, &self.reason) {
            (Some(code), _) if self.out_of_memory() => format!("OUT OF MEMORY (exit {code})"),
            (Some(137), None) => "exit 137 (killed, mostly out of memory)".to_owned(),
            (Some(code), None) => format!("exit {code}"),
            (Some(code), Some(reason)) => format!("exit {code}: {reason}"),
            (None, Some(reason)) => reason.to_string(),
            (None, None) => "never ran".to_owned(),
        }
    }
}
