//! Alarms and alerts, whatever raised them, and what holds them back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::subject::Name;
use crate::text::Text;

/// An alarm or alert, whatever raised it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its name.
    pub name: Text,
    /// Who raises it.
    pub origin: AlertOrigin,
    /// Its state.
    pub state: AlertState,
    /// `page`, `critical`, `warning`, … as labelled; empty where not.
    pub severity: Text,
    /// What it says.
    pub summary: Text,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// The service of the configuration that it is about, where a label or dimension tells.
    pub service: Option<Name>,
    /// Runbook that its annotations name.
    pub runbook: Option<Text>,
    /// Its labels or dimensions.
    pub labels: Vec<(Text, Text)>,
    /// What keeps it from telling anybody; empty where nothing does.
    pub held_by: Vec<Suppression>,
    /// With whom and to whom it is sent (Alertmanager).
    pub groups: Vec<AlertGroup>,
    /// The alarms that its rule is made of (a composite alarm of CloudWatch).
    pub parts: Vec<Text>,
}

/// Severities of alerts that wait until somebody looks.
const QUIET: &[&str] = &["warning", "warn", "info", "notice", "ticket", "low", "minor", "none"];

impl Alert {
    /// Whether it pages somebody. One without a severity may well do so; one whose severity says that it can wait does not.
    pub fn pages(&self) -> bool {
        let severity = self.severity.to_lowercase();
        !QUIET.contains(&severity.as_str())
    }

    /// An alert of that name and state of which nothing else is known.
    pub fn new(name: Text, origin: AlertOrigin, state: AlertState) -> Self {
        Self {
            name,
            origin,
            state,
            severity: Text::default(),
            summary: Text::default(),
            since: None,
            service: None,
            runbook: None,
            labels: Vec::new(),
            held_by: Vec::new(),
            groups: Vec::new(),
            parts: Vec::new(),
        }
    }
}

/// Who raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertOrigin {
    /// A CloudWatch alarm.
    Cloudwatch,
    /// Alertmanager.
    Alertmanager,
    /// A Prometheus rule, where there is no Alertmanager.
    Prometheus,
    /// The simulated fleet.
    Simulator,
}

/// States of an alert, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// `ALARM`, `firing`, `active`.
    Firing,
    /// `INSUFFICIENT_DATA`: the alarm cannot judge.
    NoData,
    /// `pending`.
    Pending,
    /// Silenced or inhibited.
    Suppressed,
    /// `OK`.
    Ok,
}

/// What keeps an alert from telling anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", content = "what", rename_all = "snake_case")]
pub enum Suppression {
    /// A silence, by its identifier.
    Silence(Text),
    /// Another alert that fires, by its name; by its fingerprint where it is not among those that were told.
    Alert(Text),
    /// A time interval of its route, by its name.
    Interval(Text),
    /// The suppressor alarm of a composite alarm: its actions wait, while its state stays what it is.
    Suppressor(Text),
}

/// A group of alerts that are sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertGroup {
    /// To whom.
    pub receiver: Text,
    /// The labels that all of the group share; empty where all alerts of the route are one group.
    pub labels: Vec<(Text, Text)>,
}
