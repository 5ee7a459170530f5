//! The source of all signals and backup measures that CloudWatch tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::batch::{Batch, pack};
use super::reader::Reader;
use super::window::{Window, period_of};
use crate::config::{Polling, Query, source_at};
use crate::source::aws::connect::Connection;
use crate::source::aws::few_at_once;
use crate::source::{Ask, Cadence, Name, Payload, Reading, Readings, Source, SourceError, Subject};

/// A subject and the CloudWatch query that answers it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The subject.
    pub subject: Subject,
    /// Its query.
    pub query: Query,
}

/// Reads metrics. Equal queries are sent once, however many subjects show them.
///
/// A point's time is its period's start, as CloudWatch gives it and its own graphs draw it; a value's age counts from its
/// period's end, because before that it was not known. The period that still runs is neither asked nor shown.
pub struct Metrics {
    name: Name,
    connection: Arc<Connection>,
    polling: Polling,
    shortest: u32,
    subjects: Vec<Subject>,
    queries: Vec<Query>,
    /// Subjects by the place of their query.
    shown: HashMap<Query, Vec<Subject>>,
    reader: OnceCell<Reader>,
}

impl Metrics {
    /// A source named `cloudwatch`; what is not a CloudWatch query is left out.
    pub fn new(connection: Arc<Connection>, polling: Polling, wanted: Vec<Wanted>) -> Self {
        let wanted: Vec<_> = wanted.into_iter().filter(|wanted| period_of(&wanted.query).is_some()).collect();
        let subjects = wanted.iter().map(|wanted| wanted.subject.clone()).collect();
        let mut queries: Vec<Query> = Vec::new();
        let mut shown: HashMap<Query, Vec<Subject>> = HashMap::new();
        for Wanted { subject, query } in wanted {
            if !shown.contains_key(&query) {
                queries.push(query.clone());
            }
            shown.entry(query).or_default().push(subject);
        }
        let shortest = queries.iter().filter_map(period_of).min().unwrap_or_default();
        let name = Name::from("cloudwatch");
        Self { name, connection, polling, shortest, subjects, queries, shown, reader: OnceCell::new() }
    }

    /// The same for queries of a place: named after it.
    pub fn at(self, place: Option<&Name>) -> Self {
        Self { name: source_at("cloudwatch", place), ..self }
    }

    async fn poll_batch(&self, reader: &Reader, batch: Batch<'_>, ask: Ask, out: &Readings) {
        let window = Window::new(batch.period, ask.backfill, ask.now.wall);
        match reader.read(&batch, window).await {
            Ok(outcomes) => {
                for (query, outcome) in outcomes {
                    self.send(query, outcome.map(Payload::Signal), out).await;
                }
            }
            Err(error) => {
                for (query, _) in &batch.answers {
                    self.send(query, Err(error.clone()), out).await;
                }
            }
        }
    }

    async fn send(&self, query: &Query, outcome: Result<Payload, SourceError>, out: &Readings) {
        for subject in self.shown.get(query).into_iter().flatten() {
            let _ = out.send(Reading { subject: subject.clone(), outcome: outcome.clone() }).await;
        }
    }
}

impl Source for Metrics {
    fn name(&self) -> &Name {
        &self.name
    }

    /// Never more often than the shortest period: there would be nothing new.
    fn cadence(&self) -> Cadence {
        let shortest = Duration::from_secs(u64::from(self.shortest));
        Cadence { every: self.polling.interval.max(shortest), lag: shortest * 3 }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, self.polling.timeout)).await;
            let mut batches: Vec<BoxFuture<'_, ()>> = Vec::new();
            for batch in pack(self.queries.iter()) {
                batches.push(Box::pin(self.poll_batch(reader, batch, ask, out)));
            }
            few_at_once(batches).await;
        })
    }
}
