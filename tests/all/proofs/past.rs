//! What was so, moment by moment: what the oracle looks back at.

use quarterdeck::clock::Mono;
use quarterdeck::source::{Name, Observation};

/// Each state of each target, with the moment from which on it was so.
#[derive(Default)]
pub(crate) struct Past(Vec<(Name, Mono, Observation)>);

impl Past {
    /// From now on this is so.
    pub(crate) fn keep(&mut self, target: &Name, from: Mono, truth: &Observation) {
        // Most looks find what the one before found.
        let held = self.0.iter().rev().find(|(name, _, _)| name == target);
        if held.is_none_or(|(_, _, held)| held != truth) {
            self.0.push((target.clone(), from, truth.clone()));
        }
    }

    /// All that was so of a target at any moment from `since` on: the state that held then, and those that followed.
    pub(crate) fn since(&self, target: &Name, since: Mono) -> Vec<Observation> {
        let of_target = || self.0.iter().filter(|(name, _, _)| name == target);
        let held = of_target().rev().find(|(_, from, _)| *from <= since);
        let later = of_target().filter(|(_, from, _)| *from > since);
        held.into_iter().chain(later).map(|(_, _, truth)| truth.clone()).collect()
    }
}
