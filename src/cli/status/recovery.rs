//! What could be recovered of a protected thing, as data and as words for the table.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::report::Item;
use crate::config::Protected;
use crate::slo::recovery::{Bound, Newest, Recovery, RestoredBy, Standing, Worst};
use crate::source::{BackupJob, CopyKind, JobKind, RestoreWindow, Unit, Unread};
use crate::state::verdict::BackupVerdict;
use crate::text::Text;

/// What could be recovered. The value is what would be lost now, in seconds; null where it is not known or nothing can be.
#[derive(Debug, Serialize)]
pub struct RecoveryReport {
    /// What would be lost now.
    #[serde(flatten)]
    pub item: Item<Option<f64>>,
    /// Which way the value may be wrong.
    pub bound: Bound,
    /// Everything was read, and there is nothing that can be restored.
    pub nothing: bool,
    /// The recovery point objective.
    pub objective_seconds: Option<f64>,
    /// The value against it.
    pub standing: Standing,
    /// What would be restored.
    pub newest: Option<NewestReport>,
    /// What would be lost at worst, by the schedule.
    pub worst: WorstReport,
    /// How many points there are.
    pub points: usize,
    /// The window of point-in-time restore.
    pub point_in_time: Option<RestoreWindow>,
    /// Whether its platform counts it among what it protects; null where it does not say.
    pub protected: Option<bool>,
    /// Jobs that failed within 14 days, the newest first.
    pub failed: Vec<FailedReport>,
    /// Runs that were due within 14 days and never began, the newest first.
    pub missing: Vec<MissingReport>,
    /// Rules whose runs can't be looked up: whether one is missing is not known.
    pub unchecked: Vec<Text>,
    /// What could not be read.
    pub not_read: Vec<Unread>,
}

/// What would be restored.
#[derive(Debug, Serialize)]
pub struct NewestReport {
    /// The point's identifier; null for point-in-time restore.
    pub id: Option<Text>,
    /// Its kind; null for point-in-time restore.
    pub kind: Option<CopyKind>,
    /// The moment whose data it holds.
    pub cut: Timestamp,
}

/// What would be lost at worst.
#[derive(Debug, Serialize)]
pub struct WorstReport {
    /// Interval, duration and copy together; null where no schedule is known or point-in-time restore follows all the time.
    pub seconds: Option<f64>,
    /// Whether all parts of the sum are known; it is a lower bound where not.
    pub whole: bool,
    /// Point-in-time restore follows all the time.
    pub continuous: bool,
    /// Against the recovery point objective.
    pub standing: Standing,
}

/// A failed job.
#[derive(Debug, Serialize)]
pub struct FailedReport {
    /// Its identifier.
    pub id: Text,
    /// What it does.
    pub kind: JobKind,
    /// Its state, as its platform says.
    pub state: Text,
    /// The rule that began it.
    pub rule: Option<Text>,
    /// When it was created.
    pub created: Timestamp,
    /// Why it failed.
    pub message: Option<Text>,
    /// Whether one of its kind and rule completed later.
    pub made_good: bool,
}

/// A run that never began.
#[derive(Debug, Serialize)]
pub struct MissingReport {
    /// The rule, or the place of the objects.
    pub rule: Text,
    /// When it was due.
    pub due: Timestamp,
    /// Whether a later one completed.
    pub made_good: bool,
}

/// How long a restore takes, and when one was last made.
#[derive(Debug, Serialize)]
pub struct RestoreReport {
    /// The recovery time objective.
    pub objective_seconds: Option<f64>,
    /// How long the last measured restore took; null where none was.
    pub took_seconds: Option<f64>,
    /// That against the objective.
    pub standing: Standing,
    /// When one was last made; null is *never tested*, or not known where restore jobs were not read.
    pub last: Option<Timestamp>,
    /// Whether what was restored was found to be good.
    pub validated: Option<bool>,
    /// Who knows of it: a `job`, a `run` of `restore_test`, or a `person` who wrote it into the configuration.
    pub by: Option<&'static str>,
}

impl RecoveryReport {
    /// The report of a thing whose copies are looked at.
    pub(super) fn of(thing: &Protected, verdict: &BackupVerdict<'_>) -> Self {
        let (recovery, read) = (&verdict.recovery, verdict.is_read());
        let protection = verdict.measured.value().map(|(protection, _)| protection);
        let seconds = recovery.loss.age.map(|age| age.as_secs_f64());
        let failing: Vec<&BackupJob> = recovery.failing().collect();
        let failed = |job: &&BackupJob| failed(job, !failing.iter().any(|other| other.id == job.id));
        Self {
            item: Item::of(&verdict.measured, Some(Unit::Seconds), |_| seconds),
            bound: recovery.loss.bound,
            nothing: read && recovery.loss.is_nothing(),
            objective_seconds: thing.rpo.map(|rpo| rpo.as_secs_f64()),
            standing: known(recovery.rpo, read),
            newest: recovery.loss.newest.map(newest),
            worst: worst(recovery, read),
            points: protection.map_or(0, |protection| protection.points.len()),
            point_in_time: protection.and_then(|protection| protection.point_in_time),
            protected: protection.and_then(|protection| protection.protected),
            failed: recovery.failed.iter().map(failed).collect(),
            missing: recovery.lapses.iter().map(|lapse| missing(lapse.rule, lapse.due, lapse.made_good)).collect(),
            unchecked: recovery.unchecked.iter().copied().cloned().collect(),
            not_read: protection.map(|protection| protection.missing.clone()).unwrap_or_default(),
        }
    }

