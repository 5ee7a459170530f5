//! A scripted service in this process: it is observed, it is changed, it counts its changes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use quarterdeck::action::Call;
use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Query};
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunId, RunState, RunView};
use quarterdeck::executor::target::{ApplyError, Permit, Receipt, Target};
use quarterdeck::source::{
    Look, Name, Number, Observation, SharedSource, SourceError, SourceErrorKind, Workload, World,
};
use tempfile::TempDir;

use crate::runs::fixture::{approved_with, config, now, observation, workload};

/// What the service does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Takes effect, says so.
    Accept,
    /// Takes effect, the answer is lost.
    ApplyThenDrop,
    /// Takes effect so many observations later, the answer is lost.
    ApplyLater(u32),
    /// No effect, no answer.
    Lose,
    /// Takes effect, never answers.
    ApplyThenHang,
    /// No effect, never answers.
    Hang,
    /// Refused: throttled.
    Throttle,
    /// Could not be sent.
    NotSent,
}

/// What is done to the service after so many observations.
pub(crate) type Meddle = fn(&mut Workload);

struct Inner {
    workload: Workload,
    answer: Answer,
    due: Option<(u32, u32)>,
    effects: u32,
    calls: u32,
    observed: u32,
    meddle: VecDeque<(u32, Meddle)>,
    unreadable_from: Option<u32>,
    slow: Duration,
    /// What the signals read, answer by answer; the last one stays.
    signals: VecDeque<Number>,
}

/// The service.
pub(crate) struct Fake(Mutex<Inner>);

impl Fake {
    pub(crate) fn new(answer: Answer) -> Self {
        Self(Mutex::new(Inner {
            workload: workload(3, 3),
            answer,
            due: None,
            effects: 0,
            calls: 0,
            observed: 0,
            meddle: VecDeque::new(),
            unreadable_from: None,
            slow: Duration::ZERO,
            signals: VecDeque::new(),
        }))
    }

    /// Does `meddle` when the service is observed for the `at`-th time, before it answers.
    pub(crate) fn meddled(self, at: u32, meddle: Meddle) -> Self {
        self.inner().meddle.push_back((at, meddle));
        self
    }

    /// Can't be observed from the `at`-th time on.
    pub(crate) fn unreadable_from(self, at: u32) -> Self {
        self.inner().unreadable_from = Some(at);
        self
    }

    /// Takes so long to be observed.
    pub(crate) fn slow(self, time: Duration) -> Self {
        self.inner().slow = time;
        self
    }

    /// Its signals read so, question by question; the last answer stays.
    pub(crate) fn signals(self, values: impl IntoIterator<Item = Number>) -> Self {
        self.inner().signals = values.into_iter().collect();
        self
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls took effect.
    pub(crate) fn effects(&self) -> u32 {
        self.inner().effects
    }

    /// How many calls arrived.
    pub(crate) fn calls(&self) -> u32 {
        self.inner().calls
    }

    pub(crate) fn desired(&self) -> u32 {
        self.inner().workload.desired
    }
}

impl Inner {
    fn set(&mut self, desired: u32) {
        self.effects += 1;
        let running = self.workload.running;
        self.workload = workload(desired, running);
    }

    /// One look: a change that is due comes, one task more (or fewer) runs.
    fn observe(&mut self) -> Workload {
        self.observed += 1;
        if let Some((wait, desired)) = self.due.take() {
            if wait == 0 { self.set(desired) } else { self.due = Some((wait - 1, desired)) }
        }
        let Workload { desired, running, .. } = self.workload;
        let next = if running < desired { running + 1 } else { running.min(desired) };
        let mut seen = Workload { deployments: self.workload.deployments.clone(), ..workload(desired, next) };
        seen.task_definition = self.workload.task_definition.clone();
        seen.status = self.workload.status.clone();
        self.workload = seen;
        while let Some((_, meddle)) = self.meddle.pop_front_if(|(at, _)| *at <= self.observed) {
            meddle(&mut self.workload);
        }
        self.workload.clone()
    }
}

impl World for Fake {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, _look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move {
            let slow = self.inner().slow;
            tokio::time::sleep(slow).await;
            let mut inner = self.inner();
            let workload = inner.observe();
            if inner.unreadable_from.is_some_and(|from| inner.observed >= from) {
                return Err(SourceError::new(&Name::from("ecs"), SourceErrorKind::Unauthorised, "access denied"));
            }
            Ok(Observation { taken: now.wall, workload: Some(workload), ..observation() })
        })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async {
            let signals = &mut self.inner().signals;
            let next = if signals.len() > 1 { signals.pop_front() } else { signals.front().copied() };
            Ok(next.unwrap_or(Number::NoData))
        })
    }
}

