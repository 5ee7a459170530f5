//! How a service stands as seen from outside: certificates, DNS records, security headers.

use super::{Level, Reason, not_live};
use crate::clock::Now;
use crate::config::{Config, Service};
use crate::source::{HealthState, Probe, Subject};
use crate::state::ReadingStore;

pub(super) fn probes(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    for check in &service.probes {
        let subject = Subject::Probe { service: service.name.clone(), probe: check.name.clone() };
        let measured = readings.of::<Probe>(config, &subject, now);
        parts.push(match measured.live() {
            Some(probe) => Reason { level: level(probe.state), text: format!("{}: {}", check.name, probe.summary) },
            None => Reason { level: Level::Unknown, text: not_live(check.name.as_str(), &measured) },
        });
    }
}

fn level(state: HealthState) -> Level {
    match state {
        HealthState::Healthy => Level::Healthy,
        HealthState::Degraded => Level::Degraded,
        HealthState::Unhealthy => Level::Unhealthy,
        HealthState::Unknown => Level::Unknown,
    }
}
