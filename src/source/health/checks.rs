//! `{status, version?, checks: {name: {status, latency?, error?, …}}, metrics?}`.

use serde_json::Value;

use super::report::{Report, figures, leaf, members, milliseconds, object, state_of, with_parts, words};
use crate::source::{Component, HealthState};
use crate::text::Text;

/// What is told apart from the other figures of a check.
const KNOWN: &[&str] = &["status", "latency", "responseTime", "error"];

/// A check may have `services` or `checks` of its own; `metrics` are told and judge nothing.
///
/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    let mut report =
        Report::stated(object, state_of, members(object.get("checks"), |name, value| component(name, value, 1)));
    report.version = object.get("version").and_then(Value::as_str).map(Text::clean);
    report.components.extend(object.get("metrics").and_then(metrics));
    Ok(report)
}

fn component(name: &str, value: &Value, depth: usize) -> Component {
    let Value::Object(object) = value else {
        return leaf(name, value.as_str().map_or(HealthState::Unknown, state_of));
    };
    let parts = members(object.get("services").or_else(|| object.get("checks")), |name, value| {
        component(name, value, depth + 1)
    });
    let state = object.get("status").and_then(Value::as_str).map_or(HealthState::Unknown, state_of);
    let own = Component {
        latency_ms: object.get("latency").or_else(|| object.get("responseTime")).and_then(milliseconds),
        detail: object.get("error").and_then(words).or_else(|| figures(object, KNOWN)),
        ..leaf(name, state)
    };
    with_parts(own, parts, depth)
}

fn metrics(value: &Value) -> Option<Component> {
    Some(Component { detail: Some(figures(value.as_object()?, &[])?), ..leaf("metrics", HealthState::Healthy) })
}
