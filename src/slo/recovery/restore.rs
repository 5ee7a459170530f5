//! The last restore that is evidence.

use std::time::Duration;

use jiff::Timestamp;

use super::{ago, length};
use crate::source::{BackupJob, JobKind, JobOutcome, Protection, Validation};

/// A restore that is evidence that one can be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restored<'a> {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, where that was measured.
    pub took: Option<Duration>,
    /// Who knows of it.
    pub by: RestoredBy<'a>,
}

/// Who knows of a restore.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RestoredBy<'a> {
    /// A completed restore job.
    Job(&'a BackupJob),
    /// A person wrote it into the configuration.
    Person,
}

impl<'a> Restored<'a> {
    pub(super) fn last(
        protection: &'a Protection,
        recorded: Option<(Timestamp, Option<Duration>)>,
        now: Timestamp,
    ) -> Option<Self> {
        all(protection, recorded, now).max_by_key(|restored| restored.at)
    }

    /// Whether somebody or something looked at what was restored and found it good.
    pub fn is_validated(&self) -> bool {
        match self.by {
            RestoredBy::Person => true,
            RestoredBy::Job(job) => job.validation == Some(Validation::Successful),
        }
    }
}

/// How long the newest restore took whose time was measured.
pub(super) fn last_measured(
    protection: &Protection,
    recorded: Option<(Timestamp, Option<Duration>)>,
    now: Timestamp,
) -> Option<Duration> {
    let measured = all(protection, recorded, now).filter(|restored| restored.took.is_some());
    measured.max_by_key(|restored| restored.at)?.took
}

/// Completed restores that no validation refused, and the recorded one; none that lies in the future.
fn all<'a>(
    protection: &'a Protection,
    recorded: Option<(Timestamp, Option<Duration>)>,
    now: Timestamp,
) -> impl Iterator<Item = Restored<'a>> {
    let good = |job: &&BackupJob| {
        job.kind == JobKind::Restore
            && job.outcome == JobOutcome::Completed
            && job.validation != Some(Validation::Failed)
    };
    let jobs = protection.jobs.iter().filter(good).map(|job| Restored {
        at: job.created,
        took: job.completed.and_then(|end| length(job.created, end)),
        by: RestoredBy::Job(job),
    });
    let recorded = recorded.map(|(at, took)| Restored { at, took, by: RestoredBy::Person });
    jobs.chain(recorded).filter(move |restored| ago(restored.at, now).is_some())
}
