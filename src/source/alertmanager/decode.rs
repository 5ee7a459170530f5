//! What Alertmanager writes of alerts, as [`Alert`]s.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::source::{Alert, AlertGroup, AlertOrigin, AlertState, Name, Suppression};
use crate::text::Text;

/// The most labels that are kept of one alert or group.
const MAX_LABELS: usize = 32;

/// The most groups, and the most silences or alerts that hold one alert back, that are kept.
const MAX_RELATED: usize = 16;

pub(super) type Words = BTreeMap<String, String>;

/// A group of Alertmanager's API, with its alerts; further members are its own business.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    #[serde(default)]
    labels: Words,
    receiver: Receiver,
    alerts: Vec<GettableAlert>,
}

#[derive(Debug, Deserialize)]
struct Receiver {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GettableAlert {
    fingerprint: String,
    labels: Words,
    #[serde(default)]
    annotations: Words,
    starts_at: Option<Timestamp>,
    status: AlertStatus,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlertStatus {
    state: String,
    silenced_by: Option<Vec<String>>,
    inhibited_by: Option<Vec<String>>,
    /// Since Alertmanager 0.28.
    muted_by: Option<Vec<String>>,
}

/// The alerts of all groups, each once: an alert that is sent to several receivers stands in a group of each.
pub(super) fn grouped(groups: Vec<Group>, services: &HashSet<Name>) -> Vec<Alert> {
    let names = names(&groups);
    let mut found: BTreeMap<String, Alert> = BTreeMap::new();
    for group in groups {
        let told = AlertGroup { receiver: Text::clean(&group.receiver.name), labels: texts(&group.labels) };
        for raw in group.alerts {
            let decode = || gettable(&raw, &names, services);
            let alert = found.entry(raw.fingerprint.clone()).or_insert_with(decode);
            if alert.groups.len() < MAX_RELATED && !alert.groups.contains(&told) {
                alert.groups.push(told.clone());
            }
        }
    }
    found.into_values().collect()
}

/// Names of alerts by fingerprint, which is how an inhibited alert names what inhibits it.
fn names(groups: &[Group]) -> HashMap<String, Text> {
    let alerts = groups.iter().flat_map(|group| &group.alerts);
    let named = |alert: &GettableAlert| Some((alert.fingerprint.clone(), Text::clean(alert.labels.get("alertname")?)));
    alerts.filter_map(named).collect()
}

fn gettable(raw: &GettableAlert, names: &HashMap<String, Text>, services: &HashSet<Name>) -> Alert {
    let held_by = held_by(&raw.status, names);
    let state = match (held_by.is_empty(), raw.status.state.as_str()) {
        (false, _) | (_, "suppressed") => AlertState::Suppressed,
        _ => AlertState::Firing,
    };
    let alert = labelled(AlertOrigin::Alertmanager, state, &raw.labels, &raw.annotations, services);
    Alert { since: raw.starts_at, held_by, ..alert }
}

fn held_by(status: &AlertStatus, names: &HashMap<String, Text>) -> Vec<Suppression> {
    let each = |ids: &Option<Vec<String>>| ids.clone().unwrap_or_default().into_iter().take(MAX_RELATED);
    let silences = each(&status.silenced_by).map(|id| Suppression::Silence(Text::clean(&id)));
    let named = |print: String| names.get(&print).cloned().unwrap_or_else(|| Text::clean(&print));
    let alerts = each(&status.inhibited_by).map(|print| Suppression::Alert(named(print)));
    let intervals = each(&status.muted_by).map(|name| Suppression::Interval(Text::clean(&name)));
    silences.chain(alerts).chain(intervals).collect()
}

/// What labels and annotations tell of an alert.
pub(super) fn labelled(
    origin: AlertOrigin,
    state: AlertState,
    labels: &Words,
    annotations: &Words,
    services: &HashSet<Name>,
) -> Alert {
    let text = |words: &Words, keys: &[&str]| {
        keys.iter().find_map(|key| words.get(*key)).map(|word| Text::clean(word)).unwrap_or_default()
    };
    Alert {
        severity: text(labels, &["severity"]),
        summary: text(annotations, &["summary", "description", "message"]),
        service: labels.get("service").and_then(|name| services.get(name.as_str())).cloned(),
        runbook: runbook(annotations),
        labels: texts(labels),
        ..Alert::new(text(labels, &["alertname"]), origin, state)
    }
}

fn texts(words: &Words) -> Vec<(Text, Text)> {
    words.iter().take(MAX_LABELS).map(|(key, value)| (Text::clean(key), Text::clean(value))).collect()
}

/// The runbook that annotations name: `runbook`, or the last part of the path of `runbook_url`.
fn runbook(annotations: &Words) -> Option<Text> {
    let named = annotations.get("runbook").cloned();
    let linked = || {
        let url: Url = annotations.get("runbook_url")?.parse().ok()?;
        let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?.to_owned();
        Some(last.trim_end_matches(".md").trim_end_matches(".html").to_owned())
    };
    named.filter(|name| !name.is_empty()).or_else(linked).map(|name| Text::clean(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(key: &str, value: &str) -> Option<String> {
        let words = Words::from([(key.to_owned(), value.to_owned())]);
        runbook(&words).map(|text| text.to_string())
    }

    #[test]
    fn a_runbook_is_named_or_is_the_last_part_of_its_link() {
        assert_eq!(annotated("runbook", "scale-out").as_deref(), Some("scale-out"));
        let link = "https://git.example/ops/runbooks/scale-out.md?plain=1#top";
        assert_eq!(annotated("runbook_url", link).as_deref(), Some("scale-out"));
        assert_eq!(annotated("runbook_url", "https://wiki.example/scale-out/").as_deref(), Some("scale-out"));
        assert_eq!(annotated("runbook_url", "no link"), None);
    }
}
