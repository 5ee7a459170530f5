//! The last restore that is evidence.

use std::time::Duration;

use jiff::Timestamp;

use super::{ago, length};
use crate::source::{BackupJob, JobKind, JobOutcome, Name, Protection, Validation};
use crate::text::Text;

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

/// A restore test that was made from here, as the journal tells it: the copy was available and found to be what was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreTest {
    /// The protected thing.
    pub protected: Name,
    /// The run.
    pub run: Text,
    /// When the restore was asked for.
    pub at: Timestamp,
    /// How long it took until the copy was available and checked.
    pub took: Duration,
}

/// Who knows of a restore.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RestoredBy<'a> {
    /// A completed restore job.
    Job(&'a BackupJob),
    /// A restore test of a run.
    Run(&'a RestoreTest),
    /// A person wrote it into the configuration.
    Person,
}

impl<'a> Restored<'a> {
    pub(super) fn last(known: &Known<'a>, now: Timestamp) -> Option<Self> {
        all(known, now).max_by_key(|restored| restored.at)
    }

    /// Whether somebody or something looked at what was restored and found it good.
    pub fn is_validated(&self) -> bool {
        match self.by {
            RestoredBy::Person | RestoredBy::Run(_) => true,
            RestoredBy::Job(job) => job.validation == Some(Validation::Successful),
        }
    }
}

/// How long the newest restore took whose time was measured.
pub(super) fn last_measured(known: &Known<'_>, now: Timestamp) -> Option<Duration> {
    let measured = all(known, now).filter(|restored| restored.took.is_some());
    measured.max_by_key(|restored| restored.at)?.took
}

/// All that is known of restores.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The jobs of the platform.
    pub(super) protection: &'a Protection,
    /// The last test that was made from here.
    pub(super) tested: Option<&'a RestoreTest>,
    /// What a person recorded.
    pub(super) recorded: Option<(Timestamp, Option<Duration>)>,
}

/// Completed restores that no validation refused, the one that was tested from here, and the recorded one; none that lies in
/// the future.
fn all<'a>(known: &Known<'a>, now: Timestamp) -> impl Iterator<Item = Restored<'a>> {
    let Known { protection, tested, recorded } = *known;
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
    let tested = tested.map(|test| Restored { at: test.at, took: Some(test.took), by: RestoredBy::Run(test) });
    jobs.chain(tested).chain(recorded).filter(move |restored| ago(restored.at, now).is_some())
}
