//! `application/health+json`: `{status, version?, releaseId?, checks: {"db:responseTime": [{…}]}, output?, notes?}`.
//!
//! <https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06>.

use serde_json::{Map, Value};

use super::report::{Report, bounded, leaf, object, words};
use crate::source::{Component, HealthState};
use crate::text::Text;

/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    let (judged, figures): (Vec<_>, Vec<_>) = checks(object).into_iter().partition(|(judges, _)| *judges);
    let mut report = Report::stated(object, state, bounded(judged.into_iter().map(|(_, part)| part).collect()));
    report.components.extend(bounded(figures.into_iter().map(|(_, part)| part).collect()));
    if let (Some(reason), Some(output)) = (&mut report.reason, object.get("output").and_then(words)) {
        reason.push_str(&format!(" ({output})"));
    }
    let version = ["version", "releaseId"].iter().find_map(|key| object.get(*key).and_then(Value::as_str));
    report.version = version.filter(|version| !version.is_empty()).map(Text::clean);
    Ok(report)
}

/// Every check, and whether it judges: one without a status is only a measurement.
fn checks(object: &Map<String, Value>) -> Vec<(bool, Component)> {
    let all = object.get("checks").and_then(Value::as_object).into_iter().flatten();
    all.flat_map(|(name, value)| match value {
        Value::Array(items) => items.iter().map(|item| check(name, items.len(), item)).collect(),
        item => vec![check(name, 1, item)],
    })
    .collect()
}

fn check(name: &str, of: usize, item: &Value) -> (bool, Component) {
    let Some(object) = item.as_object() else { return (true, leaf(name, HealthState::Unknown)) };
    let state = match object.get("status") {
        Some(status) => status.as_str().map_or(HealthState::Unknown, state),
        None => HealthState::Healthy,
    };
    let id = object.get("componentId").and_then(Value::as_str).filter(|_| of > 1);
    let name = id.map_or_else(|| name.to_owned(), |id| format!("{name} {id}"));
    let latency_ms = latency(&name, object);
    let output = (state != HealthState::Healthy).then(|| object.get("output").and_then(words)).flatten();
    let observed = || observed(object).filter(|_| latency_ms.is_none());
    let part = Component { latency_ms, detail: output.or_else(observed), ..leaf(&name, state) };
    (object.contains_key("status") || !object.contains_key("observedValue"), part)
}

fn observed(object: &Map<String, Value>) -> Option<Text> {
    let value = object.get("observedValue").and_then(words)?;
    let unit = object.get("observedUnit").and_then(Value::as_str).unwrap_or_default();
    Some(Text::clean(format!("{value} {unit}").trim()))
}

/// A response time in milliseconds, where it is one and its unit is known.
fn latency(name: &str, object: &Map<String, Value>) -> Option<f64> {
    let value = object.get("observedValue")?.as_f64().filter(|value| value.is_finite() && *value >= 0.0)?;
    let scale = match object.get("observedUnit")?.as_str()? {
        "s" | "seconds" => 1000.0,
        "ms" | "milliseconds" => 1.0,
        "us" | "µs" | "microseconds" => 0.001,
        _ => return None,
    };
    name.contains(":responseTime").then_some(value * scale)
}

/// The words of the draft, and those that it takes for the same.
fn state(word: &str) -> HealthState {
    match word.to_ascii_lowercase().as_str() {
        "pass" | "ok" | "up" => HealthState::Healthy,
        "warn" => HealthState::Degraded,
        "fail" | "error" | "down" => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    }
}
