//! A made-up backend that outlives the executors which change it: it is observed, it is changed, it counts what arrives and
//! what takes effect. It trips the executor at a chosen point, as a killed process would stop there.

use std::collections::{BTreeMap, VecDeque};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use quarterdeck::action::{Call, Made, Plan};
use quarterdeck::clock::Now;
use quarterdeck::config::Query;
use quarterdeck::executor::journal::RunId;
use quarterdeck::executor::target::{ApplyError, Permit, Receipt, Target};
use quarterdeck::source::{Look, Name, Number, Observation, SharedSource, SourceError, SourceErrorKind, World};

use super::rows;
use crate::recovery::fake::Answer;

/// What an executor that was killed unwinds with. No panic hook runs.
pub(crate) struct Crash;

/// The points that an executor passes: each reading of the clock (there is one before each write of the journal), and the
/// entry and exit of each call, look and question. Between two points it does at most one thing that can be seen.
#[derive(Default)]
pub(crate) struct Tripwire {
    seen: AtomicUsize,
    /// The point that kills, counted from 1; 0 is none.
    kills_at: AtomicUsize,
    places: Mutex<Vec<&'static str>>,
    hook: Mutex<Option<Hook>>,
}

/// Called at each point.
pub(crate) type Hook = Box<dyn FnMut(usize) + Send>;

impl Tripwire {
    /// The executor passes a point, or dies there.
    pub(crate) fn pass(&self, place: &'static str) {
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&self.places).push(place);
        if let Some(hook) = lock(&self.hook).as_mut() {
            hook(number);
        }
        if number == self.kills_at.load(Ordering::Relaxed) {
            resume_unwind(Box::new(Crash));
        }
    }

    /// Kills at this point, counted from 1.
    pub(crate) fn kill_at(&self, number: usize) {
        self.kills_at.store(number, Ordering::Relaxed);
    }

    pub(crate) fn hook(&self, hook: Hook) {
        *lock(&self.hook) = Some(hook);
    }

    /// Counts anew, and neither kills nor tells any more.
    pub(crate) fn disarm(&self) {
        self.kill_at(0);
        *lock(&self.hook) = None;
    }

    /// Where each point was.
    pub(crate) fn places(&self) -> Vec<&'static str> {
        lock(&self.places).clone()
    }
}

/// One call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) run: RunId,
    /// Which step of the run's plan it is.
    pub(crate) step: usize,
    pub(crate) call: Call,
    /// How often it took effect.
    pub(crate) effects: u32,
}

#[derive(Default)]
struct Inner {
    truth: BTreeMap<Name, Observation>,
    plans: BTreeMap<RunId, Plan>,
    made: BTreeMap<RunId, Made>,
    answers: VecDeque<Answer>,
    arrived: Vec<Arrival>,
    /// Effects that come so many looks later, of which arrival.
    due: Vec<(u32, usize)>,
    strangers: Vec<String>,
    reading: f64,
    readable: bool,
    slow: std::time::Duration,
}

/// The backend.
pub(crate) struct Backend {
    inner: Mutex<Inner>,
    pub(crate) wire: Tripwire,
}

impl Backend {
    pub(crate) fn new(truth: impl IntoIterator<Item = (Name, Observation)>) -> Self {
        let truth = truth.into_iter().collect();
        let inner = Inner { truth, reading: 0.001, readable: true, ..Inner::default() };
        Self { inner: Mutex::new(inner), wire: Tripwire::default() }
    }

