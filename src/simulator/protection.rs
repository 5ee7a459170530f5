//! The backups of the simulated fleet: a pure function of the calendar, so that every process sees the same.
//!
//! A cluster has a snapshot of each night at 03:12 UTC and saves its log every five minutes; AWS Backup makes a point each
//! night at 02:00; under a prefix lies a dump of each night at 04:30. One dump failed three nights ago.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::log::{Mutated, Mutation};
use super::measure::moment;
use super::noise::{seed_of, unit};
use crate::config::{CopySource, Protected};
use crate::slo::schedule::{Rule, look_back, schedule};
use crate::source::{
    BackupJob, CopyKind, Exportable, JobKind, JobOutcome, Protection, RecoveryPoint, RestoreWindow, Schedule,
    Validation,
};
use crate::text::Text;

const DAY: i64 = 86_400;

/// Nights that are kept.
const KEPT: i64 = 7;

/// The night, counted back from the last one, whose dump failed.
const FAILED: i64 = 3;

/// Size of an early dump, in bytes, and how much it grows a night.
const DUMP: f64 = 7.4e9;
const GROWTH: f64 = 3.0e7;

/// What could be restored of a thing `now`.
pub(super) fn protection(
    thing: &Protected,
    seed: u64,
    (began, seconds): (Timestamp, f64),
    mutations: &[Mutation],
) -> Protection {
    let now = moment(began, seconds);
    let requests = |of: &str| asked(mutations, of, (began, seconds));
    let mut all = Protection { protected: Some(true), ..Protection::default() };
    for kind in thing.copies.iter().flat_map(|copies| &copies.kinds) {
        match kind {
            CopySource::Cluster(name) | CopySource::Instance(name) => {
                cluster(&mut all, name, now);
                requests(name).iter().for_each(|asked| snapshot(&mut all, asked));
                all.exportable = exportable(&all, name).map(Box::new);
            }
            CopySource::AwsBackup { resource, .. } => {
                vault(&mut all, now);
                requests(resource).iter().for_each(|asked| backed_up(&mut all, asked));
            }
            CopySource::Objects { encryption, .. } => {
                let origin = Text::clean(&kind.objects_at().unwrap_or_default());
                dumps(&mut all, &origin, encryption.as_deref(), seed_of(seed, thing.name.as_str()), now);
            }
        }
    }
    all.points.sort_by_key(|point| std::cmp::Reverse(point.cut));
    all.jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
    all
}

/// The newest snapshot, of DocumentDB, which has no exports.
fn exportable(all: &Protection, name: &str) -> Option<Exportable> {
    let snapshots = all.points.iter().filter(|point| point.kind == CopyKind::Snapshot);
    let newest = snapshots.max_by_key(|point| point.cut)?;
    Some(Exportable {
        id: newest.id.clone(),
        arn: Text::clean(&format!("arn:aws:rds:simulated:000000000000:cluster-snapshot:{}", newest.id)),
        of: Text::clean(name),
        engine: Text::from("docdb"),
        cut: newest.cut,
        storage_gib: None,
    })
}

/// How long what was asked for takes, in seconds: until a job runs, until it is complete, until a snapshot is available.
const STARTS: f64 = 2.0;
const COMPLETE: f64 = 12.0;
const AVAILABLE: f64 = 8.0;

/// A backup that was asked for.
struct Asked<'a> {
    change: &'a Mutated,
    at: Timestamp,
    /// Seconds since then.
    age: f64,
}

/// What was asked for of a resource so far.
fn asked<'a>(mutations: &'a [Mutation], of: &str, (began, seconds): (Timestamp, f64)) -> Vec<Asked<'a>> {
    let so_far = mutations.iter().filter(|mutation| mutation.service == *of && mutation.at <= seconds);
    so_far.map(|one| Asked { change: &one.change, at: moment(began, one.at), age: seconds - one.at }).collect()
}

/// A job of AWS Backup that nobody scheduled.
fn backed_up(all: &mut Protection, asked: &Asked<'_>) {
    let Mutated::BackedUp(id) = asked.change else { return };
    let end = moment(asked.at, COMPLETE);
    let done = asked.age >= COMPLETE;
    let state = if done {
        "COMPLETED"
    } else if asked.age >= STARTS {
        "RUNNING"
    } else {
        "CREATED"
    };
    all.jobs.push(BackupJob {
        state: Text::from(state),
        outcome: if done { JobOutcome::Completed } else { JobOutcome::Running },
        completed: done.then_some(end),
        percent: Some((100.0 * asked.age / COMPLETE).min(100.0)),
        origin: None,
        ..job(id, JobKind::Backup, "", (asked.at, end))
    });
    if done {
        let made = point(id, CopyKind::AwsBackup, "", asked.at);
        all.points.push(RecoveryPoint { completed: Some(end), origin: None, ..made });
    }
}

