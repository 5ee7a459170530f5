//! Signals and backup measures: each distinct expression asked once, its answer decoded once and fanned out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::backend::{Answered, Matrix, Prometheus, Vector};
use super::history::{Fetch, History};
use super::outcome::Selector;
use super::series::point;
use crate::config::PromQuery;
use crate::source::{Ask, Name, Payload, Point, Reading, Readings, SignalData, SourceError, Subject};
use crate::text::Text;

/// Distinct expressions with those who want them.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    all: Vec<Expression>,
    by_text: HashMap<String, usize>,
}

/// One expression and everyone who wants something of its answer.
#[derive(Debug)]
struct Expression {
    text: String,
    /// The labels that somebody picks by.
    labels: Vec<Name>,
    takers: Vec<Taker>,
    history: Mutex<History>,
}

/// A subject and its part of the answer.
#[derive(Debug)]
struct Taker {
    subject: Subject,
    selector: Selector,
}

impl Expressions {
    pub(super) fn add(&mut self, query: &PromQuery, subject: Subject) {
        let next = self.all.len();
        let index = *self.by_text.entry(query.expression.clone()).or_insert(next);
        if index == next {
            self.all.push(Expression::new(&query.expression));
        }
        if let Some(expression) = self.all.get_mut(index) {
            expression.add(subject, Selector::from(query));
        }
    }

    /// Asks every expression for its value, and then for what is new of its history: values are there first. The backend
    /// bounds how many requests run at once.
    pub(super) async fn poll(&self, backend: &Prometheus, every: Duration, ask: Ask, out: &Readings) {
        let answers = join_all(self.all.iter().map(|asked| asked.current(backend, ask, out))).await;
        let answered = self.all.iter().zip(answers).filter_map(|(asked, answer)| Some((asked, answer?)));
        let due = answered.filter_map(|(asked, answer)| {
            let fetch = asked.kept().due(ask, answer.server_time(), answer.skew, every)?;
            Some((asked, answer, fetch))
        });
        join_all(due.map(|(asked, answer, fetch)| async move {
            asked.fetch(backend, fetch, &answer, ask, out).await;
        }))
        .await;
    }
}

impl Expression {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), labels: Vec::new(), takers: Vec::new(), history: Mutex::default() }
    }

    fn add(&mut self, subject: Subject, selector: Selector) {
        for label in selector.labels() {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
        self.takers.push(Taker { subject, selector });
    }

    fn kept(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn current(&self, backend: &Prometheus, ask: Ask, out: &Readings) -> Option<Vector> {
        let answer = backend.vector(&self.text, &self.labels, ask.now).await;
        for taker in &self.takers {
            let outcome = match &answer {
                Ok(vector) => taker.value(backend, vector).map(|answered| current(&answered)),
                Err(error) => Err(error.clone()),
            };
            taker.send(out, outcome).await;
        }
        if answer.is_err() {
            self.kept().miss();
        }
        answer.ok()
    }

    async fn fetch(&self, backend: &Prometheus, fetch: Fetch, vector: &Vector, ask: Ask, out: &Readings) {
        let matrix = backend.matrix(&self.text, &self.labels, fetch.range).await;
        let mut ends = Vec::with_capacity(self.takers.len());
        for (index, taker) in self.takers.iter().enumerate() {
            // A subject without a value was told so already; it has no history either.
            let Ok(answered) = taker.value(backend, vector) else {
                ends.push(None);
                continue;
            };
            let end = if fetch.whole { None } else { self.kept().end(index) };
            let points = history(&matrix, taker, fetch);
            ends.push(points.as_ref().ok().and_then(|points| points.last().copied()).or(end));
            let data = match points {
                Ok(points) => extended(&answered, end, points, fetch, matrix.as_ref().ok()),
                Err(reason) => without_history(&answered, &reason),
            };
            taker.send(out, Ok(data)).await;
        }
        match matrix {
            Ok(matrix) if !matrix.partial => self.kept().fetched(fetch, ends),
            _ => self.kept().failed(ask.now.mono),
        }
    }
}

impl Taker {
    fn value(&self, backend: &Prometheus, vector: &Vector) -> Result<Answered, SourceError> {
        vector.value(&self.selector).map_err(|reason| backend.malformed(&reason))
    }

    async fn send(&self, out: &Readings, outcome: Result<SignalData, SourceError>) {
        let outcome = outcome.map(Payload::Signal);
        // The receiver is gone when the poll is given up; then nobody wants the rest.
        let _ = out.send(Reading { subject: self.subject.clone(), outcome }).await;
    }
}

fn current(answer: &Answered) -> SignalData {
    SignalData {
        value: Some(answer.value),
        sampled: Some(answer.sampled),
        points: vec![point(answer.sampled, answer.value)],
        replaces: false,
        partial: answer.partial,
        at_least: answer.at_least,
        warnings: answer.warnings.clone(),
    }
}

/// A subject's points of a fetch, by our own clock.
fn history(matrix: &Result<Matrix, SourceError>, taker: &Taker, fetch: Fetch) -> Result<Vec<Point>, String> {
    let matrix = matrix.as_ref().map_err(|error| error.reason.to_string())?;
    let mut points = matrix.points(&taker.selector)?;
    for point in &mut points {
        point.at = point.at.checked_add(fetch.skew).unwrap_or(point.at);
    }
    Ok(points)
}

/// The history with the value at its end. A tail begins with the last point that is kept, so that the polled values since
/// then make way for the aligned steps.
fn extended(
    answer: &Answered,
    end: Option<Point>,
    points: Vec<Point>,
    fetch: Fetch,
    matrix: Option<&Matrix>,
) -> SignalData {
    let before = |point: &Point| point.at < answer.sampled;
    let mut all: Vec<Point> = end.into_iter().chain(points).filter(before).collect();
    all.push(point(answer.sampled, answer.value));
    let mut data = SignalData { points: all, replaces: fetch.whole, ..current(answer) };
    if let Some(matrix) = matrix {
        data.partial |= matrix.partial;
        data.warnings.extend(matrix.warnings.iter().filter(|text| !answer.warnings.contains(text)).cloned());
    }
    data
}

fn without_history(answer: &Answered, reason: &str) -> SignalData {
    let mut data = current(answer);
    data.warnings.push(Text::clean(&format!("no history: {reason}")));
    data
}
