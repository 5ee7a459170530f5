//! The simulated fleet, for reading: the same traits as real backends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use jiff::Timestamp;

use super::course::Course;
use super::fleet::{self, Profile};
use super::log::{Log, Mutation};
use super::measure::{self, moment};
use super::scenario::Scenario;
use super::{
    SOURCE, SimulatorError, alerts, cost, database, ecs, health, outside, protection, releases, restore, silences,
};
use crate::clock::Now;
use crate::config::{Config, Objective, Protected, Query};
use crate::source::logs::LogReader;
use crate::source::served::{self, Means};
use crate::source::{
    AlertState, Ask, Cadence, Look, Name, Number, ObjectiveData, Observation, Payload, Protection, Reading, Readings,
    Restore, SharedSource, SignalData, Source, SourceError, SourceErrorKind, Span, Subject, WindowCount, World,
};
use crate::text::Text;

/// The windows that objectives are counted over, besides their own period: those of multi-window burn-rate alerts
/// (Site Reliability Workbook, chapter 5).
const WINDOWS: &[u64] = &[300, 1800, 3600, 21_600, 259_200];

/// The simulated fleet of one configuration.
#[derive(Debug, Clone)]
pub struct Simulated {
    config: Arc<Config>,
    log: Log,
    seed: u64,
    scenario: Scenario,
    interval: Duration,
}

/// The fleet at one moment.
pub(super) struct Moment {
    pub(super) course: Course,
    pub(super) began: Timestamp,
    seconds: f64,
    mutations: Vec<Mutation>,
}

impl Simulated {
    /// The fleet that the configuration's `[simulator]` describes, kept in `state_dir`.
    ///
    /// # Errors
    /// No `[simulator]`, or an unknown scenario.
    pub fn new(config: Arc<Config>, state_dir: &Path) -> Result<Self, SimulatorError> {
        let simulator = config.simulator.as_ref().ok_or(SimulatorError::NotConfigured)?;
        let scenario = Scenario::named(&simulator.scenario)?;
        let (seed, interval) = (simulator.seed, simulator.interval);
        Ok(Self { log: Log::new(state_dir, seed, scenario), seed, scenario, interval, config })
    }

    /// The file that the fleet is kept in.
    pub fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn at(&self, now: Now) -> Result<Moment, SourceError> {
        let kept =
            self.log.read(now.wall).map_err(|error| failure(SourceErrorKind::Unreachable, &error.to_string()))?;
        let seconds = now.wall.duration_since(kept.began).as_secs_f64();
        let course = Course::new(self.seed, self.scenario, &kept.mutations);
        Ok(Moment { course, began: kept.began, seconds, mutations: kept.mutations })
    }

