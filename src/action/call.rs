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
}

impl Call {
    /// What it is about.
    pub fn family(&self) -> Family {
        match self {
            Self::EcsSetDesiredCount { .. } => Family::Count,
            Self::EcsForceNewDeployment { .. } => Family::Deployment,
            Self::ScalingSetBounds { .. } => Family::Bounds,
            Self::ScalingSetSuspended { .. } => Family::Suspension,
        }
    }

    /// The place of `[[aws.place]]` that it goes to; `None` is `[aws]` itself.
    pub fn place(&self) -> Option<&Name> {
        match self {
            Self::EcsSetDesiredCount { place, .. }
            | Self::EcsForceNewDeployment { place, .. }
            | Self::ScalingSetBounds { place, .. }
            | Self::ScalingSetSuspended { place, .. } => place.as_ref(),
        }
    }

    /// The call with what earlier steps made put in; `None` where it needs what none of them made.
    pub fn resolved(&self, _made: &Made) -> Option<Self> {
        match self {
            Self::EcsSetDesiredCount { .. }
            | Self::EcsForceNewDeployment { .. }
            | Self::ScalingSetBounds { .. }
            | Self::ScalingSetSuspended { .. } => Some(self.clone()),
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
        }
        self.place().map_or(Ok(()), |place| write!(f, " in {place}"))
    }
}
