//! The scaling of a workload: bounds, policies, activities, and what is scheduled.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// The scaling of a workload (Application Auto Scaling).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The registered target; `None` where none is registered.
    pub target: Option<ScalingTarget>,
    /// Its policies.
    pub policies: Vec<ScalingPolicy>,
    /// The newest activities first; bounded.
    pub activities: Vec<ScalingActivity>,
    /// Set where the activities could not be read though the target could.
    pub activities_missing: Option<Text>,
    /// What moves the bounds at set times, the next one first; bounded.
    #[serde(default)]
    pub scheduled: Vec<ScheduledAction>,
    /// Set where not all scheduled actions could be read.
    #[serde(default)]
    pub scheduled_missing: Option<Text>,
}

/// Bounds of a scaling target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingTarget {
    /// Least desired count.
    pub min: u32,
    /// Greatest desired count.
    pub max: u32,
    /// Whether scaling in is suspended.
    pub scale_in_suspended: bool,
    /// Whether scaling out is suspended.
    pub scale_out_suspended: bool,
    /// Whether scheduled actions are suspended.
    #[serde(default)]
    pub scheduled_suspended: bool,
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: Text,
    /// `TargetTrackingScaling`, `StepScaling` or `PredictiveScaling`.
    pub kind: Text,
    /// The metric that it tracks.
    pub metric: Text,
    /// The value that it holds the metric at.
    pub target: Option<f64>,
    /// Whether it takes away what is not needed: target tracking does, unless its scale-in is disabled. What the alarms of a
    /// step policy do is not known.
    #[serde(default)]
    pub scales_in: bool,
}

/// One scaling activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingActivity {
    /// When it began.
    pub at: Timestamp,
    /// `Successful`, `InProgress`, `Failed`, …
    pub status: Text,
    /// What it did.
    pub description: Text,
    /// Why.
    pub cause: Text,
}

/// A scheduled action: it sets the bounds of the target, and thereby may move the desired count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledAction {
    /// Its name.
    pub name: Text,
    /// `cron(…)`, `rate(…)` or `at(…)`, as it is set.
    pub schedule: Text,
    /// The time zone of the schedule; `None` is UTC.
    pub zone: Option<Text>,
    /// The least desired count that it sets; `None` leaves it.
    pub min: Option<u32>,
    /// The greatest desired count that it sets; `None` leaves it.
    pub max: Option<u32>,
    /// When it runs next, reckoned when it was read.
    pub next: NextRun,
}

/// When something that is scheduled runs next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NextRun {
    /// At this moment.
    At {
        /// The moment.
        at: Timestamp,
    },
    /// Again and again, counted from a moment that nobody tells.
    Every {
        /// How far apart.
        seconds: u64,
    },
    /// Not again: its time or its end has passed.
    Over,
    /// It can't be reckoned.
    Unknown {
        /// Why.
        reason: Text,
    },
}

impl NextRun {
    /// The moment, where there is one.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::At { at } => Some(*at),
            _ => None,
        }
    }
}