impl Target for Fake {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move {
            let Call::EcsSetDesiredCount { desired, .. } = call else {
                return Err(ApplyError::Rejected("not a call that this service knows".into()));
            };
            permit.last_look()?;
            let answer = {
                let mut inner = self.inner();
                inner.calls += 1;
                match inner.answer {
                    Answer::Accept | Answer::ApplyThenDrop | Answer::ApplyThenHang => inner.set(*desired),
                    Answer::ApplyLater(looks) => inner.due = Some((looks, *desired)),
                    _ => {}
                }
                inner.answer
            };
            match answer {
                Answer::Accept => Ok("accepted".into()),
                Answer::ApplyThenHang | Answer::Hang => std::future::pending().await,
                Answer::Throttle => Err(ApplyError::Rejected("HTTP 400, ThrottlingException".into())),
                Answer::NotSent => Err(ApplyError::NotSent("connection refused".into())),
                _ => Err(ApplyError::Unknown("HTTP 503".into())),
            }
        })
    }
}

/// A journal with one approved run of 3 → 5, a service, and a clock that follows (paused) tokio time.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) journal: Journal,
    pub(crate) run: RunId,
    pub(crate) fake: Fake,
    pub(crate) config: Config,
    began: tokio::time::Instant,
}

impl Bench {
    pub(crate) fn new(fake: Fake) -> Self {
        Self::with_config(fake, config())
    }

    pub(crate) fn with_config(fake: Fake, config: Config) -> Self {
        let dir = TempDir::new().expect("a directory");
        let journal = Journal::open(dir.path()).expect("a journal");
        let run = journal.approve(approved_with(&config, 5, now()), now()).expect("a run");
        Self { dir, journal, run, fake, config, began: tokio::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        now().plus(self.began.elapsed())
    }

    /// Runs an executor to its end.
    pub(crate) async fn execute(&self) -> Result<RunState, JournalError> {
        self.execute_on(&self.journal).await
    }

    pub(crate) async fn execute_on(&self, journal: &Journal) -> Result<RunState, JournalError> {
        self.execute_with(journal, &self.fake).await
    }

    /// Runs an executor on this journal, which observes the fake and sends its call to `target`.
    pub(crate) async fn execute_with(&self, journal: &Journal, target: &dyn Target) -> Result<RunState, JournalError> {
        let clock = || self.now();
        let engine =
            Engine { journal, world: &self.fake, target, config: &self.config, clock: &clock, pid: std::process::id() };
        engine.run(&self.run).await
    }

    /// Runs an executor and kills it after this long, if it did not end.
    pub(crate) async fn execute_for(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.execute()).await.is_ok()
    }

    pub(crate) fn view(&self) -> RunView {
        self.journal.run(&self.run.0, self.now()).expect("the run")
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.view().records.into_iter().map(|record| record.entry).collect()
    }

    /// The kinds of the run's entries without what was found on the way.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let entries = self.entries();
        let kinds = entries.iter().filter(|entry| !matches!(entry, Entry::Progress { .. })).map(|entry| {
            let value = serde_json::to_value(entry).expect("JSON");
            value["entry"].as_str().expect("a kind").to_owned()
        });
        kinds.collect()
    }
}
