//! `{status, services: {name: settled promise}}`, as `Promise.allSettled` writes them.

use serde_json::Value;

use super::report::{Report, leaf, members, milliseconds, object, state_of, words};
use crate::source::{Component, HealthState};
use crate::text::Text;

/// `services: {name: {status: "fulfilled", value: {healthy, responseTime?, error?}} | {status: "rejected", reason}}`.
///
/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    let report = Report::stated(object, state_of, members(object.get("services"), component));
    Ok(Report { version: object.get("version").and_then(Value::as_str).map(Text::clean), ..report })
}

fn component(name: &str, value: &Value) -> Component {
    let settled = value.get("value");
    let state = match (value.get("status").and_then(Value::as_str), settled.and_then(|value| value.get("healthy"))) {
        (Some("rejected"), _) => HealthState::Unhealthy,
        (Some("fulfilled"), Some(Value::Bool(true))) => HealthState::Healthy,
        (Some("fulfilled"), Some(Value::Bool(false))) => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    };
    let error = settled.and_then(|value| value.get("error")).or_else(|| value.get("reason"));
    Component {
        latency_ms: settled.and_then(|value| value.get("responseTime")).and_then(milliseconds),
        detail: error.and_then(words),
        ..leaf(name, state)
    }
}
