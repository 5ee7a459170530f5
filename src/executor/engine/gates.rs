//! Health gates after a change: what several looks tell together. Three-valued; what is not known never passes.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::action::{Gate, Judgement};
use crate::source::{Number, SignalId};

/// How often the gates are asked.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// How many looks in a row must break a bound: one alone may be the moment of the change itself.
const BREACHES: u32 = 2;

/// One look at all gates.
#[derive(Debug)]
pub(super) struct Look {
    /// What was read, in words: `0.2 % (rtech-app/errors below 1 %)`.
    pub words: String,
    /// The worst judgement of all gates.
    pub worst: Judgement,
    /// The gates whose bound is broken.
    pub broken: BTreeSet<SignalId>,
}

impl Look {
    /// What the gates say of these answers; an answer that failed has its reason. A bound that was broken before the change
    /// already can't be laid at its door: while it still is, the gate is inconclusive.
    pub(super) fn of(answers: &[(&Gate, Result<Number, String>)], before: &BTreeSet<SignalId>) -> Self {
        let mut look = Self { words: String::new(), worst: Judgement::Pass, broken: BTreeSet::new() };
        for (gate, answer) in answers {
            let (judgement, words) = judged(gate, answer, before.contains(&gate.signal));
            if answer.as_ref().is_ok_and(|value| gate.judge(*value) == Judgement::Fail) {
                look.broken.insert(gate.signal.clone());
            }
            look.worst = look.worst.max(judgement);
            look.words = if look.words.is_empty() { words } else { format!("{}; {words}", look.words) };
        }
        if answers.is_empty() { Self { worst: Judgement::Inconclusive, ..look } } else { look }
    }
}

fn judged(gate: &Gate, answer: &Result<Number, String>, was_broken: bool) -> (Judgement, String) {
    match answer {
        Ok(value) => match gate.judge(*value) {
            Judgement::Fail if was_broken => {
                (Judgement::Inconclusive, format!("{} (not {gate}, nor was it before)", value.format(gate.unit)))
            }
            judgement => (judgement, format!("{} ({gate})", value.format(gate.unit))),
        },
        Err(reason) => (Judgement::Inconclusive, format!("not read: {reason} ({gate})")),
    }
}

/// The looks so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    breaches: u32,
}

impl Tally {
    /// What is settled by one look more; `over`: no other follows. `None`: it is looked again.
    pub(super) fn add(&mut self, look: &Look, over: bool) -> Option<Judgement> {
        self.breaches = if look.worst == Judgement::Fail { self.breaches + 1 } else { 0 };
        (over || self.breaches >= BREACHES).then_some(look.worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(worst: Judgement) -> Look {
        Look { words: String::new(), worst, broken: BTreeSet::new() }
    }

    #[test]
    fn a_bound_that_is_broken_twice_in_a_row_fails_at_once_and_once_only_does_not() {
        let mut tally = Tally::default();
        assert_eq!(tally.add(&look(Judgement::Fail), false), None);
        assert_eq!(tally.add(&look(Judgement::Pass), false), None);
        assert_eq!(tally.add(&look(Judgement::Fail), false), None);
        assert_eq!(tally.add(&look(Judgement::Fail), false), Some(Judgement::Fail));
    }

    #[test]
    fn the_last_look_decides_and_what_is_not_known_does_not_pass() {
        for worst in [Judgement::Pass, Judgement::Inconclusive, Judgement::Fail] {
            assert_eq!(Tally::default().add(&look(worst), true), Some(worst));
        }
        assert_eq!(Look::of(&[], &BTreeSet::new()).worst, Judgement::Inconclusive);
    }

    #[test]
    fn a_bound_that_was_broken_before_the_change_is_not_laid_at_its_door_and_does_not_pass_either() {
        let signal = SignalId { service: "web".into(), signal: "errors".into() };
        let gate = Gate {
            signal: signal.clone(),
            bound: 0.01,
            unit: crate::source::Unit::Ratio,
            direction: crate::config::Direction::HigherIsWorse,
        };
        let look = |value: f64, before: &BTreeSet<SignalId>| Look::of(&[(&gate, Ok(Number::from(value)))], before);
        let first = look(0.05, &BTreeSet::new());
        assert_eq!((first.worst, first.broken.contains(&signal)), (Judgement::Fail, true));
        assert_eq!(look(0.05, &first.broken).worst, Judgement::Inconclusive);
        assert_eq!(look(0.001, &first.broken).worst, Judgement::Pass);
    }
}
