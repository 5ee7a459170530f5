//! How a protected thing stands: its recovery points against its objectives, failed and missing jobs, bounded measures.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Level, Reason, not_live, signal_level, signal_text};
use crate::clock::Now;
use crate::config::{Config, CopySource, Protected};
use crate::slo::recovery::{Encryption, ObjectFinding, ObjectPromise, Promise, Recovery, Standing, recovery};
use crate::source::{Measured, Protection, Subject, Unit};
use crate::state::ReadingStore;
use crate::text::Text;

/// How a protected thing could be recovered, how it stands, and why.
#[derive(Debug)]
pub struct BackupVerdict<'a> {
    /// What was read, with its age; never where the configuration names no copies.
    pub measured: Measured<'a, Protection>,
    /// What follows from it, live or not. Where nothing was read only what a person recorded counts, and the loss is not
    /// known, whatever it says.
    pub recovery: Recovery<'a>,
    /// The worst of its parts. Degraded at most where it is known: lost backups do no harm before the day they are needed.
    pub level: Level,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<Reason>,
    /// Whether anything judges it: copies that are read, or measures with bounds.
    pub judged: bool,
}

static NOTHING: Protection = Protection {
    points: Vec::new(),
    point_in_time: None,
    jobs: Vec::new(),
    schedules: Vec::new(),
    protected: None,
    missing: Vec::new(),
    exportable: None,
};

impl BackupVerdict<'_> {
    /// Whether recovery points were ever read.
    pub fn is_read(&self) -> bool {
        self.measured.value().is_some()
    }
}

/// How a protected thing stands. That a restore was never tested is said wherever it is shown, and is no level: it does not
/// change from one night to the next.
pub fn backup_verdict<'a>(
    readings: &'a ReadingStore,
    config: &Config,
    thing: &Protected,
    now: Now,
) -> BackupVerdict<'a> {
    let subject = Subject::Protection { protected: thing.name.clone() };
    let measured: Measured<'a, Protection> = readings.of(config, &subject, now);
    let protection = measured.value().map_or(&NOTHING, |(protection, _)| protection);
    let promise = promise(thing);
    let recovery = recovery(protection, readings.restore_test(&thing.name), &promise, now.wall);
    let mut reasons = measures(readings, config, thing, now);
    let judged = thing.copies.is_some() || !reasons.is_empty();
    if thing.copies.is_some() {
        match measured.live() {
            Some(protection) => reasons.extend(parts(protection, &recovery, &promise)),
            None => reasons.push(reason(Level::Unknown, not_live("recovery points", &measured))),
        }
    }
    reasons.retain(|reason| reason.level != Level::Healthy);
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
    let level = reasons.first().map_or(if judged { Level::Healthy } else { Level::Unknown }, |worst| worst.level);
    BackupVerdict { measured, recovery, level, reasons, judged }
}

/// What the configuration promises of a thing.
pub fn promise(thing: &Protected) -> Promise {
    let midnight = |date: jiff::civil::Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let kinds = thing.copies.as_ref().map(|copies| copies.kinds.as_slice()).unwrap_or_default();
    Promise {
        rpo: thing.rpo,
        rto: thing.rto,
        every: thing.copies.as_ref().and_then(|copies| copies.every),
        recorded: thing.last_restore_test.and_then(midnight).map(|at| (at, thing.restore_took)),
        objects: kinds.iter().filter_map(of_objects).collect(),
    }
}

fn of_objects(kind: &CopySource) -> Option<ObjectPromise> {
    let origin = Text::clean(&kind.objects_at()?).to_string();
    match kind {
        CopySource::Objects { encryption, least_percent, .. } => {
            Some(ObjectPromise { origin, encryption: encryption.clone(), least_percent: *least_percent })
        }
        _ => None,
    }
}

fn reason(level: Level, text: impl Into<String>) -> Reason {
    Reason { level, text: text.into() }
}

/// Measures that have bounds; a critical one degrades.
fn measures(readings: &ReadingStore, config: &Config, thing: &Protected, now: Now) -> Vec<Reason> {
    let bounded = thing.measures.iter().filter(|signal| signal.warning.is_some() || signal.critical.is_some());
    let judged = bounded.map(|signal| {
        let subject = Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() };
        let measured = readings.measure(config, &subject, now);
        let level = signal_level(signal, &measured);
        let text = signal_text(signal, &measured, level);
        reason(if level == Level::Unhealthy { Level::Degraded } else { level }, text)
    });
    judged.collect()
}

fn parts(protection: &Protection, recovery: &Recovery<'_>, promise: &Promise) -> Vec<Reason> {
    let mut parts = vec![point_objective(recovery, promise.rpo)];
    if let (Standing::Missed, Some(took)) = (recovery.rto, recovery.took) {
        let text = format!("a restore takes {}{}", shown(took), allowed(promise.rto));
        parts.push(reason(Level::Degraded, text));
    }
    if protection.protected == Some(false) {
        parts.push(reason(Level::Degraded, "its platform does not back it up"));
    }
    parts.extend(recovery.failing().map(|job| {
        let why = job.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        reason(Level::Degraded, format!("job {} {}{why}", job.id, job.state))
    }));
    parts.extend(recovery.lapsing().map(|lapse| {
        reason(Level::Degraded, format!("{} due {} never ran", lapse.rule, lapse.due.strftime("%m-%d %H:%MZ")))
    }));
    parts.extend(recovery.objects.iter().flat_map(objects));
    parts.extend(
        protection
            .missing
            .iter()
            .map(|unread| reason(Level::Unknown, format!("{} not read: {}", unread.part, unread.reason))),
    );
    parts
}

fn shown(length: Duration) -> String {
    Unit::Seconds.format(length.as_secs_f64())
}

fn allowed(objective: Option<Duration>) -> String {
    objective.map_or_else(String::new, |objective| format!(", objective {}", shown(objective)))
}

fn point_objective(recovery: &Recovery<'_>, objective: Option<Duration>) -> Reason {
    match recovery.rpo {
        Standing::Met | Standing::NotSet => reason(Level::Healthy, ""),
        Standing::Unknown => reason(Level::Unknown, "what would be lost now is not known"),
        Standing::Missed if recovery.loss.is_nothing() => reason(Level::Degraded, "nothing can be restored"),
        Standing::Missed => {
            let lost = recovery.loss.age.map_or_else(|| "all".to_owned(), shown);
            reason(Level::Degraded, format!("{lost} would be lost now{}", allowed(objective)))
        }
    }
}

fn objects(finding: &ObjectFinding<'_>) -> Vec<Reason> {
    let small = finding.size.filter(|size| size.too_small);
    let small = small.map(|size| {
        let text = format!("{} has {:.0} % of the usual size", finding.newest.id, size.percent);
        reason(Level::Degraded, text)
    });
    let encryption = match finding.encryption {
        Encryption::Wrong => Some(reason(Level::Degraded, format!("{} is not encrypted as wanted", finding.newest.id))),
        // Why it is not told is among what is missing.
        Encryption::AsWanted | Encryption::NotAsked | Encryption::Unknown => None,
    };
    small.into_iter().chain(encryption).collect()
}
