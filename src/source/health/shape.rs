//! Which shape a report has, and reading it so.

use serde_json::{Map, Value};

use super::report::{self, Report};
use super::{aspnet, checks, health_json, settled, spring, terminus};
use crate::config::HealthShape;
use crate::source::http::Answer;

/// Reads an answer as a report of the configured shape.
///
/// # Errors
/// What came instead of a report, in one line.
pub(super) fn read(shape: HealthShape, answer: &Answer) -> Result<Report, String> {
    if shape == HealthShape::Plain {
        return Ok(Report::plain());
    }
    let of_one_word = matches!(shape, HealthShape::Aspnet | HealthShape::Auto);
    if let Some(report) = aspnet::word(&answer.body).filter(|_| of_one_word) {
        return Ok(report);
    }
    let json: Value = answer.json()?;
    let shape = if shape == HealthShape::Auto { recognised(&json, declared(answer))? } else { shape };
    match shape {
        HealthShape::Settled => settled::report(&json),
        HealthShape::Spring => spring::report(&json),
        HealthShape::Aspnet => aspnet::report(&json),
        HealthShape::HealthJson => health_json::report(&json),
        HealthShape::Terminus => terminus::report(&json),
        HealthShape::Checks | HealthShape::Plain | HealthShape::Auto => checks::report(&json),
    }
}

/// Whether an answer declares itself to be `application/health+json`. Its draft lets a report that fails come with 4xx.
pub(super) fn declared(answer: &Answer) -> bool {
    let kind = answer.header("content-type").unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/health+json"))
}

/// Whether a report shows a shape.
type Shows = fn(&Map<String, Value>) -> bool;

/// The shape that a report shows by its members.
///
/// # Errors
/// No shape that is known: then nothing may be concluded from it.
fn recognised(json: &Value, declared: bool) -> Result<HealthShape, String> {
    let object = report::object(json)?;
    if declared {
        return Ok(HealthShape::HealthJson);
    }
    let rules: [(Shows, HealthShape); 6] = [
        (is_settled, HealthShape::Settled),
        (is_aspnet, HealthShape::Aspnet),
        (is_terminus, HealthShape::Terminus),
        (is_spring, HealthShape::Spring),
        (is_health_json, HealthShape::HealthJson),
        (says_how_it_is, HealthShape::Checks),
    ];
    let found = rules.iter().find(|(fits, _)| fits(object)).map(|(_, shape)| *shape);
    found.ok_or_else(|| "the JSON is of no shape of health report that is known; name one with `shape`".to_owned())
}

fn word(object: &Map<String, Value>) -> &str {
    object.get("status").and_then(Value::as_str).unwrap_or_default()
}

fn any(object: &Map<String, Value>, key: &str, fits: fn(&Value) -> bool) -> bool {
    object.get(key).and_then(Value::as_object).is_some_and(|all| all.values().any(fits))
}

fn is_settled(object: &Map<String, Value>) -> bool {
    let settled = |value: &Value| matches!(value.get("status").and_then(Value::as_str), Some("fulfilled" | "rejected"));
    any(object, "services", settled)
}

fn is_aspnet(object: &Map<String, Value>) -> bool {
    let entries = object.contains_key("entries") || object.contains_key("results");
    entries && matches!(word(object), "Healthy" | "Degraded" | "Unhealthy")
}

fn is_terminus(object: &Map<String, Value>) -> bool {
    let parts = ["info", "error", "details"].iter().any(|key| object.get(*key).is_some_and(Value::is_object));
    parts && matches!(word(object), "ok" | "error" | "shutting_down")
}

/// The words of Spring in capitals; only its reports say them so.
fn is_spring(object: &Map<String, Value>) -> bool {
    matches!(word(object), "UP" | "DOWN" | "OUT_OF_SERVICE" | "UNKNOWN")
        || any(object, "components", |value| value.get("status").is_some())
}

fn is_health_json(object: &Map<String, Value>) -> bool {
    let lists = any(object, "checks", Value::is_array);
    lists || matches!(word(object).to_ascii_lowercase().as_str(), "pass" | "warn" | "fail")
}

fn says_how_it_is(object: &Map<String, Value>) -> bool {
    object.get("status").is_some_and(Value::is_string)
}
