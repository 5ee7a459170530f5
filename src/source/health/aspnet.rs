//! ASP.NET Core: the plain word of its own writer, and the JSON of `UIResponseWriter`.
//!
//! <https://learn.microsoft.com/aspnet/core/host-and-deploy/health-checks>,
//! <https://github.com/Xabaril/AspNetCore.Diagnostics.HealthChecks>.

use serde_json::{Map, Value};

use super::report::{Report, figures, leaf, members, object, words};
use crate::source::{Component, HealthState};

/// The report that a body of one word is, if it is one.
pub(super) fn word(body: &[u8]) -> Option<Report> {
    let word = std::str::from_utf8(body).ok().filter(|body| body.len() < 64)?.trim();
    let state = Some(state(word)).filter(|state| *state != HealthState::Unknown)?;
    Some(Report::of(&format!("it says “{word}”"), state, Vec::new()))
}

/// `{status, totalDuration, entries: {name: {status, duration, description?, exception?, data}}}`; Microsoft's example
/// calls the entries `results`.
///
/// # Errors
/// JSON that is no object.
pub(super) fn report(json: &Value) -> Result<Report, String> {
    let object = object(json)?;
    let mut report =
        Report::stated(object, state, members(object.get("entries").or_else(|| object.get("results")), entry));
    let total = object.get("totalDuration").and_then(Value::as_str).and_then(time_span);
    let total = total.map(|took| Component { latency_ms: Some(took), ..leaf("health check", HealthState::Healthy) });
    report.components.extend(total);
    Ok(report)
}

fn entry(name: &str, value: &Value) -> Component {
    let Some(object) = value.as_object() else { return leaf(name, HealthState::Unknown) };
    let state = object.get("status").and_then(Value::as_str).map_or(HealthState::Unknown, state);
    Component {
        latency_ms: object.get("duration").and_then(Value::as_str).and_then(time_span),
        detail: detail(object, state),
        ..leaf(name, state)
    }
}

/// What went wrong, else what it says of itself, else its data.
fn detail(object: &Map<String, Value>, state: HealthState) -> Option<crate::text::Text> {
    let text = |key: &str| object.get(key).and_then(words);
    let exception = (state != HealthState::Healthy).then(|| text("exception")).flatten();
    let data = || figures(object.get("data")?.as_object()?, &[]);
    exception.or_else(|| text("description")).or_else(data)
}

fn state(word: &str) -> HealthState {
    match word.to_ascii_lowercase().as_str() {
        "healthy" => HealthState::Healthy,
        "degraded" => HealthState::Degraded,
        "unhealthy" => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    }
}

/// Milliseconds of a .NET `TimeSpan`: `[d.]hh:mm:ss[.fffffff]`.
fn time_span(text: &str) -> Option<f64> {
    let (clock, seconds) = text.rsplit_once(':')?;
    let (hours, minutes) = clock.rsplit_once(':')?;
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let whole = |text: &str| text.parse::<u32>().ok().map(f64::from);
    let seconds: f64 = seconds.parse().ok().filter(|seconds| (0.0..60.0).contains(seconds))?;
    Some((((whole(days)? * 24.0 + whole(hours)?) * 60.0 + whole(minutes)?) * 60.0 + seconds) * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_read_in_milliseconds() {
        assert_eq!(time_span("00:00:00.0123000"), Some(12.3));
        assert_eq!(time_span("1.02:00:03"), Some(93_603_000.0));
        for wrong in ["", "12", "00:00", "00:00:99", "-00:00:01", "a:b:c", "00:00:NaN"] {
            assert_eq!(time_span(wrong), None, "{wrong}");
        }
    }
}
