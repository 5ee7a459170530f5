//! Mutating calls, with absolute values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
}

impl Call {
    /// What it is about.
    pub fn family(&self) -> Family {
        match self {
            Self::EcsSetDesiredCount { .. } => Family::Count,
            Self::EcsForceNewDeployment { .. } => Family::Deployment,
            Self::ScalingSetBounds { .. } => Family::Bounds,
            Self::ScalingSetSuspended { .. } => Family::Suspension,
            Self::RdsFailOver { .. } | Self::RdsRebootWithFailover { .. } => Family::Failover,
        }
    }

    /// The place of `[[aws.place]]` that it goes to; `None` is `[aws]` itself.
    pub fn place(&self) -> Option<&Name> {
        match self {
            Self::EcsSetDesiredCount { place, .. }
            | Self::EcsForceNewDeployment { place, .. }
            | Self::ScalingSetBounds { place, .. }
            | Self::ScalingSetSuspended { place, .. }
            | Self::RdsFailOver { place, .. }
            | Self::RdsRebootWithFailover { place, .. } => place.as_ref(),
        }
    }

    /// The call with what earlier steps made put in; `None` where it needs what none of them made.
    pub fn resolved(&self, _made: &Made) -> Option<Self> {
        match self {
            Self::EcsSetDesiredCount { .. }
            | Self::EcsForceNewDeployment { .. }
            | Self::ScalingSetBounds { .. }
            | Self::ScalingSetSuspended { .. }
            | Self::RdsFailOver { .. }
            | Self::RdsRebootWithFailover { .. } => Some(self.clone()),
        }
    }
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
        }
        self.place().map_or(Ok(()), |place| write!(f, " in {place}"))
    }
}
