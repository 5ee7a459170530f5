//! The alerts that fire, as a plan rests on them: what a silence would match.

use serde::{Deserialize, Serialize};

use super::{Alert, AlertState};
use crate::text::Text;

/// The alerts of one source that fire or are held back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenAlerts {
    /// The alerts.
    pub alerts: Vec<SeenAlert>,
    /// Whether these are all; the source tells only so many.
    pub whole: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAlert {
    /// Its name.
    pub name: Text,
    /// Whether it fires, or is held back.
    pub state: AlertState,
    /// Its labels.
    pub labels: Vec<(Text, Text)>,
}

/// The most alerts that a plan holds.
const MOST: usize = 500;

impl From<Vec<Alert>> for SeenAlerts {
    fn from(alerts: Vec<Alert>) -> Self {
        // Where a source leaves some out, its last entry says so: it has a name and no labels.
        let all_told = alerts.iter().all(|alert| !alert.labels.is_empty());
        let now = |alert: &Alert| matches!(alert.state, AlertState::Firing | AlertState::Suppressed);
        let seen = |alert: Alert| SeenAlert { name: alert.name, state: alert.state, labels: alert.labels };
        let mut found: Vec<_> = alerts.into_iter().filter(|alert| now(alert) && !alert.labels.is_empty()).collect();
        let whole = all_told && found.len() <= MOST;
        found.truncate(MOST);
        Self { alerts: found.into_iter().map(seen).collect(), whole }
    }
}

impl SeenAlert {
    /// The value of a label; empty where it has none. The alert's name is its `alertname`.
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value.as_str());
        found.unwrap_or(if name == "alertname" { &self.name } else { "" })
    }
}
