//! Silences of Alertmanager, and what changed an alarm's state.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::AlertState;
use crate::text::Text;

/// The silences of one Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Silences {
    /// Those in force, the one that ends first before; then pending ones, then those that ended lately.
    pub silences: Vec<Silence>,
    /// How many more there are that are not told.
    pub left_out: usize,
    /// How far its clock is ahead of ours, in seconds: its silences begin and end by its clock.
    pub clock_ahead: i64,
}

impl Silences {
    /// The silence of that identifier.
    pub fn get(&self, id: &Text) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.id == *id)
    }

    /// How long until its clock shows `at`, when ours shows `now`; zero where it already does.
    pub fn until(&self, at: Timestamp, now: Timestamp) -> Duration {
        let left = at.duration_since(now).saturating_sub(SignedDuration::from_secs(self.clock_ahead));
        Duration::try_from(left).unwrap_or_default()
    }

    /// How a silence stands when our clock shows `now`, which may be later than when it was read.
    pub fn state(&self, silence: &Silence, now: Timestamp) -> SilenceState {
        if silence.state == SilenceState::Expired || self.until(silence.ends, now).is_zero() {
            SilenceState::Expired
        } else if self.until(silence.starts, now).is_zero() {
            SilenceState::Active
        } else {
            SilenceState::Pending
        }
    }
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its identifier.
    pub id: Text,
    /// How it stood when it was read.
    pub state: SilenceState,
    /// What it matches, as `name="value"`, `name!="value"`, `name=~"value"` or `name!~"value"`.
    pub matchers: Vec<Text>,
    /// From when.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who set it.
    pub created_by: Text,
    /// Why.
    pub comment: Text,
}

/// How a silence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceState {
    /// In force.
    Active,
    /// Begins later.
    Pending,
    /// Over.
    Expired,
}

/// What changed the states of alarms lately (CloudWatch alarm history).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmHistory {
    /// The changes, the newest first.
    pub changes: Vec<AlarmChange>,
    /// From when on they are all told; what was before is not known.
    pub since: Timestamp,
}

impl AlarmHistory {
    /// The changes of one alarm, the newest first.
    pub fn of<'a>(&'a self, alarm: &'a Text) -> impl Iterator<Item = &'a AlarmChange> {
        self.changes.iter().filter(move |change| change.alarm == *alarm)
    }
}

/// One change of an alarm's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmChange {
    /// The alarm.
    pub alarm: Text,
    /// When.
    pub at: Timestamp,
    /// What it was before, where that is told.
    pub before: Option<AlertState>,
    /// What it became, where that is told.
    pub after: Option<AlertState>,
    /// What happened, in CloudWatch's words.
    pub summary: Text,
    /// Why, where that is told.
    pub reason: Text,
}