/// A snapshot by hand: a job while it is made, a point when it is available.
fn snapshot(all: &mut Protection, asked: &Asked<'_>) {
    let Mutated::Snapshotted(id) = asked.change else { return };
    if asked.age >= AVAILABLE {
        return all.points.push(point(id, CopyKind::Snapshot, "manual", asked.at));
    }
    all.jobs.push(BackupJob {
        state: Text::from("creating"),
        outcome: JobOutcome::Running,
        completed: None,
        percent: Some(100.0 * asked.age / AVAILABLE),
        ..job(id, JobKind::Backup, "manual", (asked.at, asked.at))
    });
}

/// The last `KEPT` nights at so many minutes after midnight, the newest first, with their day since 1970.
fn nights(minutes: i64, now: Timestamp) -> impl Iterator<Item = (i64, Timestamp)> {
    let at = move |day: i64| Timestamp::from_second(day * DAY + minutes * 60).unwrap_or(now);
    let today = now.as_second().div_euclid(DAY);
    let last = if at(today) <= now { today } else { today - 1 };
    (0..KEPT).map(move |back| (last - back, at(last - back)))
}

fn cluster(all: &mut Protection, name: &str, now: Timestamp) {
    for (_, cut) in nights(192, now) {
        let id = format!("rds:{name}-{}", cut.strftime("%Y-%m-%d-%H-%M"));
        all.points.push(point(&id, CopyKind::Snapshot, "automated", cut));
    }
    // As the measure `restorable_lag` tells it: saved every five minutes, and 40 s of it under way.
    let lag = 40 + now.as_second().rem_euclid(300);
    let latest = after(now, -lag);
    let earliest = nights(192, now).last().map(|(_, cut)| cut);
    all.point_in_time = Some(RestoreWindow { earliest, latest });
    all.schedules.push(rule("automated", "03:00-04:00", None, now));
}

fn vault(all: &mut Protection, now: Timestamp) {
    for (day, cut) in nights(120, now) {
        let end = after(cut, 540 + day.rem_euclid(5) * 30);
        let id = format!("job-{day}");
        all.points.push(RecoveryPoint { completed: Some(end), ..point(&id, CopyKind::AwsBackup, "DailyBackups", cut) });
        all.jobs.push(job(&id, JobKind::Backup, "DailyBackups", (cut, end)));
    }
    let tested = after(now, -9 * DAY - now.as_second().rem_euclid(DAY));
    all.jobs.push(BackupJob {
        validation: Some(Validation::Successful),
        origin: None,
        ..job("restore-test", JobKind::Restore, "", (tested, after(tested, 2_520)))
    });
    all.schedules.push(rule("DailyBackups", "cron(0 2 ? * * *)", Some(3_600), now));
}

fn dumps(all: &mut Protection, origin: &Text, encryption: Option<&str>, seed: u64, now: Timestamp) {
    for (back, (day, cut)) in (0..).zip(nights(270, now)) {
        let end = after(cut, 240);
        let id = format!("exports/rtech-{}.gz", cut.strftime("%Y-%m-%dT%H-%M-%SZ"));
        if back == FAILED {
            let failed = job(&id, JobKind::Backup, origin, (cut, end));
            let message = Some(Text::from("the object has 0 bytes"));
            all.jobs.push(BackupJob { state: Text::from("EMPTY"), outcome: JobOutcome::Failed, message, ..failed });
            continue;
        }
        let bytes = DUMP + GROWTH * (KEPT - back) as f64 * (0.8 + 0.4 * unit(seed, day));
        all.points.push(RecoveryPoint {
            completed: Some(end).filter(|end| *end <= now),
            bytes: Some(bytes as u64),
            encryption: encryption.filter(|_| back == 0).map(Text::clean),
            ..point(&id, CopyKind::Object, origin, cut)
        });
    }
}

fn rule(name: &str, expression: &str, within: Option<u64>, now: Timestamp) -> Schedule {
    let start_within = within.map(Duration::from_secs);
    // What is kept is known; the night before is gone already.
    let checked_since = Some(after(look_back(now), 8 * DAY));
    let found = Rule { name, expression, zone: None, start_within, checked_since };
    Schedule { cold_after_days: None, delete_after_days: u32::try_from(KEPT).ok(), ..schedule(&found, now) }
}

fn point(id: &str, kind: CopyKind, origin: &str, cut: Timestamp) -> RecoveryPoint {
    RecoveryPoint {
        id: Text::clean(id),
        kind,
        origin: Some(Text::clean(origin)),
        cut,
        cut_is_end: false,
        completed: None,
        bytes: None,
        encrypted: Some(true),
        encryption: None,
        expires: None,
    }
}

fn job(id: &str, kind: JobKind, origin: &str, (created, completed): (Timestamp, Timestamp)) -> BackupJob {
    BackupJob {
        id: Text::clean(id),
        kind,
        state: Text::from("COMPLETED"),
        outcome: JobOutcome::Completed,
        validation: None,
        message: None,
        created,
        completed: Some(completed),
        percent: Some(100.0),
        origin: Some(Text::clean(origin)),
    }
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}
