//! The health endpoints of the simulated fleet, as a report with components.

use std::time::Duration;

use jiff::Timestamp;

use super::course::Course;
use super::fleet::{self, Profile};
use super::measure::moment;
use crate::source::{Component, Health, HealthState};
use crate::text::Text;

/// Utilisation from which a service calls itself degraded.
const BUSY: f64 = 0.9;

/// What the health endpoint of a service tells, `seconds` after the beginning.
pub fn health(course: &Course, profile: &Profile, began: Timestamp, seconds: f64) -> Health {
    let sample = course.sample(profile, seconds);
    let components = components(course, profile, seconds);
    let (state, reason) = match sample.utilisation {
        u if u >= 3.0 => (HealthState::Unhealthy, Some("nothing serves".to_owned())),
        u if u >= BUSY => (HealthState::Degraded, Some(format!("queue is long: {:.0} % busy", (u * 100.0).min(999.0)))),
        _ => (HealthState::Healthy, None),
    };
    Health {
        state,
        reason: reason.as_deref().map(Text::clean),
        http_status: if state == HealthState::Unhealthy { 503 } else { 200 },
        latency: Duration::from_secs_f64(sample.p50.clamp(0.0, 60.0)),
        tls_expires: Some(moment(began, 61.0 * 86_400.0)),
        version: Some(Text::clean("2.8.1")),
        components,
    }
}

/// A service names what it rests on; a managed thing names nothing.
fn components(course: &Course, profile: &Profile, seconds: f64) -> Vec<Component> {
    if matches!(profile.run_by, fleet::RunBy::Managed { .. }) {
        return Vec::new();
    }
    let named = [("database", "rtech-mongodb"), ("cache", "rtech-redis")];
    let found = named.into_iter().filter_map(|(name, service)| Some((name, fleet::profile(service)?)));
    found.map(|(name, profile)| component(name, course, profile, seconds)).collect()
}

fn component(name: &str, course: &Course, profile: &Profile, seconds: f64) -> Component {
    let sample = course.sample(profile, seconds);
    let state = if sample.utilisation >= BUSY { HealthState::Degraded } else { HealthState::Healthy };
    let latency_ms = Some((sample.p50 * 10_000.0).round() / 10.0);
    Component { name: Text::clean(name), state, latency_ms, detail: None, components: Vec::new() }
}