    /// How the calls that come next are answered; after those, each is accepted.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner().answers = answers.into_iter().collect();
    }

    /// What every gate reads from now on.
    pub(crate) fn read(&self, reading: f64) {
        self.inner().reading = reading;
    }

    /// A plan that was approved: calls of other runs than those are of strangers.
    pub(crate) fn know(&self, run: &RunId, plan: &Plan) {
        self.inner().plans.insert(run.clone(), plan.clone());
    }

    pub(crate) fn arrived(&self) -> Vec<Arrival> {
        self.inner().arrived.clone()
    }

    /// The same when only so many calls had arrived.
    pub(crate) fn as_of(&self, calls: usize) -> Self {
        let then = Self::new([]);
        then.inner().arrived = self.arrived().into_iter().take(calls).collect();
        then
    }

    /// Calls that are no step of a run that was approved.
    pub(crate) fn strangers(&self) -> Vec<String> {
        self.inner().strangers.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// One look: what is due comes, what moves by itself moves on.
    fn look(&mut self, target: &Name, now: Now) -> Option<Observation> {
        let due = std::mem::take(&mut self.due);
        for (wait, arrival) in due {
            if wait == 0 { drop(self.take_effect(arrival)) } else { self.due.push((wait - 1, arrival)) }
        }
        let truth = self.truth.get_mut(target)?;
        rows::move_on(truth);
        Some(Observation { taken: now.wall, ..truth.clone() })
    }

    /// Takes a call in: which step it is of a run that was approved, or that it is a stranger's.
    fn take_in(&mut self, run: &RunId, call: &Call) -> Option<usize> {
        let made = self.made.entry(run.clone()).or_default().clone();
        let plan = self.plans.get(run);
        let step =
            plan.and_then(|plan| plan.calls().position(|planned| planned.resolved(&made).as_ref() == Some(call)));
        let Some(step) = step else {
            self.strangers.push(format!("{run}: {call}"));
            return None;
        };
        self.arrived.push(Arrival { run: run.clone(), step, call: call.clone(), effects: 0 });
        Some(self.arrived.len() - 1)
    }

    fn take_effect(&mut self, arrival: usize) -> Result<Option<String>, ApplyError> {
        let Arrival { run, step, call, .. } = self.arrived[arrival].clone();
        let target = self.plans[&run].action.target().clone();
        let truth = self.truth.get_mut(&target).expect("a target");
        let made = rows::take_effect(&call, truth, arrival)?;
        self.arrived[arrival].effects += 1;
        if let Some(made) = &made {
            self.made.entry(run).or_default().insert(step, made.clone());
        }
        Ok(made)
    }

    fn receive(&mut self, run: &RunId, call: &Call) -> Result<(Answer, Option<String>), ApplyError> {
        let answer = self.answers.pop_front().unwrap_or(Answer::Accept);
        if answer == Answer::NotSent {
            return Ok((answer, None));
        }
        let stranger = || ApplyError::Rejected("nobody approved this call".into());
        let arrival = self.take_in(run, call).ok_or_else(stranger)?;
        let made = match answer {
            Answer::Accept | Answer::ApplyThenDrop | Answer::ApplyThenHang => self.take_effect(arrival)?,
            Answer::ApplyLater(looks) => {
                self.due.push((looks, arrival));
                None
            }
            _ => None,
        };
        Ok((answer, made))
    }
}

impl World for Backend {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move {
            self.wire.pass("before a look");
            let slow = self.inner().slow;
            tokio::time::sleep(slow).await;
            let found = self.inner().look(&look.target, now);
            self.wire.pass("after a look");
            let readable = self.inner().readable;
            let refused = || SourceError::new(&look.target, SourceErrorKind::Unauthorised, "access denied");
            found.filter(|_| readable).ok_or_else(refused)
        })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async {
            self.wire.pass("a question");
            Ok(Number::from(self.inner().reading))
        })
    }
}

impl Target for Backend {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move {
            self.wire.pass("before the last look");
            permit.last_look()?;
            self.wire.pass("before the call");
            let received = self.inner().receive(permit.run(), call);
            self.wire.pass("after the call");
            let (answer, made) = received?;
            match answer {
                Answer::Accept => Ok(Receipt { said: "accepted".into(), made }),
                Answer::ApplyThenHang | Answer::Hang => std::future::pending().await,
                Answer::Throttle => Err(ApplyError::Rejected("HTTP 400, ThrottlingException".into())),
                Answer::NotSent => Err(ApplyError::NotSent("connection refused".into())),
                _ => Err(ApplyError::Unknown("HTTP 503".into())),
            }
        })
    }
}
