//! How old what is on the screen can be at worst.

use std::time::Duration;

use crate::source::{Measured, Subject};
use crate::state::State;

/// All subjects of the environment, by state, and the greatest age among the values that are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataAge {
    /// The greatest age among the values; `None` before the first. A measure that is slow by nature (a daily backup, a bill)
    /// counts only once it is stale or fails: half a day is its usual age and says nothing about the rest.
    pub oldest: Option<Duration>,
    /// How many are not read yet.
    pub never: usize,
    /// How many are live.
    pub live: usize,
    /// How many are stale.
    pub stale: usize,
    /// How many fail.
    pub failed: usize,
}

impl DataAge {
    fn count<T>(&mut self, measured: &Measured<'_, T>, slow: bool) {
        match measured {
            Measured::Never => self.never += 1,
            Measured::Live { .. } => self.live += 1,
            Measured::Stale { .. } => self.stale += 1,
            Measured::Failed { .. } => self.failed += 1,
        }
        if !slow || measured.live().is_none() {
            self.oldest = self.oldest.max(measured.value().map(|(_, age)| age));
        }
    }
}

/// A value that may be as old as this without being stale is slow by nature.
const SLOW: Duration = Duration::from_secs(3600);

fn is_slow(state: &State, subject: &Subject) -> bool {
    matches!(subject, Subject::Backup { .. }) || state.config.cadence(subject).stale_after() >= SLOW
}

/// Counts the states of all subjects that are asked.
pub fn data_age(state: &State) -> DataAge {
    let mut data = DataAge::default();
    let (readings, config, now) = (&state.readings, &*state.config, state.now);
    for subject in config.subjects() {
        let slow = is_slow(state, &subject);
        data.count(&readings.freshness(config, &subject, now), slow);
    }
    data
}