    fn read(&self, subject: &Subject, at: &Moment, backfill: Option<Duration>) -> Result<Payload, SourceError> {
        Ok(match subject {
            Subject::Signal(id) => {
                let signal = self.config.signal(id).ok_or_else(|| missing(subject))?;
                Payload::Signal(at.signal(&signal.query, backfill)?)
            }
            Subject::Backup { protected, measure } => {
                let thing = self.config.backups.iter().find(|thing| thing.name == *protected);
                let signal = thing.and_then(|thing| thing.measures.iter().find(|signal| signal.name == *measure));
                Payload::Signal(at.signal(&signal.ok_or_else(|| missing(subject))?.query, backfill)?)
            }
            Subject::Objective { service, objective } => {
                let found =
                    self.config.service(service).and_then(|s| s.objectives.iter().find(|o| o.name == *objective));
                Payload::Objective(at.objective(found.ok_or_else(|| missing(subject))?)?)
            }
            Subject::Workload { service } => {
                let found = ecs::workload(&at.course, self.orchestrated(service)?, at.began, at.seconds);
                Payload::Workload(found.ok_or_else(|| missing(subject))?)
            }
            Subject::Scaling { service } => Payload::Scaling(
                ecs::scaling(&at.course, self.orchestrated(service)?, at.began, at.seconds)
                    .ok_or_else(|| missing(subject))?,
            ),
            Subject::Releases { service } => {
                let profile = self.orchestrated(service)?;
                let crew = at.course.crew(profile.name).ok_or_else(|| missing(subject))?;
                let found = releases::releases(profile, crew, at.began, at.seconds);
                Payload::Releases(found.ok_or_else(|| missing(subject))?)
            }
            Subject::Candidate { service, version, .. } => {
                let profile = self.orchestrated(service)?;
                let crew = at.course.crew(profile.name).ok_or_else(|| missing(subject))?;
                Payload::Candidate(releases::candidate(profile, crew, version, at.began))
            }
            Subject::Traffic { service } => {
                let profile = self.orchestrated(service)?;
                let crew = at.course.crew(profile.name).ok_or_else(|| missing(subject))?;
                Payload::Traffic(releases::traffic(profile, crew, at.seconds))
            }
            Subject::Health { service, .. } => {
                Payload::Health(health::health(&at.course, profile(service)?, at.began, at.seconds))
            }
            Subject::Alerts { .. } => Payload::Alerts(at.alerts()),
            Subject::Silences { .. } => Payload::Silences(silences::silences(&at.mutations, at.began, at.seconds)),
            Subject::Identity { .. } => Payload::Identity(ecs::identity()),
            Subject::Cost { .. } => Payload::Cost(cost::cost(moment(at.began, at.seconds))),
            Subject::Database { service } => {
                let found = database::database(service, at.began, at.seconds, &at.mutations);
                Payload::Database(found.ok_or_else(|| missing(subject))?)
            }
            Subject::Protection { protected } => {
                Payload::Protection(self.protection(protected, at).ok_or_else(|| missing(subject))?.1)
            }
            Subject::Restore { protected } => {
                Payload::Restore(self.restore(protected, at).ok_or_else(|| missing(subject))?)
            }
            Subject::LogCount { service, .. } => {
                let now = moment(at.began, at.seconds);
                Payload::Signal(super::logs::count(at, self.orchestrated(service)?, now, backfill))
            }
            Subject::Cdn { .. } => Payload::Cdn(outside::cdn(&at.mutations, at.began, at.seconds)),
            Subject::Probe { service, probe } => {
                let found =
                    self.config.service(service).and_then(|s| s.probes.iter().find(|check| check.name == *probe));
                let kind = &found.ok_or_else(|| missing(subject))?.kind;
                Payload::Probe(outside::probe(kind, at.began, at.seconds))
            }
            _ => return Err(missing(subject)),
        })
    }

    /// A protected thing and its copies.
    fn protection(&self, name: &Name, at: &Moment) -> Option<(&Protected, Protection)> {
        let thing = self.config.backups.iter().find(|thing| thing.name == *name)?;
        Some((thing, protection::protection(thing, self.seed, (at.began, at.seconds), &at.mutations)))
    }

    /// What a restore test of a protected thing rests on.
    fn restore(&self, name: &Name, at: &Moment) -> Option<Restore> {
        let (thing, all) = self.protection(name, at)?;
        restore::restore(thing, &all, at.seconds, &at.mutations)
    }

