//! Health gates after a change: what several looks tell together. Three-valued; what is not known never passes.

use std::time::Duration;

use crate::action::{Gate, Judgement};
use crate::source::Number;

/// How often the gates are asked.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// How many looks in a row must break a bound: one alone may be the moment of the change itself.
const BREACHES: u32 = 2;

/// One look at all gates.
#[derive(Debug)]
pub(super) struct Look {
    /// What was read, in words: `rtech-app/errors 0.002 (below 0.01)`.
    pub words: String,
    /// The worst judgement of all gates.
    pub worst: Judgement,
}

impl Look {
    /// What the gates say of these answers; an answer that failed has its reason.
    pub(super) fn of(answers: &[(&Gate, Result<Number, String>)]) -> Self {
        let judged = answers.iter().map(|(gate, answer)| match answer {
            Ok(value) => (gate.judge(*value), format!("{} ({gate})", words(*value))),
            Err(reason) => (Judgement::Inconclusive, format!("not read: {reason} ({gate})")),
        });
        let (judgements, told): (Vec<_>, Vec<_>) = judged.unzip();
        Self { words: told.join("; "), worst: judgements.into_iter().max().unwrap_or(Judgement::Inconclusive) }
    }
}

fn words(value: Number) -> String {
    match value {
        Number::Finite(value) => format!("{value:.4}"),
        other => format!("{other:?}"),
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
        Look { words: String::new(), worst }
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
        assert_eq!(Look::of(&[]).worst, Judgement::Inconclusive);
    }
}
