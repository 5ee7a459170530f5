//! Before a call: is the target as it was when the plan was made, and does no guard deny by now?

use super::{CHECK_TO_SEND, Engine, Flow, Stop, Work, failed, refused};
use crate::action::guard::denials_now;
use crate::action::{Arming, Change, Facts, GuardContext, fingerprint, judge};
use crate::clock::Mono;
use crate::executor::facts;
use crate::executor::journal::Entry;
use crate::source::Observation;

impl Work<'_> {
    /// Observes again; refuses on drift, and where a guard denies by now.
    pub(super) async fn check(&self, index: usize) -> Flow<Mono> {
        let asked = self.now();
        let observation = self.look_again(index).await.map_err(|reason| {
            self.not_sent(index, &format!("the target could not be observed: {reason}"), Vec::new())
        })?;
        let plan = self.taken.plan();
        let drift = plan.drift_at(index, &fingerprint(&plan.action, &observation));
        if !drift.is_empty() {
            return Err(self.not_sent(index, "the target changed since the plan was made", drift));
        }
        let reasons = self.denials(index, observation).await;
        match reasons.is_empty() {
            true => self.in_time(index, asked.mono),
            false if index == 0 => Err(Stop::Outcome(Entry::Refused { reasons, drift: Vec::new() })),
            false => Err(self.not_sent(index, &reasons.join("; "), Vec::new())),
        }
    }

    /// Why guards deny now: all of them judge before the first call, some before each.
    async fn denials(&self, index: usize, found: Observation) -> Vec<String> {
        let (now, plan) = (self.now(), self.taken.plan());
        let Engine { journal, config, world, .. } = self.engine;
        let mut known = facts::of_journal((journal, config), plan, self.taken.by(), Some(self.taken.run()), now);
        let (turning_back, break_glass) = (index >= plan.steps.len(), self.taken.break_glass().cloned());
        let budgets = async { if index == 0 { facts::budgets(config, *world, plan, now).await } else { Vec::new() } };
        // Taking back is held up by no calendar, and waits for none.
        let calendars = async { if turning_back { Vec::new() } else { facts::calendars(config, *world, now).await } };
        let here = std::mem::take(&mut known.seconds);
        let seconds = async {
            // Whether two wanted it is judged before the first call alone.
            if index == 0 { facts::with_those_of_other_hosts((journal, config), plan, here).await } else { here }
        };
        let (budgets, calendars, seconds) = tokio::join!(budgets, calendars, seconds);
        let facts = Facts { budgets, calendars, seconds, turning_back, break_glass, ..known };
        let context = GuardContext { config, now: self.now().wall, arming: Arming::Confirmed, facts };
        match index {
            0 => judge(plan.with_observation(found), &context).reasons(),
            _ => denials_now(plan, index, found, &context),
        }
    }

    /// An observation that took too long is refused while nothing has begun; [`Self::hold_back`] looks again.
    fn in_time(&self, index: usize, asked: Mono) -> Flow<Mono> {
        let age = self.now().mono.since(asked);
        if age > CHECK_TO_SEND {
            let most = CHECK_TO_SEND.as_secs();
            let reason = format!("observing took {} s, at most {most} s are good enough", age.as_secs());
            return Err(self.not_sent(index, &reason, Vec::new()));
        }
        Ok(asked)
    }

    /// A step that is not sent: a refusal where it is the first, else the end of what was begun.
    pub(super) fn not_sent(&self, index: usize, reason: &str, drift: Vec<Change>) -> Stop {
        if index == 0 {
            return refused(format!("{reason}; nothing was sent"), drift);
        }
        let drift: Vec<_> = drift.iter().map(ToString::to_string).collect();
        let reason = if drift.is_empty() { reason.to_owned() } else { format!("{reason}: {}", drift.join("; ")) };
        self.stopped(index, &reason, &self.unsent(index))
    }

    /// The end at a later step: the way back is gone where the plan wants that, for what earlier steps made must not stay.
    pub(super) fn stopped(&self, index: usize, reason: &str, effect: &str) -> Stop {
        match index > 0 && self.taken.plan().step(index).is_some_and(|step| step.turns_back) {
            true => Stop::Bad { reason: reason.to_owned(), effect: effect.to_owned() },
            false => failed(reason, effect),
        }
    }

    /// What of the plan did not go through, in words.
    pub(super) fn unsent(&self, index: usize) -> String {
        let steps = self.taken.plan().steps.len();
        match index {
            0 => "nothing was sent".to_owned(),
            index if index < steps => {
                format!("step {} of {steps} was not sent; those before it took effect", index + 1)
            }
            _ => "calls took effect, and the on-failure branch was not done whole: look at the target".to_owned(),
        }
    }
}
