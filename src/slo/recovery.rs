//! The mathematics of recovery: what would be lost now (RPO), what at worst, and how long a restore takes (RTO). Pure.
//!
//! - RPO now = now − the cut of the newest point that can be restored: the latest moment of point-in-time restore, or the
//!   *start* of the newest completed copy. Failed and partial jobs leave no point.
//! - RPO at worst = longest time between two runs + how long one takes + how long its copy takes.
//! - RTO = how long the last verified restore took. One that was never tested is not known: no vendor's figure stands in.
//!
//! Source: AWS Well-Architected, *Disaster Recovery of Workloads on AWS*; AWS Config's rule
//! `rds-meets-restore-time-target` compares the last measured restore too. A cut in the future (a clock that is wrong)
//! does not count, and what could not be read makes an upper bound of a loss, never a missed objective by itself.

mod loss;
mod objects;
mod restore;
mod runs;
mod worst;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::source::{BackupJob, Protection};
use crate::text::Text;

pub use loss::{Bound, Loss, Newest};
pub use objects::{Encryption, ObjectFinding, Shrinkage};
pub use restore::{RestoreTest, Restored, RestoredBy};
pub use runs::Lapse;
pub use worst::Worst;

/// How far a clock may run ahead of ours: a cut that lies further in the future is not believed.
pub const SKEW: Duration = Duration::from_secs(60);

/// How far back failed jobs and missing runs are told.
pub const LOOK_BACK: Duration = Duration::from_secs(14 * 86_400);

/// What is promised of a protected thing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Promise {
    /// Recovery point objective.
    pub rpo: Option<Duration>,
    /// Recovery time objective.
    pub rto: Option<Duration>,
    /// How far apart backups are, where a person said so.
    pub every: Option<Duration>,
    /// The last restore that a person recorded: when, and how long it took.
    pub recorded: Option<(Timestamp, Option<Duration>)>,
    /// What is asked of objects under a prefix.
    pub objects: Vec<ObjectPromise>,
}

/// What is asked of objects under a prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectPromise {
    /// Their place, as `s3://bucket/prefix`.
    pub origin: String,
    /// The server-side encryption that is wanted.
    pub encryption: Option<String>,
    /// The least size of the newest, in per cent of the median of those before.
    pub least_percent: u32,
}

/// How a figure stands against its objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Within it.
    Met,
    /// Beyond it.
    Missed,
    /// There is an objective, and no figure that could be held against it.
    Unknown,
    /// There is no objective.
    NotSet,
}

/// How a protected thing could be recovered at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery<'a> {
    /// What would be lost now.
    pub loss: Loss<'a>,
    /// That against the recovery point objective.
    pub rpo: Standing,
    /// What would be lost at worst, by the schedule.
    pub worst: Worst,
    /// That against the recovery point objective.
    pub rpo_worst: Standing,
    /// The last verified restore; `None` is *never tested*.
    pub restored: Option<Restored<'a>>,
    /// How long the last measured restore took.
    pub took: Option<Duration>,
    /// That against the recovery time objective.
    pub rto: Standing,
    /// Jobs that failed within [`LOOK_BACK`], the newest first.
    pub failed: Vec<&'a BackupJob>,
    /// Runs that were due and never began, the newest first.
    pub lapses: Vec<Lapse<'a>>,
    /// Schedules of which nobody can tell whether runs are missing.
    pub unchecked: Vec<&'a Text>,
    /// How the objects look.
    pub objects: Vec<ObjectFinding<'a>>,
}

/// How a thing could be recovered `now`, by what was read, what was tested from here, and what is promised.
pub fn recovery<'a>(
    protection: &'a Protection,
    tested: Option<&'a RestoreTest>,
    promise: &Promise,
    now: Timestamp,
) -> Recovery<'a> {
    let known = restore::Known { protection, tested, recorded: promise.recorded };
    let loss = Loss::now(protection, now);
    let worst = Worst::of(protection, promise.every);
    let restored = Restored::last(&known, now);
    let took = restore::last_measured(&known, now);
    Recovery {
        rpo: loss.standing(promise.rpo),
        rpo_worst: worst.standing(promise.rpo),
        rto: standing(took, promise.rto),
        failed: runs::failed(protection, now),
        lapses: runs::lapses(protection, promise, now),
        unchecked: runs::unchecked(protection),
        objects: objects::findings(protection, &promise.objects, now),
        loss,
        worst,
        restored,
        took,
    }
}

impl Recovery<'_> {
    /// Failed jobs that nothing of their kind and rule completed after.
    pub fn failing(&self) -> impl Iterator<Item = &BackupJob> {
        let completed = self.loss.protection();
        self.failed.iter().copied().filter(move |job| !runs::made_good(completed, job))
    }

    /// Missing runs that no completed one followed.
    pub fn lapsing(&self) -> impl Iterator<Item = &Lapse<'_>> {
        self.lapses.iter().filter(|lapse| !lapse.made_good)
    }
}

/// A figure against its objective: equal is within.
fn standing(figure: Option<Duration>, objective: Option<Duration>) -> Standing {
    match (figure, objective) {
        (_, None) => Standing::NotSet,
        (None, Some(_)) => Standing::Unknown,
        (Some(figure), Some(objective)) if figure <= objective => Standing::Met,
        (Some(_), Some(_)) => Standing::Missed,
    }
}

/// From `then` to `now`; zero for what lies ahead by no more than [`SKEW`], `None` for what lies further ahead.
fn ago(then: Timestamp, now: Timestamp) -> Option<Duration> {
    let signed = now.duration_since(then);
    match Duration::try_from(signed) {
        Ok(age) => Some(age),
        Err(_) => (signed.unsigned_abs() <= SKEW).then_some(Duration::ZERO),
    }
}

/// From the beginning to the end, where it is that way round.
fn length(from: Timestamp, to: Timestamp) -> Option<Duration> {
    Duration::try_from(to.duration_since(from)).ok()
}

#[cfg(test)]
mod tests;
