//! All readings, by subject.

use std::collections::HashMap;
use std::time::Duration;

use super::history::History;
use crate::clock::Now;
use crate::config::Config;
use crate::slo::recovery::RestoreTest;
use crate::source::Name;
use crate::source::{
    Alert, Content, Health, Identity, Measured, Number, ObjectiveData, Payload, Reading, Scaling, SignalData, SignalId,
    SourceError, SourceErrorKind, Subject, Tracked, Workload,
};
use crate::text::Text;

/// The last value of every subject, its history, and how asking goes.
#[derive(Debug, Default)]
pub struct ReadingStore {
    series: HashMap<Subject, Tracked<Series>>,
    others: HashMap<Subject, Tracked<Payload>>,
    /// The last restore test of each protected thing that the journal knows.
    restore_tests: HashMap<Name, RestoreTest>,
    /// Counts what was received: in all, of no service, and of each service.
    received: u64,
    shared: u64,
    of_services: HashMap<Name, u64>,
}

/// A signal's newest value with its history.
#[derive(Debug, Clone)]
pub struct Series {
    /// The newest value.
    pub value: Number,
    /// Samples, oldest first; bounded.
    pub points: History,
    /// The newest answer was not whole.
    pub partial: bool,
    /// The true value is at or above the newest one.
    pub at_least: bool,
    /// Warnings that came with the newest answer.
    pub warnings: Vec<Text>,
}

impl ReadingStore {
    /// Keeps a reading that was received at `now`.
    pub fn receive(&mut self, reading: Reading, now: Now) {
        self.count(&reading.subject);
        match reading.outcome {
            Ok(payload) => self.succeed(reading.subject, payload, now),
            Err(error) => self.fail(&reading.subject, error, now),
        }
    }

    /// Takes what the journal tells of restore tests.
    pub fn learn_restore_tests(&mut self, tests: Vec<RestoreTest>) {
        self.received += 1;
        self.shared += 1;
        self.restore_tests = tests.into_iter().map(|test| (test.protected.clone(), test)).collect();
    }

    /// The last restore test of a protected thing.
    pub fn restore_test(&self, protected: &Name) -> Option<&RestoreTest> {
        self.restore_tests.get(protected)
    }

    fn count(&mut self, subject: &Subject) {
        self.received += 1;
        match subject.service() {
            None => self.shared += 1,
            Some(service) => match self.of_services.get_mut(service) {
                Some(count) => *count += 1,
                None => drop(self.of_services.insert(service.clone(), 1)),
            },
        }
    }

    /// Changes with everything that is received.
    pub fn revision(&self) -> u64 {
        self.received
    }

    /// Changes with what is received of no service in particular, such as alerts.
    pub fn shared_revision(&self) -> u64 {
        self.shared
    }

    /// Changes with everything that a service's verdict can depend on.
    pub fn revision_of(&self, service: &Name) -> u64 {
        self.shared + self.of_services.get(service).copied().unwrap_or_default()
    }

    fn succeed(&mut self, subject: Subject, payload: Payload, now: Now) {
        if !subject.takes(&payload) {
            let source = Name::from("console");
            let error =
                SourceError::new(&source, SourceErrorKind::Malformed, "a payload of another kind than its subject");
            return self.fail(&subject, error, now);
        }
        match payload {
            Payload::Signal(data) => self.extend(subject, data, now),
            payload => self.others.entry(subject).or_default().succeed(payload, now, Duration::ZERO),
        }
    }

    fn extend(&mut self, subject: Subject, data: SignalData, now: Now) {
        let lag = data
            .sampled
            .map_or(Duration::ZERO, |sampled| Duration::try_from(now.wall.duration_since(sampled)).unwrap_or_default());
        let tracked = self.series.entry(subject).or_default();
        let mut points = tracked.last_mut().map(|series| std::mem::take(&mut series.points)).unwrap_or_default();
        append(&mut points, &data);
        let value = data.value.unwrap_or(Number::NoData);
        let SignalData { partial, at_least, warnings, .. } = data;
        tracked.succeed(Series { value, points, partial, at_least, warnings }, now, lag);
    }

    fn fail(&mut self, subject: &Subject, error: SourceError, now: Now) {
        if subject.is_series() {
            self.series.entry(subject.clone()).or_default().fail(error, now);
        } else {
            self.others.entry(subject.clone()).or_default().fail(error, now);
        }
    }

    /// Since when asking for a subject fails, if it does.
    pub fn failing_since(&self, subject: &Subject) -> Option<Now> {
        if subject.is_series() {
            self.series.get(subject)?.failing_since()
        } else {
            self.others.get(subject)?.failing_since()
        }
    }

    /// How fresh the reading of a subject is, whatever it is of.
    pub fn freshness(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, ()> {
        if subject.is_series() {
            at(&self.series, config, subject, now).narrow(|_| Some(&()))
        } else {
            at(&self.others, config, subject, now).narrow(|_| Some(&()))
        }
    }

    /// What was read of a subject, as it may be shown now. For series see [`ReadingStore::measure`].
    pub fn of<T: Content>(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, T> {
        at(&self.others, config, subject, now).narrow(T::of)
    }

    /// A signal as it may be shown now.
    pub fn signal(&self, config: &Config, id: &SignalId, now: Now) -> Measured<'_, Series> {
        self.measure(config, &Subject::Signal(id.clone()), now)
    }

    /// A signal, a backup measure or another series as it may be shown now.
    pub fn measure(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, Series> {
        at(&self.series, config, subject, now)
    }

    /// An objective's counts as they may be shown now.
    pub fn objective(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, ObjectiveData> {
        self.of(config, subject, now)
    }

    /// A workload as it may be shown now.
    pub fn workload(&self, config: &Config, service: &Name, now: Now) -> Measured<'_, Workload> {
        self.of(config, &Subject::Workload { service: service.clone() }, now)
    }

    /// A service's scaling as it may be shown now.
    pub fn scaling(&self, config: &Config, service: &Name, now: Now) -> Measured<'_, Scaling> {
        self.of(config, &Subject::Scaling { service: service.clone() }, now)
    }

    /// A health endpoint as it may be shown now.
    pub fn health(&self, config: &Config, subject: &Subject, now: Now) -> Measured<'_, Health> {
        self.of(config, subject, now)
    }

    /// The alerts of one source as they may be shown now.
    pub fn alerts(&self, config: &Config, source: &Name, now: Now) -> Measured<'_, Vec<Alert>> {
        self.of(config, &Subject::Alerts { source: source.clone() }, now)
    }

    /// The identity that one source told, as it may be shown now.
    pub fn identity(&self, config: &Config, source: &Name, now: Now) -> Measured<'_, Identity> {
        self.of(config, &Subject::Identity { source: source.clone() }, now)
    }
}

fn at<'a, T>(map: &'a HashMap<Subject, Tracked<T>>, config: &Config, subject: &Subject, now: Now) -> Measured<'a, T> {
    map.get(subject).map_or(Measured::Never, |tracked| tracked.at(now, config.cadence(subject)))
}

/// Adds the samples of an answer: in place of the history, or behind it, each moment once and in order.
fn append(points: &mut History, data: &SignalData) {
    if data.replaces {
        points.clear();
    }
    points.extend(data.points.iter().copied());
}
