//! How a content delivery network stands.

use std::time::Duration;

use jiff::SignedDuration;

use super::{Level, Reason, not_live};
use crate::clock::Now;
use crate::config::{Config, Service};
use crate::source::{Cdn, Invalidation, Subject};
use crate::state::ReadingStore;

/// An invalidation that is still under way after this long is a warning: CloudFront completes them within minutes.
pub const STUCK: Duration = Duration::from_secs(30 * 60);

/// How the network's status is to be taken, in a word for people. A distribution that is being deployed serves what it served.
pub fn serving(cdn: &Cdn) -> (Level, String) {
    match (cdn.status.as_str(), cdn.enabled) {
        ("Deployed", true) => (Level::Healthy, "deployed".to_owned()),
        ("InProgress", true) => (Level::Healthy, "a change is being DEPLOYED".to_owned()),
        ("active", true) => (Level::Healthy, "active".to_owned()),
        // Cloudflare then answers DNS only: traffic goes to the origin, unprotected and uncached.
        ("active", false) => (Level::Degraded, "PAUSED: traffic goes past it".to_owned()),
        ("Deployed" | "InProgress", false) => (Level::Unhealthy, "DISABLED: it serves nobody".to_owned()),
        ("pending" | "initializing", _) => (Level::Degraded, format!("{}: not in use yet", cdn.status.to_uppercase())),
        ("moved" | "deactivated" | "deleted", _) => (Level::Unhealthy, cdn.status.to_uppercase()),
        (other, _) => (Level::Unknown, format!("status “{other}” is not known")),
    }
}

pub(super) fn cdn(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    if service.cdn.is_none() {
        return;
    }
    let measured = readings.of::<Cdn>(config, &Subject::Cdn { service: service.name.clone() }, now);
    match measured.live() {
        Some(cdn) => {
            let (level, word) = serving(cdn);
            parts.push(Reason { level, text: format!("CDN {}: {word}", cdn.id) });
            parts.extend(cdn.invalidations.iter().filter(|one| is_stuck(one, now)).map(stuck));
        }
        None => parts.push(Reason { level: Level::Unknown, text: not_live("CDN", &measured) }),
    }
}

fn is_stuck(invalidation: &Invalidation, now: Now) -> bool {
    let bound = SignedDuration::try_from(STUCK).unwrap_or(SignedDuration::MAX);
    invalidation.in_flight() && invalidation.created.is_some_and(|at| now.wall.duration_since(at) >= bound)
}

fn stuck(invalidation: &Invalidation) -> Reason {
    let text = format!("invalidation {} in flight for over {} min", invalidation.id, STUCK.as_secs() / 60);
    Reason { level: Level::Degraded, text }
}
