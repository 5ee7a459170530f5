//! How old what is on the screen can be at worst.

use std::time::Duration;

use super::{ReadingStore, State};
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::source::{Measured, Subject};

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
    /// Counts some subjects as they stand now, and tells the last moment at which all that are live still are, if nothing is
    /// read of them.
    pub(super) fn of(readings: &ReadingStore, config: &Config, subjects: &[Subject], now: Now) -> (Self, Option<Mono>) {
        let (mut data, mut live_until) = (Self::default(), None::<Mono>);
        for subject in subjects {
            let stale_after = config.cadence(subject).stale_after();
            let measured = readings.freshness(config, subject, now);
            data.count(&measured, is_slow(subject, stale_after));
            if let Measured::Live { age, .. } = measured {
                let end = now.mono.plus(stale_after.saturating_sub(age));
                live_until = Some(live_until.map_or(end, |until| until.min(end)));
            }
        }
        (data, live_until)
    }

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

    /// The same a while later, where nothing was read and nothing became stale meanwhile.
    pub(super) fn later(self, by: Duration) -> Self {
        Self { oldest: self.oldest.map(|oldest| oldest.saturating_add(by)), ..self }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            oldest: self.oldest.max(other.oldest),
            never: self.never + other.never,
            live: self.live + other.live,
            stale: self.stale + other.stale,
            failed: self.failed + other.failed,
        }
    }
}

/// A value that may be as old as this without being stale is slow by nature.
const SLOW: Duration = Duration::from_secs(3600);

fn is_slow(subject: &Subject, stale_after: Duration) -> bool {
    matches!(subject, Subject::Backup { .. } | Subject::LogCount { .. }) || stale_after >= SLOW
}

/// Counts the states of all subjects that are asked.
pub fn data_age(state: &State) -> DataAge {
    let whole = || DataAge::of(&state.readings, &state.config, &state.config.subjects(), state.now).0;
    state.verdicts.data_age(state).unwrap_or_else(whole)
}
