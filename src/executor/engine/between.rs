//! Between two steps and after the last: health gates are watched, and the target may be handed over.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Flow, OBSERVE, Stop, Work, gates};
use crate::action::{Gate, Judgement};
use crate::executor::journal::Entry;
use crate::source::Number;
use crate::text::Text;

impl Work<'_> {
    /// Watches the gates for so long; what they said where they passed, `None` where there are none. Before a next step, the
    /// target may be handed over meanwhile.
    pub(super) async fn bake(&self, window: Duration, next: Option<usize>) -> Flow<Option<String>> {
        self.handed_over(next)?;
        if window.is_zero() {
            return Ok(None);
        }
        if self.taken.plan().gates.is_empty() {
            return self.keep_distance(window, next).await;
        }
        let until = self.now().mono.plus(window);
        let (mut said, mut tally) = (String::new(), gates::Tally::default());
        loop {
            self.handed_over(next)?;
            let look = self.gates().await;
            let now = self.now().mono;
            match tally.add(&look, now >= until) {
                Some(Judgement::Pass) => return Ok(Some(look.words)),
                Some(Judgement::Fail) => {
                    let reason = format!("a health gate failed: {}", look.words);
                    return Err(Stop::Bad { reason, effect: "the calls so far took effect".to_owned() });
                }
                Some(Judgement::Inconclusive) => {
                    let reason = Text::clean("the health gates could not be judged; the change stays as it is");
                    return Err(Stop::Outcome(Entry::Inconclusive { reason, found: Text::clean(&look.words) }));
                }
                None => self.progress(&mut said, format!("gates: {}", look.words))?,
            }
            tokio::time::sleep(gates::EVERY.min(until.since(now))).await;
        }
    }

    /// Without gates the next step keeps its distance even so.
    async fn keep_distance(&self, window: Duration, next: Option<usize>) -> Flow<Option<String>> {
        let until = self.now().mono.plus(window);
        loop {
            self.handed_over(next)?;
            let left = until.since(self.now().mono);
            if left.is_zero() {
                return Ok(None);
            }
            tokio::time::sleep(gates::EVERY.min(left)).await;
        }
    }

    /// Stops before the next step of the plan where the target was handed over; what was begun stays as it is, unless the plan
    /// wants it gone ([`Work::stopped`]). A step that only removes what the run made is done even so, and a way back is never
    /// handed over: neither is to be left half done.
    fn handed_over(&self, next: Option<usize>) -> Flow<()> {
        let plan = self.taken.plan();
        let Some(index) = next.filter(|next| (1..plan.steps.len()).contains(next)) else { return Ok(()) };
        let asked = self.engine.journal.handover(self.taken.run())?.filter(|asked| asked.granted.is_some());
        match asked.filter(|_| !plan.steps[index].call.only_removes()) {
            Some(asked) => {
                let reason = format!("handed over to {}, who asked: {}", asked.by, asked.reason);
                Err(self.stopped(index, &reason, &self.unsent(index)))
            }
            None => Ok(()),
        }
    }

    /// One look at all gates, at the same time.
    async fn gates(&self) -> gates::Look {
        let plan = self.taken.plan();
        let asked = plan.gates.iter().map(|gate| async move { (gate, self.gate(gate).await) });
        let answers = futures_util::future::join_all(asked).await;
        gates::Look::of(&answers, self.broken_before.get().unwrap_or(&BTreeSet::new()))
    }

    /// Which bounds are broken before anything is sent: those can't be laid at the door of the change.
    pub(super) async fn remember_broken_gates(&self) {
        let look = self.gates().await;
        let _ = self.broken_before.set(look.broken); // it is asked once
    }

    async fn gate(&self, gate: &Gate) -> Result<Number, String> {
        let signal = self.engine.config.signal(&gate.signal);
        let signal = signal.ok_or_else(|| format!("the configuration has no signal {}", gate.signal))?;
        let asked = self.engine.world.ask(&signal.query, self.now());
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", OBSERVE.as_secs())),
        }
    }
}
