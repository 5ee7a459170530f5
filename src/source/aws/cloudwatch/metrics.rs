//! The source of all signals and backup measures that CloudWatch tells.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::batch::{Batch, pack};
use super::pacing::{self, Group};
use super::reader::Reader;
use super::window::Window;
use crate::clock::Now;
use crate::config::{Query, source_at};
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
    /// How often the configuration wants it.
    pub interval: Duration,
}

/// Reads metrics of one [`Group`]. Equal queries are sent once, however many subjects show them.
///
/// A point's time is its period's start, as CloudWatch gives it and its own graphs draw it; a value's age counts from its
/// period's end, because before that it was not known. The period that still runs is neither asked nor shown.
pub struct Metrics {
    name: Name,
    connection: Arc<Connection>,
    timeout: Duration,
    every: Duration,
    period: u32,
    subjects: Vec<Subject>,
    queries: Vec<Query>,
    /// Subjects by the place of their query.
    shown: HashMap<Query, Vec<Subject>>,
    reader: OnceCell<Reader>,
    /// Until when all of it was read whole.
    read: Mutex<Option<Timestamp>>,
}

impl Metrics {
    /// A source for a group, named `cloudwatch` after its place. A poll takes `timeout` at most.
    pub fn new(connection: Arc<Connection>, timeout: Duration, group: &Group, wanted: Vec<Wanted>) -> Self {
        let subjects = wanted.iter().map(|wanted| wanted.subject.clone()).collect();
        let mut queries: Vec<Query> = Vec::new();
        let mut shown: HashMap<Query, Vec<Subject>> = HashMap::new();
        for Wanted { subject, query, .. } in wanted {
            if !shown.contains_key(&query) {
                queries.push(query.clone());
            }
            shown.entry(query).or_default().push(subject);
        }
        Self {
            name: source_at("cloudwatch", group.place.as_ref()),
            connection,
            timeout,
            every: group.every,
            period: u32::try_from(group.period.as_secs()).unwrap_or(u32::MAX),
            subjects,
            queries,
            shown,
            reader: OnceCell::new(),
            read: Mutex::default(),
        }
    }

    /// The same with a name of its own, where the place has several groups.
    pub fn named_by_pace(mut self) -> Self {
        self.name = Name::from(format!("{} {} s every {} s", self.name, self.period, self.every.as_secs_f64().round()));
        self
    }

    async fn poll_all(&self, ask: Ask, out: &Readings) {
        let reader = self.reader.get_or_init(|| Reader::new(&self.connection, self.timeout)).await;
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let window = Window::since(self.period, ask.backfill, read, ask.now.wall);
        let whole = AtomicBool::new(true);
        let mut batches: Vec<BoxFuture<'_, ()>> = Vec::new();
        for batch in pack(self.queries.iter()) {
            batches.push(Box::pin(async {
                let batch = batch;
                if !self.poll_batch(reader, &batch, window, out).await {
                    whole.store(false, Ordering::Relaxed);
                }
            }));
        }
        few_at_once(batches).await;
        if whole.load(Ordering::Relaxed) {
            *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(window.end);
        }
    }

    /// Whether all of it was whole.
    async fn poll_batch(&self, reader: &Reader, batch: &Batch<'_>, window: Window, out: &Readings) -> bool {
        let outcomes = match reader.read(batch, window).await {
            Ok(outcomes) => outcomes,
            Err(error) => batch.answers.iter().map(|(query, _)| (*query, Err(error.clone()))).collect(),
        };
        let whole = outcomes.iter().all(|(_, outcome)| outcome.as_ref().is_ok_and(|data| !data.partial));
        for (query, outcome) in outcomes {
            self.send(query, outcome.map(Payload::Signal), out).await;
        }
        whole
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

    /// Never more often than its period: there would be nothing new.
    fn cadence(&self) -> Cadence {
        Cadence { every: self.every, lag: Duration::from_secs(u64::from(self.period)) * 3 + pacing::PUBLICATION }
    }

    fn rest(&self, now: Now) -> Option<Duration> {
        Some(pacing::rest(self.every, now.wall))
    }

    fn deadline(&self) -> Duration {
        self.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(self.poll_all(ask, out))
    }
}
