//! What would be lost at worst: just before the next copy is whole.

use std::time::Duration;

use super::{Standing, length};
use crate::source::{BackupJob, JobKind, JobOutcome, Protection};

/// The worst case of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worst {
    /// Point-in-time restore follows all the time; the schedule is not what bounds the loss.
    Continuous,
    /// By the schedule: the sum of its parts.
    Scheduled {
        /// The longest time between two runs.
        interval: Duration,
        /// The longest that one took; `None` where no run tells.
        duration: Option<Duration>,
        /// The longest that a copy elsewhere took; `None` where no copy tells.
        copy: Option<Duration>,
        /// Whether copies elsewhere are made, or may be.
        copied: bool,
    },
    /// No schedule is known.
    Unknown,
}

impl Worst {
    pub(super) fn of(protection: &Protection, every: Option<Duration>) -> Self {
        // With several rules a run comes at least as often as the most frequent one.
        let found = || protection.schedules.iter().filter_map(|schedule| schedule.longest_gap).min();
        match every.or_else(found) {
            _ if protection.point_in_time.is_some() => Self::Continuous,
            None => Self::Unknown,
            Some(interval) => Self::Scheduled {
                interval,
                duration: longest_run(protection),
                copy: longest_job(protection, JobKind::Copy),
                copied: protection.jobs.iter().any(|job| job.kind == JobKind::Copy) || copies_unread(protection),
            },
        }
    }

    /// The sum of what is known, and whether all of it is.
    pub fn total(&self) -> Option<(Duration, bool)> {
        let Self::Scheduled { interval, duration, copy, copied } = *self else { return None };
        let whole = duration.is_some() && (copy.is_some() || !copied);
        let sum = interval.saturating_add(duration.unwrap_or_default()).saturating_add(copy.unwrap_or_default());
        Some((sum, whole))
    }

    pub(super) fn standing(&self, objective: Option<Duration>) -> Standing {
        match (self.total(), objective) {
            (_, None) => Standing::NotSet,
            (Some((sum, _)), Some(objective)) if sum > objective => Standing::Missed,
            (Some((_, true)), Some(_)) => Standing::Met,
            _ => Standing::Unknown,
        }
    }
}

fn copies_unread(protection: &Protection) -> bool {
    protection.missing.iter().any(|missing| missing.part.as_str() == "copy jobs")
}

/// Of completed backup jobs, and of points that tell both start and end.
fn longest_run(protection: &Protection) -> Option<Duration> {
    let points = protection.points.iter().filter(|point| !point.cut_is_end);
    let points = points.filter_map(|point| length(point.cut, point.completed?)).max();
    points.max(longest_job(protection, JobKind::Backup))
}

fn longest_job(protection: &Protection, kind: JobKind) -> Option<Duration> {
    let done = |job: &&BackupJob| job.kind == kind && job.outcome == JobOutcome::Completed;
    protection.jobs.iter().filter(done).filter_map(|job| length(job.created, job.completed?)).max()
}