    /// What would be lost, for the table.
    pub(super) fn value(&self) -> String {
        match self.item.value {
            _ if self.nothing => "NOTHING".to_owned(),
            Some(seconds) => Unit::Seconds.format(seconds),
            None => "–".to_owned(),
        }
    }

    /// The objective, what it stands at, and what went wrong, for the table.
    pub(super) fn note(&self) -> String {
        let objective = self
            .objective_seconds
            .map(|objective| format!("{} of {}", word(self.standing), Unit::Seconds.format(objective)));
        let worst = self.worst.seconds.map(|worst| {
            format!("at worst {}{}", if self.worst.whole { "" } else { "≥ " }, Unit::Seconds.format(worst))
        });
        let count = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let parts = [
            objective,
            worst,
            count(self.failed.len(), "failed jobs"),
            count(self.missing.len(), "missing runs"),
            count(self.not_read.len(), "parts not read"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl RestoreReport {
    /// The report of any protected thing.
    pub(super) fn of(thing: &Protected, recovery: &Recovery<'_>) -> Self {
        let by = |by: RestoredBy<'_>| match by {
            RestoredBy::Job(_) => "job",
            RestoredBy::Run(_) => "run",
            RestoredBy::Person => "person",
        };
        Self {
            objective_seconds: thing.rto.map(|rto| rto.as_secs_f64()),
            took_seconds: recovery.took.map(|took: Duration| took.as_secs_f64()),
            standing: recovery.rto,
            last: recovery.restored.map(|restored| restored.at),
            validated: recovery.restored.map(|restored| restored.is_validated()),
            by: recovery.restored.map(|restored| by(restored.by)),
        }
    }

    /// How long a restore takes, for the table.
    pub(super) fn value(&self) -> String {
        self.took_seconds.map_or_else(|| "not known".to_owned(), |took| Unit::Seconds.format(took))
    }

    /// The objective, and the last restore, for the table.
    pub(super) fn note(&self) -> String {
        let objective = self
            .objective_seconds
            .map(|objective| format!("{} of {}", word(self.standing), Unit::Seconds.format(objective)));
        let last = match (self.last, self.validated) {
            (None, _) => "NEVER TESTED".to_owned(),
            (Some(last), Some(true)) => format!("restored {}", last.strftime("%Y-%m-%d")),
            (Some(last), _) => format!("restored {}, NOT VALIDATED", last.strftime("%Y-%m-%d")),
        };
        objective.into_iter().chain([last]).collect::<Vec<_>>().join(", ")
    }
}

/// Where nothing was read nothing is met or missed.
fn known(standing: Standing, read: bool) -> Standing {
    if read || standing == Standing::NotSet { standing } else { Standing::Unknown }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Met => "within the objective",
        Standing::Missed => "MISSES the objective",
        Standing::Unknown => "not known against the objective",
        Standing::NotSet => "no objective",
    }
}

fn newest(newest: Newest<'_>) -> NewestReport {
    match newest {
        Newest::PointInTime(cut) => NewestReport { id: None, kind: None, cut },
        Newest::Point(point) => NewestReport { id: Some(point.id.clone()), kind: Some(point.kind), cut: point.cut },
    }
}

fn worst(recovery: &Recovery<'_>, read: bool) -> WorstReport {
    let total = recovery.worst.total().filter(|_| read);
    WorstReport {
        seconds: total.map(|(sum, _)| sum.as_secs_f64()),
        whole: total.is_some_and(|(_, whole)| whole),
        continuous: recovery.worst == Worst::Continuous,
        standing: known(recovery.rpo_worst, read),
    }
}

fn failed(job: &BackupJob, made_good: bool) -> FailedReport {
    FailedReport {
        id: job.id.clone(),
        kind: job.kind,
        state: job.state.clone(),
        rule: job.origin.clone(),
        created: job.created,
        message: job.message.clone(),
        made_good,
    }
}

fn missing(rule: &Text, due: Timestamp, made_good: bool) -> MissingReport {
    MissingReport { rule: rule.clone(), due, made_good }
}
