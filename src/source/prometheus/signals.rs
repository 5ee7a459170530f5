//! Signals and backup measures: each distinct expression asked once, its answer fanned out.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::backend::{Answered, Prometheus};
use super::decode::point;
use super::range::Range;
use crate::clock::Now;
use crate::source::{Ask, Payload, Point, Reading, Readings, SignalData, SourceError, Subject};
use crate::text::Text;

/// Distinct expressions with those who want them.
#[derive(Debug, Default)]
pub(super) struct Expressions(Vec<Expression>);

/// One expression and everyone who wants its answer.
#[derive(Debug)]
struct Expression {
    text: String,
    subjects: Vec<Subject>,
}

impl Expressions {
    pub(super) fn add(&mut self, text: &str, subject: Subject) {
        match self.0.iter_mut().find(|known| known.text == text) {
            Some(known) => known.subjects.push(subject),
            None => self.0.push(Expression { text: text.to_owned(), subjects: vec![subject] }),
        }
    }

    /// Asks every expression for its value, and then, where it is wanted, for its history: values are there first. The
    /// backend bounds how many requests run at once.
    pub(super) async fn poll(&self, backend: &Prometheus, every: Duration, ask: Ask, out: &Readings) {
        let answers = join_all(self.0.iter().map(|asked| asked.current(backend, ask.now, out))).await;
        let Some(window) = ask.backfill else { return };
        let answered = self.0.iter().zip(answers).filter_map(|(asked, answer)| Some((asked, answer?)));
        let histories = answered.map(|(asked, answer)| async move {
            let range = Range::of(window, server_time(&answer), every);
            asked.history(backend, range, &answer, out).await;
        });
        join_all(histories).await;
    }
}

impl Expression {
    async fn current(&self, backend: &Prometheus, now: Now, out: &Readings) -> Option<Answered> {
        let answer = backend.instant(&self.text, now).await;
        self.send(out, &answer.clone().map(|answer| current(&answer))).await;
        answer.ok()
    }

    async fn history(&self, backend: &Prometheus, range: Range, answer: &Answered, out: &Readings) {
        let data = match backend.range(&self.text, range).await {
            Ok(points) => with_history(answer, points),
            Err(error) => without_history(answer, &error),
        };
        self.send(out, &Ok(data)).await;
    }

    async fn send(&self, out: &Readings, outcome: &Result<SignalData, SourceError>) {
        for subject in &self.subjects {
            let outcome = outcome.clone().map(Payload::Signal);
            // The receiver is gone when the poll is given up; then nobody wants the rest.
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        }
    }
}

fn current(answer: &Answered) -> SignalData {
    SignalData {
        value: Some(answer.value),
        sampled: Some(answer.sampled),
        points: vec![point(answer.sampled, answer.value)],
        replaces: false,
        partial: answer.partial,
        warnings: answer.warnings.clone(),
    }
}

fn with_history(answer: &Answered, mut points: Vec<Point>) -> SignalData {
    for point in &mut points {
        point.at = point.at.checked_add(answer.skew).unwrap_or(point.at);
    }
    points.retain(|point| point.at < answer.sampled);
    points.push(point(answer.sampled, answer.value));
    SignalData { points, replaces: true, ..current(answer) }
}

fn without_history(answer: &Answered, error: &SourceError) -> SignalData {
    let mut data = current(answer);
    data.warnings.push(Text::clean(&format!("no history: {}", error.reason)));
    data
}

/// The moment of an answer by the server's clock.
fn server_time(answer: &Answered) -> Timestamp {
    answer.sampled.checked_sub(answer.skew).unwrap_or(answer.sampled)
}
