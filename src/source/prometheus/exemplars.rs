//! Exemplars of the signals that name a selector for them: one request a selector and minute, whoever wants it.
//!
//! API: <https://prometheus.io/docs/prometheus/latest/querying/api/#querying-exemplars>. A Prometheus without
//! `--enable-feature=exemplar-storage` answers with none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::GRACE;
use super::backend::Prometheus;
use super::series::{moment, number};
use crate::config::{Config, EXEMPLARS_INTERVAL};
use crate::source::{
    Ask, Cadence, Exemplar, Exemplars, Name, Payload, Reading, Readings, SignalId, Source, SourceError, Subject,
    TraceId,
};

/// How far back exemplars are asked: what is slow now.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The most exemplars of one signal that are kept: the slowest.
const MOST: usize = 5;

/// The labels that name a trace, as instrumentation libraries write them.
const TRACE_LABELS: [&str; 4] = ["trace_id", "traceID", "traceId", "TraceID"];

/// The exemplars of one Prometheus.
#[derive(Debug)]
pub(super) struct ExemplarSource {
    name: Name,
    backend: Arc<Prometheus>,
    subjects: Vec<Subject>,
    selectors: BTreeMap<String, Vec<Subject>>,
}

/// The source of a configuration's exemplars, if it wants any.
pub(super) fn source(config: &Config, backend: &Arc<Prometheus>) -> Option<ExemplarSource> {
    let mut selectors: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
    for service in &config.services {
        for signal in &service.signals {
            let Some(selector) = &signal.exemplars else { continue };
            let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
            selectors.entry(selector.clone()).or_default().push(Subject::Exemplars(id));
        }
    }
    let subjects: Vec<Subject> = selectors.values().flatten().cloned().collect();
    let name = Name::from(format!("{} exemplars", backend.name()));
    (!subjects.is_empty()).then(|| ExemplarSource { name, backend: backend.clone(), subjects, selectors })
}

impl Source for ExemplarSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: EXEMPLARS_INTERVAL, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.backend.timeout() + GRACE
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let each = self.selectors.iter().map(|(selector, subjects)| async move {
                let outcome = self.read(selector, ask.now.wall).await.map(Payload::Exemplars);
                for subject in subjects {
                    // The receiver is gone when the poll is given up; then nobody wants the rest.
                    let _ = out.send(Reading { subject: subject.clone(), outcome: outcome.clone() }).await;
                }
            });
            join_all(each).await;
        })
    }
}

impl ExemplarSource {
    async fn read(&self, selector: &str, now: Timestamp) -> Result<Exemplars, SourceError> {
        let span = [now.checked_sub(WINDOW).unwrap_or(now), now].map(|at| at.as_second().to_string());
        let answer = self.backend.exemplars(selector, &span[0], &span[1]).await?;
        let told: Told = answer.json().map_err(|reason| self.backend.malformed(&reason))?;
        Ok(slowest(told))
    }
}

/// An answer of `query_exemplars`.
#[derive(Debug, Deserialize)]
struct Told {
    data: Vec<ToldSeries>,
}

#[derive(Debug, Deserialize)]
struct ToldSeries {
    exemplars: Vec<ToldExemplar>,
}

#[derive(Debug, Deserialize)]
struct ToldExemplar {
    labels: HashMap<String, String>,
    value: String,
    timestamp: f64,
}

/// The slowest of all series, each trace once. What names no trace, and what is no finite number, is left out.
fn slowest(told: Told) -> Exemplars {
    let mut all: Vec<Exemplar> = told.data.into_iter().flat_map(|series| series.exemplars).filter_map(read).collect();
    all.sort_by(|a, b| b.value.total_cmp(&a.value).then(b.at.cmp(&a.at)));
    let mut kept: Vec<Exemplar> = Vec::new();
    for exemplar in all {
        if kept.len() < MOST && kept.iter().all(|known| known.trace_id != exemplar.trace_id) {
            kept.push(exemplar);
        }
    }
    Exemplars(kept)
}

fn read(told: ToldExemplar) -> Option<Exemplar> {
    let trace = TRACE_LABELS.iter().find_map(|label| told.labels.get(*label))?;
    Some(Exemplar {
        trace_id: TraceId::new(trace)?,
        value: number(&told.value)?.finite()?,
        at: moment(told.timestamp).ok()?,
    })
}

/// Reads any answer, for [`crate::fuzzing`].
pub(super) fn decode_any(answer: &crate::source::http::Answer) {
    if let Ok(told) = answer.json() {
        assert!(slowest(told).0.len() <= MOST, "bounded");
    }
}
