//! All readings, by subject.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Now;
use crate::config::Config;
use crate::source::Name;
use crate::source::{
    Alert, Health, Identity, Measured, Number, ObjectiveData, Payload, Point, Reading, Scaling, SignalData, SignalId,
    SourceError, SourceErrorKind, Subject, Tracked, Workload,
};
use crate::text::Text;

/// The most samples that one series keeps.
pub const HISTORY_POINTS: usize = 2048;

/// The last value of every subject, its history, and how asking goes.
#[derive(Debug, Default)]
pub struct ReadingStore {
    signals: HashMap<Subject, Tracked<Series>>,
    objectives: HashMap<Subject, Tracked<ObjectiveData>>,
    workloads: HashMap<Name, Tracked<Workload>>,
    scalings: HashMap<Name, Tracked<Scaling>>,
    healths: HashMap<Subject, Tracked<Health>>,
    alerts: HashMap<Name, Tracked<Vec<Alert>>>,
    identities: HashMap<Name, Tracked<Identity>>,
}

/// A signal's newest value with its history.
#[derive(Debug, Clone)]
pub struct Series {
    /// The newest value.
    pub value: Number,
    /// Samples, oldest first; bounded by [`HISTORY_POINTS`].
    pub points: VecDeque<Point>,
    /// The newest answer was not whole.
    pub partial: bool,
    /// Warnings that came with the newest answer.
    pub warnings: Vec<Text>,
}

impl ReadingStore {
    /// Keeps a reading that was received at `now`.
    pub fn receive(&mut self, reading: Reading, now: Now) {
        match reading.outcome {
            Ok(payload) => self.succeed(reading.subject, payload, now),
            Err(error) => self.fail(&reading.subject, error, now),
        }
    }

    fn succeed(&mut self, subject: Subject, payload: Payload, now: Now) {
        match (subject, payload) {
            (subject @ (Subject::Signal(_) | Subject::Backup { .. }), Payload::Signal(data)) => {
                self.extend(subject, data, now);
            }
            (subject @ Subject::Objective { .. }, Payload::Objective(data)) => {
                keep(&mut self.objectives, subject, data, now)
            }
            (Subject::Workload { service }, Payload::Workload(data)) => keep(&mut self.workloads, service, data, now),
            (Subject::Scaling { service }, Payload::Scaling(data)) => keep(&mut self.scalings, service, data, now),
            (subject @ Subject::Health { .. }, Payload::Health(data)) => keep(&mut self.healths, subject, data, now),
            (Subject::Alerts { source }, Payload::Alerts(data)) => keep(&mut self.alerts, source, data, now),
            (Subject::Identity { source }, Payload::Identity(data)) => keep(&mut self.identities, source, data, now),
            (subject, _) => {
                let source = Name::from("console");
                let error =
                    SourceError::new(&source, SourceErrorKind::Malformed, "a payload of another kind than its subject");
                self.fail(&subject, error, now);
            }
        }
    }

    fn extend(&mut self, subject: Subject, data: SignalData, now: Now) {
        let lag = data
            .sampled
            .map_or(Duration::ZERO, |sampled| Duration::try_from(now.wall.duration_since(sampled)).unwrap_or_default());
        let tracked = self.signals.entry(subject).or_default();
        let mut points = tracked.last_mut().map(|series| std::mem::take(&mut series.points)).unwrap_or_default();
        append(&mut points, &data);
        let value = data.value.unwrap_or(Number::NoData);
        tracked.succeed(Series { value, points, partial: data.partial, warnings: data.warnings }, now, lag);
    }