    /// The profile behind a configured service: by the name that the orchestrator has for it.
    pub(super) fn orchestrated(&self, service: &Name) -> Result<&'static Profile, SourceError> {
        let ecs = self.config.service(service).and_then(|service| service.ecs.as_ref());
        profile(&ecs.map_or_else(|| service.clone(), |ecs| Name::from(ecs.service.as_str())))
    }

    fn observation(&self, look: &Look, now: Now) -> Result<Observation, SourceError> {
        let at = self.at(now)?;
        let service = &look.target;
        let mut seen = Observation::at(now.wall);
        let told = |subject: &&Subject| !matches!(subject, Subject::Served { .. });
        for subject in look.subjects.iter().filter(told) {
            seen.keep(self.observed(subject, &at)?);
        }
        for (name, query) in &look.questions {
            seen.answers.insert(name.clone(), question(query)?.value(&at.course, at.began, at.seconds));
        }
        seen.identity = look.is_on_aws().then(ecs::identity);
        let on = |alert: &crate::source::Alert| matches!(alert.state, AlertState::Firing | AlertState::Suppressed);
        let fires = |alert: &crate::source::Alert| on(alert) && alert.service.as_ref() == Some(service);
        let firing = at.alerts().into_iter().filter(fires);
        Ok(seen.with_alerts(Some(&firing.collect::<Vec<_>>())))
    }

    /// What is told of a subject to a plan: the same as to a panel, but that a service must be run by the orchestrator.
    fn observed(&self, subject: &Subject, at: &Moment) -> Result<Payload, SourceError> {
        match subject {
            Subject::Workload { service } | Subject::Scaling { service } => {
                let profile = self.orchestrated(service)?;
                let none = || failure(SourceErrorKind::Missing, &format!("{service} is not run by the orchestrator"));
                Ok(match subject {
                    Subject::Scaling { .. } => {
                        Payload::Scaling(ecs::scaling(&at.course, profile, at.began, at.seconds).ok_or_else(none)?)
                    }
                    _ => Payload::Workload(ecs::workload(&at.course, profile, at.began, at.seconds).ok_or_else(none)?),
                })
            }
            Subject::Needs { service, .. } => {
                let profile = self.orchestrated(service)?;
                let crew = at.course.crew(profile.name).ok_or_else(|| missing(subject))?;
                let found = releases::releases(profile, crew, at.began, at.seconds).ok_or_else(|| missing(subject))?;
                Ok(Payload::Needs(releases::needed(profile, &found)))
            }
            _ => self.read(subject, at, None),
        }
    }
}

impl Moment {
    /// The alerts; those that are silenced are held back.
    fn alerts(&self) -> Vec<crate::source::Alert> {
        let raised = alerts::alerts(&self.course, self.began, self.seconds);
        silences::hold(raised, &self.mutations, self.began, self.seconds)
    }

    fn signal(&self, query: &Query, backfill: Option<Duration>) -> Result<SignalData, SourceError> {
        let question = question(query)?;
        let value = question.value(&self.course, self.began, self.seconds);
        let sampled = moment(self.began, self.seconds);
        let mut points = match backfill {
            Some(window) => question.points(&self.course, self.began, self.seconds, window.as_secs_f64()),
            None => Vec::new(),
        };
        points.extend(value.finite().map(|value| crate::source::Point { at: sampled, value }));
        Ok(SignalData {
            value: Some(value),
            sampled: Some(sampled),
            points,
            replaces: backfill.is_some(),
            partial: false,
            at_least: false,
            warnings: Vec::new(),
        })
    }

    fn objective(&self, objective: &Objective) -> Result<ObjectiveData, SourceError> {
        let (bad, valid) = (question(&objective.bad)?, question(&objective.valid)?);
        let mut windows: Vec<Duration> = WINDOWS.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
        windows.retain(|window| *window < objective.period);
        windows.push(objective.period);
        let count = |window: Duration| {
            let of = |question: measure::Question| {
                Number::from(question.events(&self.course, self.began, self.seconds, window.as_secs_f64()))
            };
            WindowCount { window, bad: of(bad), valid: of(valid) }
        };
        Ok(ObjectiveData { windows: windows.into_iter().map(count).collect() })
    }
}

