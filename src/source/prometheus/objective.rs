//! Ratio objectives: bad and valid events counted over each window that the burn-rate rules need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};

use super::backend::{Prometheus, Vector};
use super::outcome::Selector;
use crate::clock::{Mono, Now};
use crate::config::{Objective, PromQuery, Query};
use crate::slo;
use crate::source::{Ask, Name, Number, ObjectiveData, Payload, Reading, Readings, SourceError, Subject, WindowCount};

/// The objectives of one source.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    all: Vec<Tally>,
    /// The labels that somebody picks by.
    labels: Vec<Name>,
}

/// What is counted: a template with `$window`, and the series of its answer that is meant.
#[derive(Debug)]
struct Counted {
    template: Arc<str>,
    selector: Selector,
}

impl Counted {
    fn of(query: &PromQuery) -> Self {
        Self { template: query.expression.as_str().into(), selector: Selector::from(query) }
    }
}

/// One objective and what of it is still fresh.
#[derive(Debug)]
pub(super) struct Tally {
    subject: Subject,
    bad: Counted,
    valid: Counted,
    windows: Vec<Duration>,
    kept: Mutex<HashMap<Duration, (Mono, WindowCount)>>,
}

impl Tally {
    /// The tally of an objective that is asked in PromQL.
    pub(super) fn of(service: &Name, objective: &Objective) -> Option<Self> {
        let (Query::Prometheus(bad), Query::Prometheus(valid)) = (&objective.bad, &objective.valid) else {
            return None;
        };
        Some(Self {
            subject: Subject::Objective { service: service.clone(), objective: objective.name.clone() },
            bad: Counted::of(bad),
            valid: Counted::of(valid),
            windows: slo::windows(objective.period),
            kept: Mutex::default(),
        })
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    fn fresh(&self, window: Duration, now: Now) -> Option<WindowCount> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, count) = kept.get(&window)?;
        (now.mono.since(*asked) < asked_every(window)).then_some(*count)
    }

    fn keep(&self, count: WindowCount, now: Now) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(count.window, (now.mono, count));
    }

    /// What the windows gave. One whose counts can't be had is left out: what is not known is not made up. Only when none
    /// can be had is the whole objective a failure.
    fn outcome(&self, counted: Vec<Result<WindowCount, SourceError>>) -> Result<ObjectiveData, SourceError> {
        let mut windows = Vec::new();
        let mut failed = None;
        for count in counted {
            match count {
                Ok(count) => windows.push(count),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if windows.is_empty() => Err(error),
            Some(error) => {
                tracing::warn!(subject = %self.subject, %error, "a window of the objective could not be counted");
                Ok(ObjectiveData { windows })
            }
            None => Ok(ObjectiveData { windows }),
        }
    }
}

/// The answer to one expression, shared by all objectives that count with it.
type Asked<'a> = Shared<BoxFuture<'a, Result<Arc<Vector>, SourceError>>>;

/// The questions of one poll, each asked once.
struct Questions<'a> {
    backend: &'a Prometheus,
    labels: &'a [Name],
    now: Now,
    asked: Mutex<HashMap<(Arc<str>, Duration), Asked<'a>>>,
}

impl<'a> Questions<'a> {
    fn ask(&self, template: &Arc<str>, window: Duration) -> Asked<'a> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let question = asked.entry((template.clone(), window)).or_insert_with(|| {
            let expression = template.replace("$window", &promql_duration(window));
            let (backend, labels, now) = (self.backend, self.labels, self.now);
            async move { backend.vector(&expression, labels, now).await.map(Arc::new) }.boxed().shared()
        });
        question.clone()
    }

    async fn events(&self, counted: &Counted, window: Duration) -> Result<Number, SourceError> {
        let vector = self.ask(&counted.template, window).await?;
        let answered = vector.value(&counted.selector).map_err(|reason| self.backend.malformed(&reason))?;
        match answered.partial {
            true => Err(self.backend.malformed("the answer is not whole, and part of the events is no count")),
            false => Ok(answered.value),
        }
    }

    async fn count(&self, tally: &Tally, window: Duration) -> Result<WindowCount, SourceError> {
        if let Some(kept) = tally.fresh(window, self.now) {
            return Ok(kept);
        }
        let (bad, valid) = tokio::join!(self.events(&tally.bad, window), self.events(&tally.valid, window));
        let count = WindowCount { window, bad: bad?, valid: valid? };
        tally.keep(count, self.now);
        Ok(count)
    }
}

impl Tallies {
    pub(super) fn add(&mut self, tally: Tally) {
        for label in [&tally.bad, &tally.valid].into_iter().flat_map(|counted| counted.selector.labels()) {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
        self.all.push(tally);
    }

    /// Counts all objectives and sends one reading each.
    pub(super) async fn poll(&self, backend: &Prometheus, ask: Ask, out: &Readings) {
        let questions = Questions { backend, labels: &self.labels, now: ask.now, asked: Mutex::default() };
        let each = self.all.iter().map(|tally| async {
            let counted = join_all(tally.windows.iter().map(|window| questions.count(tally, *window))).await;
            let outcome = tally.outcome(counted).map(Payload::Objective);
            // The receiver is gone when the poll is given up; then nobody wants the rest.
            let _ = out.send(Reading { subject: tally.subject.clone(), outcome }).await;
        });
        join_all(each).await;
    }
}

/// How long the counts of a window are kept: long windows cost the server much and change little.
fn asked_every(window: Duration) -> Duration {
    match window.as_secs() {
        0..=3600 => Duration::ZERO,
        3601..=43_200 => Duration::from_secs(60),
        _ => Duration::from_secs(300),
    }
}

/// A duration as PromQL writes it: `5m`, `6h`, `30d`, `90s`.
pub(crate) fn promql_duration(window: Duration) -> String {
    let seconds = window.as_secs();
    let unit = [(86_400, 'd'), (3600, 'h'), (60, 'm')].into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds}s"), |(length, letter)| format!("{}{letter}", seconds / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_as_promql_does() {
        let written = |seconds| promql_duration(Duration::from_secs(seconds));
        assert_eq!([300, 3600, 21_600, 259_200, 90].map(written), ["5m", "1h", "6h", "3d", "90s"]);
    }
}
