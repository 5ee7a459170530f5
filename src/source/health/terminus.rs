//! NestJS Terminus: `{status: ok|error|shutting_down, info, error, details: {name: {status: up|down, …}}}`.
//!
//! <https://docs.nestjs.com/recipes/terminus>.

use serde_json::Value;

use super::report::{Report, figures, leaf, members, object, words};
use crate::source::{Component, HealthState};

/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    let mut parts = members(object.get("details"), component);
    if parts.is_empty() {
        parts = members(object.get("info"), component);
        parts.extend(members(object.get("error"), component));
    }
    let state = |word: &str| match word {
        "ok" => HealthState::Healthy,
        "error" | "shutting_down" => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    };
    Ok(Report::stated(object, state, parts))
}

fn component(name: &str, value: &Value) -> Component {
    let Some(object) = value.as_object() else { return leaf(name, HealthState::Unknown) };
    let state = match object.get("status").and_then(Value::as_str) {
        Some("up") => HealthState::Healthy,
        Some("down") => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    };
    let message = object.get("message").and_then(words);
    Component { detail: message.or_else(|| figures(object, &["status"])), ..leaf(name, state) }
}
