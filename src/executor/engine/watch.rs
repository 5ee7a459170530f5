//! What the looks at a step tell together: it goes on, it is steady, it failed. Pure.

use std::time::Duration;

use crate::action::{Sight, Stage};
use crate::clock::Mono;

/// How long the target may look as if somebody else had moved it: reads lag behind writes.
const LAG: Duration = Duration::from_secs(30);

/// A step that is watched.
#[derive(Debug)]
pub struct Watch {
    /// When the target last looked as the step left it (or the watch began).
    held: Mono,
}

/// What one look found.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// It goes on: where it stands, in words.
    Moving(String),
    /// It is steady: what was found.
    Steady(String),
    /// It was accepted, and nothing tells more: what was answered.
    Told(String),
    /// It failed: why.
    Failed(String),
    /// Somebody else moved it: why that seems so.
    Elsewhere(String),
}

impl Watch {
    /// Begins to watch.
    pub fn new(began: Mono) -> Self {
        Self { held: began }
    }

    /// Takes one look.
    pub fn look(&mut self, sight: &Sight, now: Mono) -> Finding {
        let words = sight.words.clone();
        match &sight.stage {
            Stage::Steady => Finding::Steady(words),
            Stage::Told => Finding::Told(words),
            Stage::Failed(reason) => Finding::Failed(reason.clone()),
            Stage::Elsewhere(reason) if now.since(self.held) >= LAG => Finding::Elsewhere(reason.clone()),
            Stage::Elsewhere(_) => Finding::Moving(format!("{words}; not yet as it was set")),
            Stage::Moving => {
                self.held = now;
                Finding::Moving(words)
            }
        }
    }
}
