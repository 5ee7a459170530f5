//! Alerts and silences in the report.

use jiff::Timestamp;
use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::source::{
    AlarmChange, AlarmHistory, Alert, AlertState, Name, Silence, SilenceState, Silences, Subject, Suppression, Unit,
};
use crate::state::verdict::moment;

/// The alerts of one source. The value is how many fire.
#[derive(Debug, Serialize)]
pub struct AlertsReport {
    /// The source.
    pub source: Name,
    /// How many fire.
    #[serde(flatten)]
    pub item: Item<Option<usize>>,
    /// All of them, whatever their state.
    pub alerts: Vec<Alert>,
}

/// The silences of one source. The value is how many are in force.
#[derive(Debug, Serialize)]
pub struct SilencesReport {
    /// The source.
    pub source: Name,
    /// How many are in force.
    #[serde(flatten)]
    pub item: Item<Option<usize>>,
    /// Those in force, those to come, and those that ended lately.
    pub silences: Vec<Silence>,
    /// How many more there are.
    pub left_out: usize,
    /// How far the clock of the source is ahead of ours.
    pub clock_ahead_seconds: i64,
}

/// The alarm history of one source. The value is how many changes are told.
#[derive(Debug, Serialize)]
pub struct HistoryReport {
    /// The source.
    pub source: Name,
    /// How many changes are told.
    #[serde(flatten)]
    pub item: Item<Option<usize>>,
    /// From when on all changes are told; null where none were read.
    pub since: Option<Timestamp>,
    /// The changes, the newest first.
    pub changes: Vec<AlarmChange>,
}

impl Look<'_> {
    pub(super) fn alarm_history(&self, source: Name) -> HistoryReport {
        let subject = Subject::AlarmHistory { source: source.clone() };
        let measured = self.readings.of::<AlarmHistory>(self.config, &subject, self.now);
        let told = measured.value().map(|(told, _)| told);
        HistoryReport {
            item: Item::of(&measured, Some(Unit::Count), |told| told.map(|told| told.changes.len())),
            since: told.map(|told| told.since),
            changes: told.map(|told| told.changes.clone()).unwrap_or_default(),
            source,
        }
    }

    pub(super) fn alerts(&self, source: Name) -> AlertsReport {
        let measured = self.readings.alerts(self.config, &source, self.now);
        let firing = |alerts: &Vec<Alert>| alerts.iter().filter(|alert| alert.state == AlertState::Firing).count();
        AlertsReport {
            item: Item::of(&measured, Some(Unit::Count), |alerts| alerts.map(firing)),
            alerts: measured.value().map(|(alerts, _)| alerts.clone()).unwrap_or_default(),
            source,
        }
    }

    pub(super) fn silences(&self, source: Name) -> SilencesReport {
        let subject = Subject::Silences { source: source.clone() };
        let measured = self.readings.of::<Silences>(self.config, &subject, self.now);
        let active = |told: &Silences| {
            let is_active = |silence: &&Silence| told.state(silence, self.now.wall) == SilenceState::Active;
            told.silences.iter().filter(is_active).count()
        };
        let told = measured.value().map(|(told, _)| told);
        SilencesReport {
            item: Item::of(&measured, Some(Unit::Count), |told| told.map(active)),
            silences: told.map(|told| told.silences.clone()).unwrap_or_default(),
            left_out: told.map_or(0, |told| told.left_out),
            clock_ahead_seconds: told.map_or(0, |told| told.clock_ahead),
            source,
        }
    }
}

/// The lines of the alerts of one source.
pub(super) fn alerts_row(source: &AlertsReport) -> Row {
    let value = source.item.value.map_or_else(dash, |firing| format!("{firing} firing"));
    let names: Vec<_> = source.alerts.iter().map(|alert| format!("{} {}", alert.name, alert_word(alert))).collect();
    row("", format!("alerts {}", source.source), value, &source.item, names.join(", "))
}

/// The line of the silences of one source.
pub(super) fn silences_row(source: &SilencesReport) -> Row {
    let value = source.item.value.map_or_else(dash, |active| format!("{active} in force"));
    let active = source.silences.iter().filter(|silence| silence.state == SilenceState::Active);
    let told = |silence: &Silence| {
        let matchers: Vec<&str> = silence.matchers.iter().map(|matcher| matcher.as_str()).collect();
        let until = moment(silence.ends, silence.starts);
        format!("until {until} by {}: {}", silence.created_by, matchers.join(" "))
    };
    let notes: Vec<String> = active.map(told).collect();
    row("", format!("silences {}", source.source), value, &source.item, notes.join(", "))
}

/// The line of the alarm history of one source.
pub(super) fn history_row(source: &HistoryReport) -> Row {
    let value = source.item.value.map_or_else(dash, |count| format!("{count} changes"));
    let newest =
        source.changes.iter().take(3).map(|change| format!("{:.0} {}: {}", change.at, change.alarm, change.summary));
    row("", format!("alarm history {}", source.source), value, &source.item, newest.collect::<Vec<_>>().join(", "))
}

fn alert_word(alert: &Alert) -> &'static str {
    match (alert.state, alert.held_by.first()) {
        (AlertState::Firing, _) => "firing",
        (AlertState::NoData, _) => "no data",
        (AlertState::Pending, _) => "pending",
        (AlertState::Suppressed, Some(Suppression::Silence(_))) => "silenced",
        (AlertState::Suppressed, Some(Suppression::Alert(_))) => "inhibited",
        (AlertState::Suppressed, Some(Suppression::Interval(_))) => "muted",
        (AlertState::Suppressed, _) => "suppressed",
        (AlertState::Ok, _) => "ok",
    }
}
