//! Recovery of a protected thing in words: cells of a row, and lines with the evidence.

mod cells;
mod lines;
mod points;

use std::time::Duration;

use super::page::piece;
use super::pen::Bit;
use super::reading::tone;
use crate::config::theme::Role;
use crate::slo::recovery::{RestoredBy, Standing};
use crate::source::Measured;

pub use cells::{bad_jobs, measured_age, restored, rpo, rto, worst};
pub use lines::{bad, evidence};
pub use points::points;

/// A thing, how it stands, and the moment at which it is looked at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The thing.
    pub thing: &'a crate::config::Protected,
    /// How it stands.
    pub verdict: &'a crate::state::verdict::BackupVerdict<'a>,
    /// The moment.
    pub now: jiff::Timestamp,
}

impl Look<'_> {
    /// A role for what was read live, `Stale` for what was not.
    fn tone(&self, live: Role) -> Role {
        tone(&self.verdict.measured, live)
    }

    /// How a figure that was read stands, as sign, word and role. One that is not fresh meets nothing.
    fn standing(&self, told: Standing) -> (&'static str, &'static str, Role) {
        match self.verdict.measured {
            Measured::Live { .. } => standing(told),
            _ => ("~", "when last read", Role::Stale),
        }
    }

    /// The same of the time that a restore takes: what a person recorded needs no reading.
    fn restore_standing(&self) -> (&'static str, &'static str, Role) {
        match self.verdict.recovery.restored.map(|restored| restored.by) {
            Some(RestoredBy::Job(_)) => self.standing(self.verdict.recovery.rto),
            _ => standing(self.verdict.recovery.rto),
        }
    }

    /// Whether it is known that no restore was ever tested.
    pub fn is_never_tested(&self) -> bool {
        self.verdict.recovery.restored.is_none() && !cells::unread(self)
    }

    /// A piece that is as live as what was read.
    fn piece(&self, live: Role, text: impl AsRef<str>) -> Bit<'static> {
        piece(self.tone(live), text)
    }
}

/// A standing as sign, word and role.
fn standing(standing: Standing) -> (&'static str, &'static str, Role) {
    match standing {
        Standing::Met => ("✓", "met", Role::Good),
        Standing::Missed => ("✗", "MISSED", Role::Critical),
        Standing::Unknown => ("?", "NOT KNOWN", Role::Unknown),
        Standing::NotSet => ("·", "no objective is set", Role::Muted),
    }
}

/// A length of time in its two largest units: `42s`, `4m`, `26h10m`, `3d4h`.
pub fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit}{small}{small_unit}"),
    };
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3_599 => format!("{}m", seconds / 60),
        3_600..=172_799 => pair(seconds / 3_600, "h", seconds / 60 % 60, "m"),
        _ => pair(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// Whole days: a restore test may well be older than the ages of readings, which end at 99 days.
pub fn days(length: Duration) -> String {
    format!("{}d", length.as_secs() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_in_its_two_largest_units() {
        let read = |seconds| length(Duration::from_secs(seconds));
        assert_eq!([read(42), read(272), read(94_200), read(86_400)], ["42s", "4m", "26h10m", "24h"]);
        assert_eq!(read(4 * 86_400 + 7_300), "4d2h");
    }
}
