//! A made-up backend that outlives the executors which change it: it is observed, it is changed, it counts what arrives and
//! what takes effect.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quarterdeck::action::{Call, Made, Plan};
use quarterdeck::clock::{Mono, Now};
use quarterdeck::executor::journal::RunId;
use quarterdeck::executor::target::ApplyError;
use quarterdeck::source::{Look, Name, Observation};

use super::past::Past;
use super::{dice, effects, place, rows};
use crate::recovery::fake::Answer;

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
    unreadable: bool,
    /// Where it is there, it decides the fate of calls and how long looks take.
    dice: Option<fastrand::Rng>,
    past: Past,
}

/// The backend.
pub(crate) struct Backend {
    inner: Mutex<Inner>,
}

/// What becomes of one call, and how long its way there and back takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) answer: Answer,
    pub(crate) before: Duration,
    pub(crate) after: Duration,
}

impl Backend {
    pub(crate) fn new(truth: impl IntoIterator<Item = (Name, Observation)>) -> Self {
        let truth = truth.into_iter().collect();
        let inner = Inner { truth, reading: rows::WELL, ..Inner::default() };
        Self { inner: Mutex::new(inner) }
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

    /// From now on dice decide what becomes of calls, and how long looks take.
    pub(crate) fn roll(&self, dice: fastrand::Rng) {
        self.inner().dice = Some(dice);
    }

    /// Whether looks fail from now on.
    pub(crate) fn hide(&self, hidden: bool) {
        self.inner().unreadable = hidden;
    }

    /// What every gate reads now.
    pub(crate) fn reading(&self) -> f64 {
        self.inner().reading
    }

    /// Somebody else changes the target.
    pub(crate) fn meddle(&self, target: &Name, now: Now, meddle: impl FnOnce(&mut Observation)) {
        let mut inner = self.inner();
        meddle(inner.truth.get_mut(target).expect("a target"));
        inner.remember(target, now);
    }

    /// One look; `None` where it fails.
    pub(crate) fn look(&self, look: &Look, now: Now) -> Option<Observation> {
        self.inner().look(look, now)
    }

    /// How long the look that comes next takes.
    pub(crate) fn patience(&self) -> Duration {
        self.inner().dice.as_mut().map_or(Duration::ZERO, dice::look)
    }

    /// What becomes of the call that comes next.
    pub(crate) fn fate(&self) -> Fate {
        let mut inner = self.inner();
        let answer = inner.answers.pop_front().unwrap_or(Answer::Accept);
        let sure = Fate { answer, before: Duration::ZERO, after: Duration::ZERO };
        inner.dice.as_mut().map_or(sure, dice::call)
    }

    /// A call arrives: what it made.
    pub(crate) fn receive(
        &self,
        run: &RunId,
        call: &Call,
        answer: Answer,
        now: Now,
    ) -> Result<Option<String>, ApplyError> {
        self.inner().receive(run, call, answer, now)
    }

    /// What was so of a target at any moment since then.
    pub(crate) fn past(&self, target: &Name, since: Mono) -> Vec<Observation> {
        self.inner().past.since(target, since)
    }

    /// Forgets what was so, and which calls arrived.
    pub(crate) fn forget(&self) {
        let mut inner = self.inner();
        (inner.arrived, inner.past, inner.due) = (Vec::new(), Past::default(), Vec::new());
        (inner.plans, inner.made) = (BTreeMap::new(), BTreeMap::new());
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// One look: what is due comes, what moves by itself moves on.
    fn look(&mut self, look: &Look, now: Now) -> Option<Observation> {
        let target = &look.target;
        for (wait, arrival) in std::mem::take(&mut self.due) {
            if wait == 0 { drop(self.take_effect(arrival, now)) } else { self.due.push((wait - 1, arrival)) }
        }
        let truth = self.truth.get_mut(target)?;
        effects::move_on(truth);
        let seen = Observation { taken: now.wall, ..place::seen(look, truth) };
        self.remember(target, now);
        (!self.unreadable).then_some(seen)
    }

    fn remember(&mut self, target: &Name, now: Now) {
        if self.dice.is_some() {
            self.past.keep(target, now.mono, &self.truth[target]);
        }
    }

    /// Takes a call in: which step it is of a run that was approved, or that it is a stranger's.
    fn take_in(&mut self, run: &RunId, call: &Call) -> Option<usize> {
        let made = self.made.entry(run.clone()).or_default().clone();
        let plan = self.plans.get(run);
        let step = plan.and_then(|plan| {
            // The way back may have the same call as a later step: a step is due only when all before it arrived.
            let came = |step: usize| self.arrived.iter().any(|arrival| arrival.run == *run && arrival.step == step);
            let is_due = |step: usize| step >= plan.steps.len() || (0..step).all(came);
            plan.calls()
                .enumerate()
                .position(|(step, planned)| is_due(step) && planned.resolved(&made).as_ref() == Some(call))
        });
        let Some(step) = step else {
            self.strangers.push(format!("{run}: {call}"));
            return None;
        };
        self.arrived.push(Arrival { run: run.clone(), step, call: call.clone(), effects: 0 });
        Some(self.arrived.len() - 1)
    }

    fn take_effect(&mut self, arrival: usize, now: Now) -> Result<Option<String>, ApplyError> {
        let Arrival { run, step, call, .. } = self.arrived[arrival].clone();
        let plan = &self.plans[&run];
        let target = plan.action.target().clone();
        let truth = self.truth.get_mut(&target).expect("a target");
        let made = effects::take_effect(&effects::Sent { call: &call, plan, nth: arrival, now }, truth)?;
        self.arrived[arrival].effects += 1;
        self.remember(&target, now);
        if let Some(made) = &made {
            self.made.entry(run).or_default().insert(step, made.clone());
        }
        Ok(made)
    }

    fn receive(&mut self, run: &RunId, call: &Call, answer: Answer, now: Now) -> Result<Option<String>, ApplyError> {
        if answer == Answer::NotSent {
            return Ok(None);
        }
        let stranger = || ApplyError::Rejected("nobody approved this call".into());
        let arrival = self.take_in(run, call).ok_or_else(stranger)?;
        match answer {
            Answer::Accept | Answer::ApplyThenDrop | Answer::ApplyThenHang => return self.take_effect(arrival, now),
            Answer::ApplyLater(looks) => self.due.push((looks, arrival)),
            _ => {}
        }
        Ok(None)
    }
}
