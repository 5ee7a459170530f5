//! Spring Boot's actuator: `{status, components: {name: {status, details?, components?}}}`.
//!
//! <https://docs.spring.io/spring-boot/api/rest/actuator/health.html>. Before Spring Boot 2.2 the components stood under
//! `details`.

use serde_json::{Map, Value};

use super::report::{Report, figures, leaf, members, object, state_of, with_parts, words};
use crate::source::{Component, HealthState};

/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    Ok(Report::stated(object, state_of, parts(object, 1)))
}

fn parts(object: &Map<String, Value>, depth: usize) -> Vec<Component> {
    let named = object.get("components").or_else(|| object.get("details").filter(|details| holds_components(details)));
    members(named, |name, value| component(name, value, depth))
}

/// Whether every member has a status of its own: else these are the details of one component.
fn holds_components(details: &Value) -> bool {
    details.as_object().is_some_and(|all| !all.is_empty() && all.values().all(|value| value.get("status").is_some()))
}

fn component(name: &str, value: &Value, depth: usize) -> Component {
    let Some(object) = value.as_object() else { return leaf(name, HealthState::Unknown) };
    let state = object.get("status").and_then(Value::as_str).map_or(HealthState::Unknown, state_of);
    let details = object.get("details").filter(|details| !holds_components(details)).and_then(Value::as_object);
    let detail = details.and_then(|details| details.get("error").and_then(words).or_else(|| figures(details, &[])));
    with_parts(Component { detail, ..leaf(name, state) }, parts(object, depth + 1), depth)
}