    fn fail(&mut self, subject: &Subject, error: SourceError, now: Now) {
        match subject {
            Subject::Signal(_) | Subject::Backup { .. } => {
                self.signals.entry(subject.clone()).or_default().fail(error, now)
            }
            Subject::Objective { .. } => self.objectives.entry(subject.clone()).or_default().fail(error, now),
            Subject::Workload { service } => self.workloads.entry(service.clone()).or_default().fail(error, now),
            Subject::Scaling { service } => self.scalings.entry(service.clone()).or_default().fail(error, now),
            Subject::Health { .. } => self.healths.entry(subject.clone()).or_default().fail(error, now),
            Subject::Alerts { source } => self.alerts.entry(source.clone()).or_default().fail(error, now),
            Subject::Identity { source } => self.identities.entry(source.clone()).or_default().fail(error, now),
        }
    }

    /// Since when asking for a subject fails, if it does.
    pub fn failing_since(&self, subject: &Subject) -> Option<Now> {
        match subject {
            Subject::Signal(_) | Subject::Backup { .. } => self.signals.get(subject)?.failing_since(),
            Subject::Objective { .. } => self.objectives.get(subject)?.failing_since(),
            Subject::Workload { service } => self.workloads.get(service)?.failing_since(),
            Subject::Scaling { service } => self.scalings.get(service)?.failing_since(),
            Subject::Health { .. } => self.healths.get(subject)?.failing_since(),
            Subject::Alerts { source } => self.alerts.get(source)?.failing_since(),
            Subject::Identity { source } => self.identities.get(source)?.failing_since(),
        }
    }

    /// A signal as it may be shown now.
    pub fn signal(&self, config: &Config, id: &SignalId, now: Now) -> Measured<'_, Series> {
        self.measure(config, &Subject::Signal(id.clone()), now)
    }

    /// A signal or a backup measure as it may be shown now.
    pub fn measure(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, Series> {
        at(&self.signals, subject, config, subject, now)
    }

    /// An objective's counts as they may be shown now.
    pub fn objective(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, ObjectiveData> {
        at(&self.objectives, subject, config, subject, now)
    }

    /// A workload as it may be shown now.
    pub fn workload(&self, config: &Config, service: &Name, now: Now) -> Measured<'_, Workload> {
        at(&self.workloads, service, config, &Subject::Workload { service: service.clone() }, now)
    }

    /// A service's scaling as it may be shown now.
    pub fn scaling(&self, config: &Config, service: &Name, now: Now) -> Measured<'_, Scaling> {
        at(&self.scalings, service, config, &Subject::Scaling { service: service.clone() }, now)
    }

    /// A health endpoint as it may be shown now.
    pub fn health(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, Health> {
        at(&self.healths, subject, config, subject, now)
    }

    /// The alerts of one source as they may be shown now.
    pub fn alerts(&self, config: &Config, source: &Name, now: Now) -> Measured<'_, Vec<Alert>> {
        at(&self.alerts, source, config, &Subject::Alerts { source: source.clone() }, now)
    }

    /// The identity that one source told, as it may be shown now.
    pub fn identity(&self, config: &Config, source: &Name, now: Now) -> Measured<'_, Identity> {
        at(&self.identities, source, config, &Subject::Identity { source: source.clone() }, now)
    }
}

fn keep<K: std::hash::Hash + Eq, T>(map: &mut HashMap<K, Tracked<T>>, key: K, value: T, now: Now) {
    map.entry(key).or_default().succeed(value, now, Duration::ZERO);
}

fn at<'a, K: std::hash::Hash + Eq, T>(
    map: &'a HashMap<K, Tracked<T>>,
    key: &K,
    config: &Config,
    subject: &Subject,
    now: Now,
) -> Measured<'a, T> {
    map.get(key).map_or(Measured::Never, |tracked| tracked.at(now, config.cadence(subject)))
}

/// Adds the samples of an answer: in place of the history, or behind it, each moment once and in order.
fn append(points: &mut VecDeque<Point>, data: &SignalData) {
    if data.replaces {
        points.clear();
    }
    for point in &data.points {
        while points.back().is_some_and(|last| last.at >= point.at) {
            points.pop_back();
        }
        points.push_back(*point);
    }
    let surplus = points.len().saturating_sub(HISTORY_POINTS);
    points.drain(..surplus);
}