impl World for Simulated {
    fn sources(&self) -> Vec<SharedSource> {
        let mut subjects = self.config.subjects();
        let identity = Subject::Identity { source: Name::from(SOURCE) };
        if !subjects.contains(&identity) {
            subjects.push(identity);
        }
        let part = |name: &&str| -> SharedSource {
            let subjects = subjects.iter().filter(|subject| part_of(subject) == *name).cloned().collect();
            Arc::new(Part { name: Name::from(*name), subjects, fleet: self.clone() })
        };
        PARTS.iter().map(part).collect()
    }

    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        async move {
            let seen = self.observation(look, now)?;
            Ok(Observation { served: served::served(self, &self.config, (look, &seen), now).await, ..seen })
        }
        .boxed()
    }

    fn means<'a>(&'a self, queries: &'a [Query], spans: &'a [Span], now: Now) -> BoxFuture<'a, Vec<Means>> {
        async move {
            let mean = |query: &Query, span: &Span| {
                let at = self.at(now).map_err(|error| error.reason)?;
                let since = |moment: jiff::Timestamp| moment.duration_since(at.began).as_secs_f64();
                let question = question(query).map_err(|error| error.reason)?;
                let mean = question.mean(&at.course, at.began, (since(span.from), since(span.to)));
                mean.map_err(|reason| Text::clean(&reason))
            };
            queries.iter().map(|query| spans.iter().map(|span| mean(query, span)).collect()).collect()
        }
        .boxed()
    }

    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        async move {
            let at = self.at(now)?;
            Ok(question(query)?.value(&at.course, at.began, at.seconds))
        }
        .boxed()
    }

    fn events<'a>(&'a self, objective: &'a Objective, now: Now) -> BoxFuture<'a, Result<WindowCount, SourceError>> {
        async move {
            let counted = self.at(now)?.objective(objective)?;
            let whole = counted.windows.into_iter().find(|count| count.window == objective.period);
            whole.ok_or_else(|| failure(SourceErrorKind::Missing, "the period was not counted"))
        }
        .boxed()
    }

    fn logs(&self) -> Arc<dyn LogReader> {
        Arc::new(self.clone())
    }
}

/// The parts that are polled by themselves, as sources of different kinds are.
const PARTS: [&str; 4] = ["simulator-signals", "simulator-ecs", "simulator-health", SOURCE];

/// The part that answers for a subject.
fn part_of(subject: &Subject) -> &'static str {
    match subject {
        Subject::Signal(_) | Subject::Objective { .. } | Subject::Backup { .. } | Subject::LogCount { .. } => PARTS[0],
        Subject::Workload { .. } | Subject::Scaling { .. } | Subject::Releases { .. } | Subject::Traffic { .. } => {
            PARTS[1]
        }
        Subject::Health { .. } => PARTS[2],
        _ => SOURCE,
    }
}

/// One part of the fleet that is polled by itself.
struct Part {
    name: Name,
    subjects: Vec<Subject>,
    fleet: Simulated,
}

impl Source for Part {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.fleet.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        async move {
            let at = self.fleet.at(ask.now);
            for subject in &self.subjects {
                let outcome = match &at {
                    Ok(at) => self.fleet.read(subject, at, ask.backfill),
                    Err(error) => Err(error.clone()),
                };
                if out.send(Reading { subject: subject.clone(), outcome }).await.is_err() {
                    return; // nobody listens any more
                }
            }
        }
        .boxed()
    }
}

fn question(query: &Query) -> Result<measure::Question, SourceError> {
    match query {
        Query::Simulator(text) => measure::parse(text).map_err(|error| failure(SourceErrorKind::Missing, &error)),
        _ => {
            Err(failure(SourceErrorKind::Missing, "the simulated fleet answers only queries that are `simulator = …`"))
        }
    }
}

fn profile(service: &str) -> Result<&'static Profile, SourceError> {
    let none = || failure(SourceErrorKind::Missing, &format!("the simulated fleet has no service {service}"));
    fleet::profile(service).ok_or_else(none)
}

fn missing(subject: &Subject) -> SourceError {
    failure(SourceErrorKind::Missing, &format!("the simulated fleet has no {subject}"))
}

fn failure(kind: SourceErrorKind, reason: &str) -> SourceError {
    SourceError::new(&Name::from(SOURCE), kind, reason)
}
