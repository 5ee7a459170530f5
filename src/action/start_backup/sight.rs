//! What a look tells of a backup that was started.

use std::time::Duration;

use super::{Way, jobs, point_in_words, under_way};
use crate::action::{Call, Effect, Scene, Sight, Stage};
use crate::source::{BackupJob, JobKind, JobOutcome, Observation, Protection};

/// How much earlier than the plan a job may seem to be created: clocks differ.
const SKEW: Duration = Duration::from_secs(60);

/// What a look tells of a step.
pub(super) fn of(scene: &Scene<'_>, found: &Observation) -> Sight {
    let Some(now) = &found.protection else { return unclear("its backups were not read".to_owned()) };
    match scene.plan.step(scene.step).map(|step| &step.call) {
        Some(Call::BackupStart { .. }) => job_sight(scene, now),
        Some(Call::RdsClusterSnapshot { snapshot, .. } | Call::RdsInstanceSnapshot { snapshot, .. }) => {
            snapshot_sight(snapshot, now)
        }
        Some(Call::RdsExport { task, .. }) => export_sight(&task.task, now),
        _ => unclear("the step starts no backup".to_owned()),
    }
}

fn unclear(words: String) -> Sight {
    Sight { words, effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

/// What was not read shows nothing, and hides nothing.
fn unread(now: &Protection, way: Way) -> Option<Sight> {
    under_way(now, way).err().map(unclear)
}

/// The job that the answer named; where the answer was lost, the only one that is new and that no plan of AWS Backup began.
fn job_sight(scene: &Scene<'_>, now: &Protection) -> Sight {
    let unread = unread(now, Way::Vault);
    let made = scene.made.get(&scene.step);
    let known = |job: &BackupJob| {
        let before = scene.plan.observation.protection.iter().flat_map(|all| jobs(all, JobKind::Backup));
        before.into_iter().any(|old| old.id == job.id)
    };
    let since = scene.plan.made.checked_sub(SKEW).unwrap_or(scene.plan.made);
    let is_new = |job: &&BackupJob| job.origin.is_none() && job.created >= since && !known(job);
    let ours: Vec<&BackupJob> = match made {
        Some(id) => jobs(now, JobKind::Backup).filter(|job| job.id.as_str() == id).collect(),
        None => jobs(now, JobKind::Backup).filter(is_new).collect(),
    };
    match (ours.as_slice(), unread) {
        ([job], _) => Sight { made: Some(job.id.to_string()), ..standing(job) },
        (_, Some(unread)) => unread,
        ([], None) => as_before("no new backup job"),
        (several, None) => unclear(format!("{} new backup jobs: which is this run's can't be told", several.len())),
    }
}

fn as_before(words: &str) -> Sight {
    Sight { words: words.to_owned(), effect: Effect::AsBefore, stage: Stage::Moving, made: None }
}

fn standing(job: &BackupJob) -> Sight {
    let percent = job.percent.map_or(String::new(), |percent| format!(", {percent:.0} %"));
    let warning = job.message.iter().filter(|_| job.outcome == JobOutcome::Completed);
    let warning: String = warning.map(|message| format!("; {message}")).collect();
    let words = format!("{} {}{percent}{warning}", job.id, job.state);
    let stage = match job.outcome {
        JobOutcome::Completed => Stage::Steady,
        JobOutcome::Running => Stage::Moving,
        JobOutcome::Failed => {
            let why = job.message.as_ref().map_or("no reason is told".to_owned(), ToString::to_string);
            Stage::Failed(format!("{} is {}: {why}", job.id, job.state))
        }
    };
    Sight { words, effect: Effect::Shows, stage, made: None }
}

/// The snapshot of the plan's own name: available, or as far as it is.
fn snapshot_sight(snapshot: &str, now: &Protection) -> Sight {
    let made = Some(snapshot.to_owned());
    let point = now.points.iter().find(|point| point.id.as_str() == snapshot);
    let job = jobs(now, JobKind::Backup).find(|job| job.id.as_str() == snapshot);
    match (point, job) {
        (Some(point), _) => {
            let words = format!("{} available", point_in_words(point));
            Sight { words, effect: Effect::Shows, stage: Stage::Steady, made }
        }
        (None, Some(job)) => Sight { made, ..standing(job) },
        (None, None) => unread(now, Way::Snapshot).unwrap_or_else(|| as_before("no snapshot of that name")),
    }
}

/// The export of the plan's own name. A warning of one that is complete is no failure, and is told.
fn export_sight(task: &str, now: &Protection) -> Sight {
    match jobs(now, JobKind::Export).find(|job| job.id.as_str() == task) {
        Some(job) => Sight { made: Some(task.to_owned()), ..standing(job) },
        None => unread(now, Way::Export).unwrap_or_else(|| as_before("no export of that name")),
    }
}
