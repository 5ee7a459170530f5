//! Silences of Alertmanager, and what changed an alarm's state.

use jiff::Timestamp;
use serde::Serialize;

use crate::text::Text;

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// Its identifier.
    pub id: Text,
    /// How it stands.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceState {
    /// In force.
    Active,
    /// Begins later.
    Pending,
    /// Over.
    Expired,
}

/// One change of an alarm's state (CloudWatch alarm history).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmChange {
    /// The alarm.
    pub alarm: Text,
    /// When.
    pub at: Timestamp,
    /// What kind: `StateUpdate`, `ConfigurationUpdate` or `Action`.
    pub kind: Text,
    /// What happened, in CloudWatch's words.
    pub summary: Text,
}
