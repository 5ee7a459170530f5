//! Mutating calls, with absolute values.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CopyChange, ExportTask, Matcher, declared};
use crate::source::Name;

/// What earlier steps of a run made, by step: the identifier of a new revision, snapshot, silence …
pub type Made = BTreeMap<usize, String>;

/// A mutating call. Each is sent once; whether a repeat would be harmless stands at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// `ecs:UpdateService` with a desired count.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
    EcsSetDesiredCount {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// The desired count.
        desired: u32,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `ecs:UpdateService` that forces a new deployment of the same revision. A repeat starts a deployment more.
    EcsForceNewDeployment {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `application-autoscaling:RegisterScalableTarget` of a registered target, with both bounds. A repeat sets them again.
    /// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>
    ScalingSetBounds {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// Least desired count.
        min: u32,
        /// Greatest desired count.
        max: u32,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `cloudfront:CreateInvalidation`. Its CallerReference is made of the plan's digest, so that a repeat is the same
    /// invalidation. <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>
    CloudFrontInvalidate {
        /// The distribution's id.
        distribution: String,
        /// The paths, each beginning with `/`.
        paths: Vec<String>,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `elasticloadbalancing:ModifyListener` or `ModifyRule` with the weights of all target groups. A repeat sets them again.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html>
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>
    ElbSetWeights {
        /// The ARN of the listener (its default action) or of the rule.
        route: String,
        /// All target groups that it forwards to.
        weights: Vec<GroupWeight>,
        /// How long a visitor stays with a group, as it is set now: what is not named would be taken away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sticky_seconds: Option<u32>,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// The same with what is suspended, all three kinds. A repeat sets them again.
    ScalingSetSuspended {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// Whether scaling in is suspended.
        inward: bool,
        /// Whether scaling out is suspended.
        outward: bool,
        /// Whether scheduled actions are suspended.
        scheduled: bool,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `rds:FailoverDBCluster`, always with its target. A repeat finds the target the writer already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html>
    RdsFailOver {
        /// The cluster.
        cluster: String,
        /// The instance that becomes the writer.
        to: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `rds:RebootDBInstance` with ForceFailover. A repeat would fail back.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html>
    RdsRebootWithFailover {
        /// The instance.
        instance: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// Cloudflare's purge_cache. A repeat purges again what was cached since.
    /// <https://developers.cloudflare.com/api/resources/cache/methods/purge/>
    CloudflarePurge {
        /// The service whose zone it is: its token is used.
        service: Name,
        /// The zone's id.
        zone: String,
        /// What is purged.
        purge: Purge,
    },
    /// `POST /api/v2/silences` of Alertmanager. A repeat makes a second silence of the same.
    /// <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>
    AlertmanagerSilence {
        /// The Alertmanager's base URL.
        url: String,
        /// What it matches.
        matchers: Vec<Matcher>,
        /// From when; a moment that is past is taken for now.
        starts: Timestamp,
        /// Until when.
        ends: Timestamp,
        /// Why.
        comment: String,
    },
    /// `DELETE /api/v2/silence/ID` of Alertmanager: the silence ends now. A repeat is refused.
    AlertmanagerExpire {
        /// The Alertmanager's base URL.
        url: String,
        /// The silence.
        id: String,
    },
    /// `ecs:RegisterTaskDefinition` of a copy of a revision in which one container has another image. A repeat registers a
    /// revision more.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
    EcsRegisterRevision {
        /// The revision that is copied (`family:revision`).
        base: String,
        /// The container whose image is another one.
        container: String,
        /// That image, whole (`repository:tag` or `repository@sha256:…`).
        image: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `ecs:UpdateService` to a revision. A repeat changes nothing: it is that revision already.
    EcsDeployRevision {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// The revision (`family:revision`); none is the one that the plan's first step makes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `ecs:StopServiceDeployment`. A repeat is refused: there is nothing to stop any more.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>
    EcsStopServiceDeployment {
        /// The service deployment's ARN.
        deployment: String,
        /// Whether it is rolled back, or left as it stands (`ROLLBACK`, `ABORT`).
        rollback: bool,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `ecs:StopTask`. A repeat stops nothing more: it names one task.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html>
    EcsStopTask {
        /// The cluster.
        cluster: String,
        /// The task's identifier.
        task: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `backup:StartBackupJob`. Its token makes a repeat harmless.
    /// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html>
    BackupStart {
        /// The vault.
        vault: String,
        /// The ARN of what is backed up.
        resource: String,
        /// The ARN of the role that AWS Backup takes.
        role: String,
        /// The idempotency token.
        token: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `rds:CreateDBClusterSnapshot`. A repeat finds the snapshot there already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBClusterSnapshot.html>
    RdsClusterSnapshot {
        /// The cluster.
        cluster: String,
        /// The snapshot's identifier.
        snapshot: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `rds:CreateDBSnapshot`. A repeat finds the snapshot there already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
    RdsInstanceSnapshot {
        /// The instance.
        instance: String,
        /// The snapshot's identifier.
        snapshot: String,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// `rds:StartExportTask` of a snapshot. A repeat finds the task there already.
    RdsExport {
        /// What is exported, and where to.
        #[serde(flatten)]
        task: Box<ExportTask>,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
    /// A request that the configuration declares. Whether a repeat would be harmless is declared with it.
    DeclaredRequest {
        /// The service.
        service: Name,
        /// The declared action.
        name: Name,
        /// SHA-256, hex, of the declaration.
        declaration: String,
        /// The method.
        method: String,
        /// The whole URL.
        url: String,
        /// The type of its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_type: Option<String>,
        /// Its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// SHA-256, hex, of its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_sha256: Option<String>,
        /// The longest that it may take.
        timeout_seconds: u64,
    },
    /// A local command that the configuration declares. Whether a repeat would be harmless is declared with it.
    DeclaredCommand {
        /// The service.
        service: Name,
        /// The declared action.
        name: Name,
        /// SHA-256, hex, of the declaration.
        declaration: String,
        /// The program and its arguments.
        command: Vec<String>,
        /// Where it runs.
        directory: String,
        /// The variables that it is given besides `PATH`, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        env: Vec<String>,
        /// The longest that it may run.
        timeout_seconds: u64,
    },
    /// A restored copy beside production is made or removed.
    RdsCopy {
        /// What is done to it.
        #[serde(flatten)]
        change: CopyChange,
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
    },
}

/// What of a Cloudflare zone's cache is purged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purge {
    /// These URLs.
    Files(Vec<String>),
    /// All below these, each a host and a path, such as `example.com/blog/`.
    Prefixes(Vec<String>),
    /// All.
    Everything,
}

impl std::fmt::Display for Purge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Files(urls) => write!(f, "files={}", urls.join(",")),
            Self::Prefixes(prefixes) => write!(f, "prefixes={}", prefixes.join(",")),
            Self::Everything => write!(f, "purge_everything=true"),
        }
    }
}

/// A target group and its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupWeight {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub group: String,
    /// Its weight, 0 to 999.
    pub weight: u32,
}

/// What a call is about: which guards judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// The count of a workload's tasks.
    Count,
    /// The deployment of a workload.
    Deployment,
    /// The bounds of a scaling target.
    Bounds,
    /// What of a scaling target is suspended.
    Suspension,
    /// Which instance of a database takes the writes.
    Failover,
    /// The caches of a content delivery network on AWS.
    CloudFront,
    /// The caches of a Cloudflare zone.
    Cloudflare,
    /// What of its alerts Alertmanager tells.
    Silence,
    /// Weights of target groups.
    Traffic,
    /// The deployment of another revision to a workload.
    Revision,
    /// A new revision of a workload's definition; nothing runs it yet.
    Definition,
    /// The end of a workload's deployment before it is done.
    Halt,
    /// One task of a workload.
    Task,
    /// One copy more of what is protected.
    Backup,
    /// A copy of what is protected that is written to S3.
    Export,
    /// What a declared request changes.
    Request,
    /// What a declared command on this host changes.
    Command,
    /// A database beside production that is restored from a copy.
    Restore,
    /// The removal of what was restored beside production.
    Removal,
}

/// How long a call may take before nobody waits for its answer; the client's own timeouts are shorter.
const PATIENCE: Duration = Duration::from_secs(35);

/// How much longer is waited than a declared timeout: for what comes before and after it.
const BEYOND: Duration = Duration::from_secs(10);

impl Call {
    /// What it is about.
    pub fn family(&self) -> Family {
        match self {
            Self::EcsSetDesiredCount { .. } => Family::Count,
            Self::EcsForceNewDeployment { .. } => Family::Deployment,
            Self::ScalingSetBounds { .. } => Family::Bounds,
            Self::ScalingSetSuspended { .. } => Family::Suspension,
            Self::RdsFailOver { .. } | Self::RdsRebootWithFailover { .. } => Family::Failover,
            Self::CloudFrontInvalidate { .. } => Family::CloudFront,
            Self::CloudflarePurge { .. } => Family::Cloudflare,
            Self::AlertmanagerSilence { .. } | Self::AlertmanagerExpire { .. } => Family::Silence,
            Self::ElbSetWeights { .. } => Family::Traffic,
            Self::EcsDeployRevision { .. } => Family::Revision,
            Self::EcsRegisterRevision { .. } => Family::Definition,
            Self::EcsStopServiceDeployment { .. } => Family::Halt,
            Self::EcsStopTask { .. } => Family::Task,
            Self::BackupStart { .. } | Self::RdsClusterSnapshot { .. } | Self::RdsInstanceSnapshot { .. } => {
                Family::Backup
            }
            Self::RdsExport { .. } => Family::Export,
            Self::DeclaredRequest { .. } => Family::Request,
            Self::DeclaredCommand { .. } => Family::Command,
            Self::RdsCopy { change, .. } => change.family(),
        }
    }

    /// The digest of the declaration that it carries out, where the configuration declares it.
    pub fn declaration(&self) -> Option<&str> {
        match self {
            Self::DeclaredRequest { declaration, .. } | Self::DeclaredCommand { declaration, .. } => Some(declaration),
            _ => None,
        }
    }

    /// How long it may take before nobody waits for its answer.
    pub fn patience(&self) -> Duration {
        match self {
            Self::DeclaredRequest { timeout_seconds, .. } | Self::DeclaredCommand { timeout_seconds, .. } => {
                Duration::from_secs(*timeout_seconds).saturating_add(BEYOND)
            }
            _ => PATIENCE,
        }
    }

    /// The place of `[[aws.place]]` that it goes to; `None` is `[aws]` itself.
    pub fn place(&self) -> Option<&Name> {
        match self {
            Self::EcsSetDesiredCount { place, .. }
            | Self::EcsForceNewDeployment { place, .. }
            | Self::ScalingSetBounds { place, .. }
            | Self::ScalingSetSuspended { place, .. }
            | Self::ElbSetWeights { place, .. }
            | Self::RdsFailOver { place, .. }
            | Self::RdsRebootWithFailover { place, .. }
            | Self::EcsRegisterRevision { place, .. }
            | Self::EcsDeployRevision { place, .. }
            | Self::EcsStopServiceDeployment { place, .. }
            | Self::EcsStopTask { place, .. }
            | Self::BackupStart { place, .. }
            | Self::RdsClusterSnapshot { place, .. }
            | Self::RdsInstanceSnapshot { place, .. }
            | Self::RdsExport { place, .. }
            | Self::RdsCopy { place, .. }
            | Self::CloudFrontInvalidate { place, .. } => place.as_ref(),
            Self::CloudflarePurge { .. }
            | Self::AlertmanagerSilence { .. }
            | Self::AlertmanagerExpire { .. }
            | Self::DeclaredRequest { .. }
            | Self::DeclaredCommand { .. } => None,
        }
    }

    /// Whether it does nothing but remove what an earlier step of its plan made.
    pub fn only_removes(&self) -> bool {
        matches!(self, Self::RdsCopy { change, .. } if change.removes().is_some())
    }

    /// Whether it removes what an earlier step would have made, and none did: then there is nothing to do.
    pub fn removes_nothing(&self, made: &Made) -> bool {
        matches!(self, Self::RdsCopy { change, .. } if change.removes().is_some_and(|step| !made.contains_key(&step)))
    }

    /// Whether it sets the weights of a rule, not those of a listener.
    pub fn is_of_rule(&self) -> bool {
        matches!(self, Self::ElbSetWeights { route, .. } if route.contains(":listener-rule/"))
    }

    /// The call with what earlier steps made put in; `None` where it needs what none of them made.
    pub fn resolved(&self, made: &Made) -> Option<Self> {
        match self {
            Self::EcsDeployRevision { cluster, service, revision: None, place } => Some(Self::EcsDeployRevision {
                cluster: cluster.clone(),
                service: service.clone(),
                revision: Some(made.get(&0)?.clone()),
                place: place.clone(),
            }),
            Self::RdsCopy { change, .. } => change.is_due(made).then(|| self.clone()),
            Self::EcsSetDesiredCount { .. }
            | Self::EcsForceNewDeployment { .. }
            | Self::ScalingSetBounds { .. }
            | Self::ScalingSetSuspended { .. }
            | Self::ElbSetWeights { .. }
            | Self::RdsFailOver { .. }
            | Self::RdsRebootWithFailover { .. }
            | Self::EcsRegisterRevision { .. }
            | Self::EcsDeployRevision { .. }
            | Self::EcsStopServiceDeployment { .. }
            | Self::EcsStopTask { .. }
            | Self::CloudFrontInvalidate { .. }
            | Self::BackupStart { .. }
            | Self::RdsClusterSnapshot { .. }
            | Self::RdsInstanceSnapshot { .. }
            | Self::RdsExport { .. }
            | Self::CloudflarePurge { .. }
            | Self::AlertmanagerSilence { .. }
            | Self::AlertmanagerExpire { .. }
            | Self::DeclaredRequest { .. }
            | Self::DeclaredCommand { .. } => Some(self.clone()),
        }
    }
}

/// The beginning of a digest, for people.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The variables that a program is given, if any.
fn given(env: &[String]) -> String {
    if env.is_empty() { String::new() } else { format!(" with {}", env.join(", ")) }
}

/// The operation that sets bounds and suspension alike.
const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";

/// As the provider names it, with its values: `ecs:UpdateService cluster/service desiredCount=4`.
impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EcsSetDesiredCount { cluster, service, desired, .. } => {
                write!(f, "ecs:UpdateService {cluster}/{service} desiredCount={desired}")?;
            }
            Self::EcsForceNewDeployment { cluster, service, .. } => {
                write!(f, "ecs:UpdateService {cluster}/{service} forceNewDeployment=true")?;
            }
            Self::ScalingSetBounds { cluster, service, min, max, .. } => {
                write!(f, "{REGISTER} {cluster}/{service} MinCapacity={min} MaxCapacity={max}")?;
            }
            Self::ElbSetWeights { route, weights, .. } => {
                let operation = if self.is_of_rule() { "ModifyRule" } else { "ModifyListener" };
                let short = route.split_once(":listener").map_or(route.as_str(), |(_, rest)| rest);
                let short = short.trim_start_matches("-rule").trim_start_matches('/');
                write!(f, "elasticloadbalancing:{operation} {short}")?;
                weights.iter().try_for_each(|one| write!(f, " {}={}", one.name, one.weight))?;
            }
            Self::ScalingSetSuspended { cluster, service, inward, outward, scheduled, .. } => {
                write!(f, "{REGISTER} {cluster}/{service} SuspendedState in={inward} out={outward} ")?;
                write!(f, "scheduled={scheduled}")?;
            }
            Self::RdsFailOver { cluster, to, .. } => {
                write!(f, "rds:FailoverDBCluster {cluster} targetDBInstanceIdentifier={to}")?;
            }
            Self::RdsRebootWithFailover { instance, .. } => {
                write!(f, "rds:RebootDBInstance {instance} forceFailover=true")?;
            }
            Self::CloudFrontInvalidate { distribution, paths, .. } => {
                write!(f, "cloudfront:CreateInvalidation {distribution} {}", paths.join(","))?;
            }
            Self::CloudflarePurge { zone, purge, .. } => write!(f, "POST zones/{zone}/purge_cache {purge}")?,
            Self::AlertmanagerSilence { url, matchers, ends, .. } => {
                write!(f, "POST {url}api/v2/silences {} until {ends:.0}", Matcher::list(matchers))?;
            }
            Self::AlertmanagerExpire { url, id } => write!(f, "DELETE {url}api/v2/silence/{id}")?,
            Self::EcsRegisterRevision { base, container, image, .. } => {
                write!(f, "ecs:RegisterTaskDefinition as {base} with {container} image={image}")?;
            }
            Self::EcsDeployRevision { cluster, service, revision, .. } => {
                let revision = revision.as_deref().unwrap_or("(the one that step 1 makes)");
                write!(f, "ecs:UpdateService {cluster}/{service} taskDefinition={revision}")?;
            }
            Self::EcsStopServiceDeployment { deployment, rollback, .. } => {
                let kind = if *rollback { "ROLLBACK" } else { "ABORT" };
                write!(f, "ecs:StopServiceDeployment {deployment} stopType={kind}")?;
            }
            Self::EcsStopTask { cluster, task, .. } => write!(f, "ecs:StopTask {cluster} task={task}")?,
            Self::BackupStart { vault, resource, role, token, .. } => {
                write!(f, "backup:StartBackupJob {vault} resource={resource} role={role} token={token}")?;
            }
            Self::RdsClusterSnapshot { cluster, snapshot, .. } => {
                write!(f, "rds:CreateDBClusterSnapshot {cluster} snapshot={snapshot}")?;
            }
            Self::RdsInstanceSnapshot { instance, snapshot, .. } => {
                write!(f, "rds:CreateDBSnapshot {instance} snapshot={snapshot}")?;
            }
            Self::RdsExport { task, .. } => write!(f, "{task}")?,
            Self::DeclaredRequest { method, url, content_type, body_sha256, .. } => {
                write!(f, "{method} {url}")?;
                content_type.iter().try_for_each(|kind| write!(f, " {kind}"))?;
                body_sha256.iter().try_for_each(|digest| write!(f, " sha256:{}…", short(digest)))?;
            }
            Self::DeclaredCommand { command, directory, env, .. } => {
                write!(f, "{} in {directory}{}", declared::line(command), given(env))?;
            }
            Self::RdsCopy { change, .. } => write!(f, "{change}")?,
        }
        self.place().map_or(Ok(()), |place| write!(f, " in {place}"))
    }
}
