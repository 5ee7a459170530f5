//! Health reports in JSON, as two kinds of service write them.

use serde_json::{Map, Value};

use crate::source::{Component, HealthState};
use crate::text::Text;

/// How deep components may have components.
const MAX_DEPTH: usize = 4;

/// The most components on one level.
const MAX_COMPONENTS: usize = 64;

/// What a report says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub(super) state: HealthState,
    pub(super) reason: Option<String>,
    pub(super) version: Option<Text>,
    pub(super) components: Vec<Component>,
}

impl Report {
    /// A report that says no more than that all is well.
    pub(super) fn plain() -> Self {
        Self { state: HealthState::Healthy, reason: None, version: None, components: Vec::new() }
    }

    /// The report, made no better than `bound`; the reason is kept where it is what decides.
    pub(super) fn at_most(mut self, bound: HealthState, reason: &str) -> Self {
        if badness(bound) > badness(self.state) {
            self.state = bound;
            self.reason = Some(reason.to_owned());
        }
        self
    }
}

/// The order of [`HealthState`] as evidence: what does not say is worse than degraded, less than unhealthy.
fn badness(state: HealthState) -> u8 {
    match state {
        HealthState::Healthy => 0,
        HealthState::Degraded => 1,
        HealthState::Unknown => 2,
        HealthState::Unhealthy => 3,
    }
}

/// `{status, services: {name: {status: "fulfilled", value: {healthy, responseTime?, error?}} | {status: "rejected", reason}}}`.
///
/// # Errors
/// JSON that is no object.
pub(super) fn settled(json: &Value) -> Result<Report, String> {
    report(json, "services", settled_component)
}

/// `{status, version?, checks: {name: {status, latency?, error?, …}}}`; a check may have `services` of its own.
///
/// # Errors
/// JSON that is no object.
pub(super) fn checks(json: &Value) -> Result<Report, String> {
    report(json, "checks", |name, value| checked_component(name, value, 1))
}

/// The service's own account of how long its check took (`X-Health-Check-Duration: 12ms`), listed like a component.
pub(super) fn own_duration(header: &str) -> Option<Component> {
    let text = header.trim();
    let (number, scale) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(milliseconds), _) => (milliseconds, 1.0),
        (None, Some(seconds)) => (seconds, 1000.0),
        (None, None) => (text, 1.0),
    };
    let value = number.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0)?;
    Some(Component {
        name: Text::clean("health check"),
        state: HealthState::Healthy,
        latency_ms: Some(value * scale),
        detail: None,
        components: Vec::new(),
    })
}

fn report(json: &Value, parts: &str, component: impl Fn(&str, &Value) -> Component) -> Result<Report, String> {
    let Value::Object(object) = json else {
        return Err("the JSON is no health report: an object with `status` is expected".to_owned());
    };
    let components =
        object.get(parts).and_then(Value::as_object).map(|all| members(all, component)).unwrap_or_default();
    let (state, reason) = match object.get("status") {
        Some(Value::String(word)) => (state_of(word), format!("it says “{word}”")),
        Some(_) => (HealthState::Unknown, "its `status` is no word".to_owned()),
        None => (HealthState::Unknown, "its report has no `status`".to_owned()),
    };
    let reason = match culprits(&components) {
        names if names.is_empty() => reason,
        names => format!("{reason}: {}", names.join(", ")),
    };
    let own = Report {
        state,
        reason: (state != HealthState::Healthy).then_some(reason),
        version: object.get("version").and_then(Value::as_str).map(Text::clean),
        components: Vec::new(),
    };
    let judged = components.iter().fold(own, |report, part| report.at_most(cap(part.state), &said(part)));
    Ok(Report { components, ..judged })
}

/// A report that calls itself healthy with a part that is not is degraded; one with a part that does not say is unknown.
fn cap(part: HealthState) -> HealthState {
    match part {
        HealthState::Unhealthy | HealthState::Degraded => HealthState::Degraded,
        other => other,
    }
}

fn said(part: &Component) -> String {
    let word = match part.state {
        HealthState::Healthy => "healthy",
        HealthState::Degraded => "degraded",
        HealthState::Unhealthy => "unhealthy",
        HealthState::Unknown => "not saying how it is",
    };
    let detail = part.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{} is {word}{detail}", part.name)
}

fn culprits(components: &[Component]) -> Vec<String> {
    components.iter().filter(|part| part.state != HealthState::Healthy).take(4).map(said).collect()
}

fn members(all: &Map<String, Value>, component: impl Fn(&str, &Value) -> Component) -> Vec<Component> {
    all.iter().take(MAX_COMPONENTS).map(|(name, value)| component(name, value)).collect()
}

fn settled_component(name: &str, value: &Value) -> Component {
    let settled = value.get("value");
    let state = match (value.get("status").and_then(Value::as_str), settled.and_then(|value| value.get("healthy"))) {
        (Some("rejected"), _) => HealthState::Unhealthy,
        (Some("fulfilled"), Some(Value::Bool(true))) => HealthState::Healthy,
        (Some("fulfilled"), Some(Value::Bool(false))) => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    };
    let error = settled.and_then(|value| value.get("error")).or_else(|| value.get("reason"));
    Component {
        name: Text::clean(name),
        state,
        latency_ms: settled.and_then(|value| value.get("responseTime")).and_then(milliseconds),
        detail: error.and_then(words),
        components: Vec::new(),
    }
}

