//! Jobs that failed, and runs that never began.

use std::time::Duration;

use jiff::Timestamp;

use super::{LOOK_BACK, ObjectPromise, Promise, ago};
use crate::source::{BackupJob, CopyKind, JobKind, JobOutcome, Protection, RecoveryPoint, Schedule};
use crate::text::Text;

/// How much earlier than its time a run may begin: clocks differ.
const EARLY: Duration = Duration::from_secs(120);

/// The most missing runs that are told.
const MOST: usize = 100;

/// A run that was due and never began.
#[derive(Debug, Clone, PartialEq)]
pub struct Lapse<'a> {
    /// The rule, or the place of the objects.
    pub rule: &'a Text,
    /// When it was due.
    pub due: Timestamp,
    /// Whether a completed run followed.
    pub made_good: bool,
}

/// Failed jobs of the last days, the newest first.
pub(super) fn failed(protection: &Protection, now: Timestamp) -> Vec<&BackupJob> {
    let is = |job: &&BackupJob| {
        job.outcome == JobOutcome::Failed && ago(job.created, now).is_some_and(|age| age <= LOOK_BACK)
    };
    let mut failed: Vec<&BackupJob> = protection.jobs.iter().filter(is).collect();
    failed.sort_by_key(|job| std::cmp::Reverse(job.created));
    failed
}

/// Whether one of the same kind and rule completed after a failed job.
pub(super) fn made_good(protection: &Protection, failed: &BackupJob) -> bool {
    let later = |job: &BackupJob| {
        job.kind == failed.kind
            && job.origin == failed.origin
            && job.outcome == JobOutcome::Completed
            && job.created > failed.created
    };
    protection.jobs.iter().any(later) || (failed.kind == JobKind::Backup && made_after(protection, failed))
}

fn made_after(protection: &Protection, failed: &BackupJob) -> bool {
    let later = |point: &RecoveryPoint| point.origin == failed.origin && point.cut > failed.created;
    protection.points.iter().any(later)
}

/// Schedules whose expression is not understood, or whose runs can't be looked up.
pub(super) fn unchecked(protection: &Protection) -> Vec<&Text> {
    let open = |schedule: &&Schedule| schedule.checked_since.is_none() || schedule.longest_gap.is_none();
    protection.schedules.iter().filter(open).map(|schedule| &schedule.name).collect()
}

/// Runs that were due and never began, the newest first. One that may still begin is not missing; one that failed is told
/// among the failed.
pub(super) fn lapses<'a>(protection: &'a Protection, promise: &Promise, now: Timestamp) -> Vec<Lapse<'a>> {
    let mut all: Vec<Lapse<'a>> = protection.schedules.iter().flat_map(|s| of_schedule(protection, s, now)).collect();
    if let Some(every) = promise.every {
        all.extend(promise.objects.iter().flat_map(|asked| of_objects(protection, asked, every, now)));
    }
    all.sort_by_key(|lapse| std::cmp::Reverse(lapse.due));
    all.truncate(MOST);
    all
}

fn of_schedule<'a>(
    protection: &'a Protection,
    schedule: &'a Schedule,
    now: Timestamp,
) -> impl Iterator<Item = Lapse<'a>> {
    let wanted = move |due: &Timestamp| {
        let told = schedule.checked_since.is_some_and(|since| *due >= since);
        let recent = ago(*due, now).is_some_and(|age| age > schedule.start_within && age <= LOOK_BACK);
        told && recent && !began(protection, schedule, *due)
    };
    schedule.due.iter().copied().filter(wanted).map(move |due| Lapse {
        rule: &schedule.name,
        due,
        made_good: ends(protection, &schedule.name).any(|cut| cut > due),
    })
}

/// Whether a run of that rule began in time, whatever became of it.
fn began(protection: &Protection, schedule: &Schedule, due: Timestamp) -> bool {
    let within = |at: Timestamp| {
        let (Ok(from), Ok(to)) = (due.checked_sub(EARLY), due.checked_add(schedule.start_within)) else { return false };
        (from..=to).contains(&at)
    };
    let is = |origin: &Option<Text>| origin.as_ref() == Some(&schedule.name);
    protection.jobs.iter().any(|job| job.kind == JobKind::Backup && is(&job.origin) && within(job.created))
        || protection.points.iter().any(|point| is(&point.origin) && within(point.cut))
}

/// Cuts of completed runs of a rule.
fn ends<'a>(protection: &'a Protection, rule: &'a Text) -> impl Iterator<Item = Timestamp> + 'a {
    let jobs = protection.jobs.iter().filter(move |job| {
        job.kind == JobKind::Backup && job.outcome == JobOutcome::Completed && job.origin.as_ref() == Some(rule)
    });
    let points = protection.points.iter().filter(move |point| point.origin.as_ref() == Some(rule));
    jobs.map(|job| job.created).chain(points.map(|point| point.cut))
}

/// Objects come without a schedule: one that follows the one before later than one and a half intervals left one out, and
/// so does the newest once it is older than that. Nothing is told where the list is not whole.
fn of_objects<'a>(
    protection: &'a Protection,
    asked: &ObjectPromise,
    every: Duration,
    now: Timestamp,
) -> Vec<Lapse<'a>> {
    if protection.missing.iter().any(|missing| missing.points) {
        return Vec::new();
    }
    let is = |point: &&RecoveryPoint| {
        point.kind == CopyKind::Object && point.origin.as_ref().is_some_and(|at| at.as_str() == asked.origin)
    };
    let mut points: Vec<&RecoveryPoint> = protection.points.iter().filter(is).collect();
    points.sort_by_key(|point| point.cut);
    let next = points.iter().skip(1).map(|point| Some(point.cut)).chain([None]);
    let gaps = points.iter().zip(next).filter_map(|(point, next)| {
        let end = next.unwrap_or(now);
        let gap = super::length(point.cut, end)?;
        let due = point.cut.checked_add(every).ok()?;
        let recent = ago(due, now).is_some_and(|age| age <= LOOK_BACK);
        let rule = point.origin.as_ref()?;
        let failed = || failed_near(protection, rule, due, every);
        (recent && gap > every.mul_f64(1.5) && !failed()).then_some(Lapse { rule, due, made_good: next.is_some() })
    });
    gaps.collect()
}

/// Whether a failed one came in place of what was due: it is told among the failed.
fn failed_near(protection: &Protection, origin: &Text, due: Timestamp, every: Duration) -> bool {
    let near = |job: &BackupJob| job.created.duration_since(due).unsigned_abs() <= every / 2;
    protection
        .jobs
        .iter()
        .any(|job| job.outcome == JobOutcome::Failed && job.origin.as_ref() == Some(origin) && near(job))
}
