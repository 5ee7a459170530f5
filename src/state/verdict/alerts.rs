//! What alerts say of a service. One that is held back does not make it unhealthy, but it is told.

use jiff::Timestamp;

use super::{Level, Reason, not_live};
use crate::clock::Now;
use crate::config::{Config, Service};
use crate::source::{Alert, AlertState, Name, Silences, Subject, Suppression};
use crate::state::ReadingStore;
use crate::text::Text;

/// The alerts that fire for a service, and the sources of which it is not known.
pub(super) fn judge(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    for source in config.alert_sources() {
        let measured = readings.alerts(config, &source, now);
        match measured.live() {
            Some(alerts) => parts.extend(alerts.iter().filter(|alert| fires_for(alert, &service.name)).map(firing)),
            None => {
                parts.push(Reason { level: Level::Unknown, text: not_live(&format!("alerts of {source}"), &measured) })
            }
        }
    }
}

/// Whether an alert fires for a service.
pub fn fires_for(alert: &Alert, service: &Name) -> bool {
    alert.state == AlertState::Firing && alert.service.as_ref() == Some(service)
}

fn firing(alert: &Alert) -> Reason {
    let level = match alert.severity.as_str() {
        "page" | "critical" => Level::Unhealthy,
        _ => Level::Degraded,
    };
    Reason { level, text: format!("{} fires", alert.name) }
}

/// The alerts of a service that are held back: `1 silenced until 14:00 UTC: DiskFull`.
pub(super) fn notes(readings: &ReadingStore, config: &Config, service: &Service, now: Now) -> Vec<String> {
    let mut notes = Vec::new();
    for source in config.alert_sources() {
        let subject = Subject::Silences { source: source.clone() };
        let silences = readings.of::<Silences>(config, &subject, now);
        let alerts = readings.alerts(config, &source, now);
        let held =
            |alert: &&Alert| alert.state == AlertState::Suppressed && alert.service.as_ref() == Some(&service.name);
        let held: Vec<&Alert> = alerts.live().into_iter().flatten().filter(held).collect();
        notes.extend(silenced(&held, silences.value().map(|(silences, _)| silences), now));
        notes.extend(inhibited(&held));
    }
    notes
}

fn silenced(held: &[&Alert], silences: Option<&Silences>, now: Now) -> Option<String> {
    let is_silenced = |alert: &&&Alert| alert.held_by.iter().any(|by| matches!(by, Suppression::Silence(_)));
    let names: Vec<&Text> = held.iter().filter(is_silenced).map(|alert| &alert.name).collect();
    let ends = held.iter().filter_map(|alert| silenced_until(alert, silences?)).min();
    let until = match (ends, names.len()) {
        (_, 0) => return None,
        (Some(end), 1) => format!("until {}", moment(end, now.wall)),
        (Some(end), _) => format!("the first until {}", moment(end, now.wall)),
        (None, _) => "until when is not known".to_owned(),
    };
    Some(format!("{} silenced {until}: {}", names.len(), list(&names)))
}

/// When the last of the silences ends that hold an alert back; it is silenced until then.
pub fn silenced_until(alert: &Alert, silences: &Silences) -> Option<Timestamp> {
    let id = |by: &'_ Suppression| match by {
        Suppression::Silence(id) => silences.get(id),
        _ => None,
    };
    alert.held_by.iter().filter_map(id).map(|silence| silence.ends).max()
}

fn inhibited(held: &[&Alert]) -> Option<String> {
    let others: Vec<(&Text, String)> = held.iter().filter_map(|alert| Some((&alert.name, by_other(alert)?))).collect();
    let (first, by) = others.first()?;
    match others.len() {
        1 => Some(format!("1 {by}: {first}")),
        count => Some(format!(
            "{count} inhibited or muted: {}",
            list(&others.iter().map(|(name, _)| *name).collect::<Vec<_>>())
        )),
    }
}

fn by_other(alert: &Alert) -> Option<String> {
    alert.held_by.iter().find_map(|by| match by {
        Suppression::Alert(name) => Some(format!("inhibited by {name}")),
        Suppression::Interval(name) => Some(format!("muted by the time interval {name}")),
        Suppression::Silence(_) | Suppression::Suppressor(_) => None,
    })
}

fn list(names: &[&Text]) -> String {
    let mut shown: Vec<&str> = names.iter().take(3).map(|name| name.as_str()).collect();
    if names.len() > shown.len() {
        shown.push("…");
    }
    shown.join(", ")
}

/// A moment to come as people say it: the time of day, with the date where it is not within a day.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let near = at.duration_since(now).as_secs().abs() < 20 * 3600;
    let format = if near { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    at.strftime(format).to_string()
}
