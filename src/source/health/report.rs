//! What a health report says, and the pieces that its shapes have in common.

use serde_json::{Map, Value};

use crate::source::{Component, HealthState};
use crate::text::Text;

/// How deep components may have components; what lies deeper is judged, but not kept.
pub(super) const MAX_DEPTH: usize = 4;

/// The most components that are kept on one level: the worst, if there are more.
pub(super) const MAX_COMPONENTS: usize = 64;

/// The most figures of one component that are told.
const MAX_FIGURES: usize = 3;

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

    /// A report that says one word of itself, whose meaning is `state`, and names parts.
    pub(super) fn of(said: &str, state: HealthState, components: Vec<Component>) -> Self {
        let reason = match culprits(&components) {
            names if names.is_empty() => said.to_owned(),
            names => format!("{said}: {}", names.join(", ")),
        };
        let reason = (state != HealthState::Healthy).then_some(reason);
        let own = Self { state, reason, version: None, components: Vec::new() };
        let judged = components.iter().fold(own, |report, part| report.at_most(cap(part.state), &told(part)));
        Self { components, ..judged }
    }

    /// A report whose own word is its member `status`, told by `meaning`.
    pub(super) fn stated(
        object: &Map<String, Value>,
        meaning: impl Fn(&str) -> HealthState,
        components: Vec<Component>,
    ) -> Self {
        let (state, said) = match object.get("status") {
            Some(Value::String(word)) => (meaning(word), format!("it says “{}”", Text::clean(word))),
            Some(_) => (HealthState::Unknown, "its `status` is no word".to_owned()),
            None => (HealthState::Unknown, "its report has no `status`".to_owned()),
        };
        Self::of(&said, state, components)
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

/// Something that calls itself healthy with a part that is not is degraded; with a part that does not say it is unknown.
fn cap(part: HealthState) -> HealthState {
    match part {
        HealthState::Unhealthy | HealthState::Degraded => HealthState::Degraded,
        other => other,
    }
}

fn told(part: &Component) -> String {
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
    components.iter().filter(|part| part.state != HealthState::Healthy).take(4).map(told).collect()
}

/// The object that a report is.
///
/// # Errors
/// JSON of another kind.
pub(super) fn object(json: &Value) -> Result<&Map<String, Value>, String> {
    json.as_object().ok_or_else(|| "the JSON is no health report: an object with `status` is expected".to_owned())
}

/// The members of an object as components; none where it is no object. Where there are too many, the worst are kept.
pub(super) fn members(all: Option<&Value>, component: impl Fn(&str, &Value) -> Component) -> Vec<Component> {
    let all = all.and_then(Value::as_object);
    bounded(all.into_iter().flatten().map(|(name, value)| component(name, value)).collect())
}

/// No more than [`MAX_COMPONENTS`]: the last one says how many are left out, and how the worst of them is.
pub(super) fn bounded(mut all: Vec<Component>) -> Vec<Component> {
    if all.len() > MAX_COMPONENTS {
        all.sort_by_key(|part| std::cmp::Reverse(badness(part.state)));
        let rest = all.split_off(MAX_COMPONENTS - 1);
        let worst = rest.first().map_or(HealthState::Healthy, |part| part.state);
        all.push(leaf(&format!("{} more", rest.len()), worst));
    }
    all
}

/// A component without parts.
pub(super) fn leaf(name: &str, state: HealthState) -> Component {
    Component { name: Text::clean(name), state, latency_ms: None, detail: None, components: Vec::new() }
}

/// A component that is no better than its parts allow; parts below [`MAX_DEPTH`] count, and are not kept.
pub(super) fn with_parts(mut component: Component, parts: Vec<Component>, depth: usize) -> Component {
    let bound = parts.iter().map(|part| cap(part.state)).max_by_key(|state| badness(*state));
    if let Some(bound) = bound.filter(|bound| badness(*bound) > badness(component.state)) {
        component.state = bound;
    }
    if depth < MAX_DEPTH {
        component.components = parts;
    }
    component
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
    Some(Component { latency_ms: Some(value * scale), ..leaf("health check", HealthState::Healthy) })
}

/// The first few figures and words of an object but those of these names: `hitRate 0.93, database PostgreSQL`.
pub(super) fn figures(object: &Map<String, Value>, but: &[&str]) -> Option<Text> {
    let shown = |(key, value): (&String, &Value)| match value {
        _ if but.contains(&key.as_str()) => None,
        Value::Number(number) => Some(format!("{key} {number}")),
        Value::Bool(word) => Some(format!("{key} {word}")),
        Value::String(text) if !text.is_empty() => Some(format!("{key} {}", Text::clean(text))),
        _ => None,
    };
    let all: Vec<String> = object.iter().filter_map(shown).take(MAX_FIGURES).collect();
    (!all.is_empty()).then(|| Text::clean(&all.join(", ")))
}

/// A text, or the message of an object; other values as they are written.
pub(super) fn words(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Text::clean(text)),
        Value::Object(object) => object.get("message").and_then(Value::as_str).map(Text::clean),
        Value::Null | Value::String(_) | Value::Array(_) => None,
        other => Some(Text::clean(&other.to_string())),
    }
}

/// A latency in milliseconds: a number, or a text such as `12ms`.
pub(super) fn milliseconds(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches("ms").trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// The words that services use; any other is [`HealthState::Unknown`].
pub(super) fn state_of(word: &str) -> HealthState {
    match word.to_ascii_lowercase().as_str() {
        "healthy" | "ok" | "up" | "pass" | "passing" | "operational" => HealthState::Healthy,
        "degraded" | "warn" | "warning" => HealthState::Degraded,
        "unhealthy" | "down" | "fail" | "failing" | "failed" | "error" | "critical" | "out_of_service"
        | "shutting_down" => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{checks::report as checks, settled::report as settled};
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