fn checked_component(name: &str, value: &Value, depth: usize) -> Component {
    let object = match value {
        Value::Object(object) => object,
        other => return leaf(name, other.as_str().map_or(HealthState::Unknown, state_of)),
    };
    let parts = object.get("services").or_else(|| object.get("checks")).and_then(Value::as_object);
    let components = match parts {
        Some(parts) if depth < MAX_DEPTH => members(parts, |name, value| checked_component(name, value, depth + 1)),
        _ => Vec::new(),
    };
    let state = object.get("status").and_then(Value::as_str).map_or(HealthState::Unknown, state_of);
    Component {
        state,
        latency_ms: object.get("latency").or_else(|| object.get("responseTime")).and_then(milliseconds),
        detail: object.get("error").and_then(words).or_else(|| figure(object)),
        components,
        ..leaf(name, state)
    }
}

fn leaf(name: &str, state: HealthState) -> Component {
    Component { name: Text::clean(name), state, latency_ms: None, detail: None, components: Vec::new() }
}

/// The first other figure that a check gives, such as `hitRate 0.93`.
fn figure(object: &Map<String, Value>) -> Option<Text> {
    let known = ["latency", "responseTime"];
    let (key, value) = object.iter().find(|(key, value)| value.is_number() && !known.contains(&key.as_str()))?;
    Some(Text::clean(&format!("{key} {value}")))
}

fn words(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Text::clean(text)),
        Value::Object(object) => object.get("message").and_then(Value::as_str).map(Text::clean),
        Value::Null | Value::String(_) => None,
        other => Some(Text::clean(&other.to_string())),
    }
}

/// A latency in milliseconds: a number, or a text such as `12ms`.
fn milliseconds(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches("ms").trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// The words that services use; any other is [`HealthState::Unknown`].
fn state_of(word: &str) -> HealthState {
    match word.to_ascii_lowercase().as_str() {
        "healthy" | "ok" | "up" | "pass" | "passing" | "operational" => HealthState::Healthy,
        "degraded" | "warn" | "warning" => HealthState::Degraded,
        "unhealthy" | "down" | "fail" | "failing" | "failed" | "error" | "critical" => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_without_status_is_unknown_and_says_so() {
        let report = checks(&json!({"checks": {"database": {"status": "healthy"}}})).unwrap();
        assert_eq!(report.state, HealthState::Unknown);
        assert_eq!(report.reason.as_deref(), Some("its report has no `status`"));
    }

    #[test]
    fn a_settled_report_tells_rejected_and_unhealthy_parts() {
        let report = settled(&json!({
            "status": "unhealthy", "timestamp": "2026-01-01T00:00:00Z",
            "services": {
                "database": {"status": "fulfilled", "value": {"healthy": true, "responseTime": 12}},
                "redis": {"status": "fulfilled", "value": {"healthy": false, "error": "timeout"}},
                "s3": {"status": "rejected", "reason": "AccessDenied"}
            }
        }))
        .unwrap();
        assert_eq!(report.state, HealthState::Unhealthy);
        let parts: Vec<_> = report.components.iter().map(|part| (part.name.as_str(), part.state)).collect();
        let unhealthy = HealthState::Unhealthy;
        assert_eq!(parts, [("database", HealthState::Healthy), ("redis", unhealthy), ("s3", unhealthy)]);
        assert_eq!(report.components[0].latency_ms, Some(12.0));
        assert!(report.reason.unwrap().contains("s3 is unhealthy (AccessDenied)"));
    }

    #[test]
    fn a_healthy_word_over_a_sick_part_is_degraded() {
        let report = checks(&json!({"status": "healthy", "checks": {"cache": {"status": "unhealthy"}}})).unwrap();
        assert_eq!(report.state, HealthState::Degraded);
        assert_eq!(report.reason.as_deref(), Some("cache is unhealthy"));
    }

    #[test]
    fn a_part_that_does_not_say_is_not_healthy() {
        let report = settled(&json!({"status": "healthy", "services": {"s3": {"status": "fulfilled"}}})).unwrap();
        assert_eq!(report.state, HealthState::Unknown);
    }

    #[test]
    fn checks_have_parts_figures_and_a_version() {
        let report = checks(&json!({
            "status": "degraded", "version": "1.4.2", "metrics": {"uptime": 5},
            "checks": {
                "cache": {"status": "healthy", "hitRate": 0.93},
                "external": {"status": "degraded", "services": {"pusher": "healthy", "sentry": "degraded"}}
            }
        }))
        .unwrap();
        assert_eq!((report.state, report.version.as_deref()), (HealthState::Degraded, Some("1.4.2")));
        assert_eq!(report.components[0].detail.as_deref(), Some("hitRate 0.93"));
        assert_eq!(report.components[1].components[1].state, HealthState::Degraded);
    }

    #[test]
    fn an_unknown_word_or_another_shape_is_never_healthy() {
        assert_eq!(checks(&json!({"status": "fine, I guess"})).unwrap().state, HealthState::Unknown);
        assert_eq!(checks(&json!({"status": true})).unwrap().state, HealthState::Unknown);
        assert!(checks(&json!([1, 2])).is_err() && checks(&json!("healthy")).is_err());
    }

    #[test]
    fn a_deep_tree_is_cut() {
        let mut value = json!({"status": "healthy"});
        for _ in 0..50 {
            value = json!({"status": "healthy", "services": {"inner": value}});
        }
        let report = checks(&json!({"status": "healthy", "checks": {"outer": value}})).unwrap();
        let mut depth = 0;
        let mut parts = &report.components;
        while let Some(part) = parts.first() {
            depth += 1;
            parts = &part.components;
        }
        assert_eq!(depth, MAX_DEPTH);
    }

    #[test]
    fn the_check_s_own_duration_is_listed() {
        assert_eq!(own_duration("12ms").and_then(|part| part.latency_ms), Some(12.0));
        assert_eq!(own_duration("0.5s").and_then(|part| part.latency_ms), Some(500.0));
        assert!(own_duration("soon").is_none() && own_duration("NaN").is_none());
    }
}
