//! How the load goes: the stories that the simulated fleet can tell.

use super::SimulatorError;
use super::noise::{ease, seed_of, unit};

/// A story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing happens.
    Calm,
    /// After about a minute, visitors come in such numbers that `rtech-app` no longer answers in time; nothing but more
    /// tasks helps, because scaling out by itself is suspended.
    Overload,
}

/// The stories by name.
pub const ALL: &[(&str, Scenario)] = &[("overload", Scenario::Overload), ("calm", Scenario::Calm)];

/// Their names.
pub const NAMES: [&str; 2] = [ALL[0].0, ALL[1].0];

/// How many times the calm load the overload brings.
pub const SURGE: f64 = 2.3;

/// Seconds that the surge takes to come.
const RAMP: f64 = 15.0;

/// Seconds after which the surge begins to go, and how long that takes: a demo that is left open calms down.
const ENDS: f64 = 1800.0;
const FADE: f64 = 300.0;

impl Scenario {
    /// The story of that name.
    ///
    /// # Errors
    /// There is none; the error lists the names.
    pub fn named(name: &str) -> Result<Self, SimulatorError> {
        let found = ALL.iter().find(|(known, _)| *known == name).map(|(_, scenario)| *scenario);
        found.ok_or_else(|| SimulatorError::UnknownScenario(name.to_owned()))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// How many times the usual number of visitors there are, `seconds` after the beginning.
    pub fn visitors(self, seed: u64, seconds: f64) -> f64 {
        match self {
            Self::Calm => 1.0,
            Self::Overload => {
                let begins = 48.0 + 6.0 * unit(seed_of(seed, "surge"), 0);
                let share = ease((seconds - begins) / RAMP) - ease((seconds - ENDS) / FADE);
                1.0 + (SURGE - 1.0) * share
            }
        }
    }
}
