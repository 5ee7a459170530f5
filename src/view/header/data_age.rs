//! How old what is on the screen can be at worst.

use std::time::Duration;

use crate::source::{Measured, Subject};
use crate::state::State;

/// All subjects of the environment, by state, and the greatest age among the values that are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataAge {
    /// The greatest age of any value, live or not; `None` before the first.
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
    fn count<T>(&mut self, measured: &Measured<'_, T>) {
        match measured {
            Measured::Never => self.never += 1,
            Measured::Live { .. } => self.live += 1,
            Measured::Stale { .. } => self.stale += 1,
            Measured::Failed { .. } => self.failed += 1,
        }
        self.oldest = self.oldest.max(measured.value().map(|(_, age)| age));
    }
}

/// Counts the states of all subjects that are asked.
pub fn data_age(state: &State) -> DataAge {
    let mut data = DataAge::default();
    let (readings, config, now) = (&state.readings, &*state.config, state.now);
    for subject in config.subjects() {
        match &subject {
            Subject::Signal(_) | Subject::Backup { .. } => data.count(&readings.measure(config, &subject, now)),
            Subject::Objective { .. } => data.count(&readings.objective(config, &subject, now)),
            Subject::Workload { service } => data.count(&readings.workload(config, service, now)),
            Subject::Scaling { service } => data.count(&readings.scaling(config, service, now)),
            Subject::Health { .. } => data.count(&readings.health(config, &subject, now)),
            Subject::Alerts { source } => data.count(&readings.alerts(config, source, now)),
            Subject::Identity { source } => data.count(&readings.identity(config, source, now)),
        }
    }
    data
}
