//! Prometheus and everything that speaks its API (Thanos, Mimir, VictoriaMetrics): signals, objectives, backup measures.
//!
//! One query a distinct expression and interval, whoever shows it: of an answer with many series each subject takes the one
//! whose label it names. History is fetched once, then only the steps that are new. The API: <https://prometheus.io/docs/prometheus/latest/querying/api/>.

mod backend;
mod buckets;
mod decode;
mod exemplars;
mod history;
mod means;
mod objective;
mod outcome;
mod range;
mod series;
mod signals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::config::{Config, PromQuery, Query};
use crate::source::{Ask, Cadence, Name, Readings, SharedSource, SignalId, Source, Subject};

pub use backend::{Answered, Prometheus};
pub(crate) use objective::promql_duration;

pub use range::step;

use objective::{Tallies, Tally};
use signals::Expressions;

/// What a poll may take beyond the timeout of its slowest query, so that one slow query fails alone.
const GRACE: Duration = Duration::from_millis(250);

/// One [`Source`] of a Prometheus: everything of it that is asked at the same interval.
#[derive(Debug)]
pub struct PrometheusSource {
    name: Name,
    every: Duration,
    backend: Arc<Prometheus>,
    subjects: Vec<Subject>,
    expressions: Expressions,
    objectives: Tallies,
}

/// The sources of a configuration's PromQL: one an interval.
pub fn sources(config: &Config, backend: &Arc<Prometheus>) -> Vec<SharedSource> {
    let mut groups: BTreeMap<Duration, PrometheusSource> = BTreeMap::new();
    for (subject, query, every) in signals(config) {
        let group = groups.entry(every).or_insert_with(|| PrometheusSource::new(backend, every));
        group.subjects.push(subject.clone());
        group.expressions.add(query, subject);
    }
    for (tally, every) in objectives(config) {
        let group = groups.entry(every).or_insert_with(|| PrometheusSource::new(backend, every));
        group.subjects.push(tally.subject().clone());
        group.objectives.add(tally);
    }
    let single = groups.len() == 1;
    let exemplars = exemplars::source(config, backend).map(|source| Arc::new(source) as SharedSource);
    groups.into_values().map(|source| Arc::new(source.named(single)) as SharedSource).chain(exemplars).collect()
}

fn signals(config: &Config) -> Vec<(Subject, &PromQuery, Duration)> {
    let of_services = config.services.iter().flat_map(|service| {
        service.signals.iter().map(|signal| {
            let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
            (Subject::Signal(id), signal)
        })
    });
    let of_backups = config.backups.iter().flat_map(|thing| {
        thing
            .measures
            .iter()
            .map(|signal| (Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() }, signal))
    });
    let asked = of_services.chain(of_backups).filter_map(|(subject, signal)| match &signal.query {
        Query::Prometheus(query) => Some((subject, query, signal.interval)),
        _ => None,
    });
    asked.collect()
}

fn objectives(config: &Config) -> Vec<(Tally, Duration)> {
    let all = config.services.iter().flat_map(|service| service.objectives.iter().map(move |o| (&service.name, o)));
    all.filter_map(|(service, objective)| Some((Tally::of(service, objective)?, objective.interval))).collect()
}

impl PrometheusSource {
    fn new(backend: &Arc<Prometheus>, every: Duration) -> Self {
        Self {
            name: backend.name().clone(),
            every,
            backend: backend.clone(),
            subjects: Vec::new(),
            expressions: Expressions::default(),
            objectives: Tallies::default(),
        }
    }

    /// Where there are several intervals, each has a name of its own.
    fn named(mut self, single: bool) -> Self {
        if !single {
            self.name = Name::from(format!("{} every {} s", self.name, self.every.as_secs_f64()));
        }
        self
    }
}

impl Source for PrometheusSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.every, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.backend.timeout() + GRACE
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let signals = self.expressions.poll(&self.backend, self.every, ask, out);
            let objectives = self.objectives.poll(&self.backend, ask, out);
            tokio::join!(signals, objectives);
        })
    }
}

/// Decodes any bytes as an answer of the query API and of `query_exemplars`, for [`crate::fuzzing`].
pub(crate) fn decode_any(body: &[u8]) {
    let answer = crate::source::http::Answer::of_body(body);
    exemplars::decode_any(&answer);
    let labels = [Name::from("service"), Name::from("le")];
    let limits = decode::Limits { series: 50, labels: &labels };
    let Ok(outcome) = decode::reply(&answer, limits).and_then(|reply| reply.outcome) else { return };
    for selector in outcome::Selector::samples() {
        let _ = outcome.value(&selector);
        let _ = outcome.points(&selector);
    }
}
