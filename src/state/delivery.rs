//! What was delivered, from the deployments that the orchestrator remembers: ECS lists the newest of each service only, so the
//! span that is judged ends where the list does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::ReadingStore;
use crate::clock::Now;
use crate::config::{Config, Service};
use crate::slo::delivery::{Delivered, Delivery, delivery};
use crate::source::{Measured, Registered, Releases, ServiceDeployment, Subject};

/// The longest span that is judged.
pub const SPAN: Duration = Duration::from_secs(30 * 86_400);

/// A list of so many deployments may have an end that is not theirs: what lies before its oldest is not known.
const WHOLE_LIST: usize = 10;

/// What was delivered over a span that ends now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Over {
    /// The measures.
    pub delivery: Delivery,
    /// The span that they are of.
    pub span: Duration,
}

/// The releases of one service, as they may be shown now.
pub fn releases<'a>(
    readings: &'a ReadingStore,
    config: &Config,
    service: &Service,
    now: Now,
) -> Measured<'a, Releases> {
    readings.of::<Releases>(config, &Subject::Releases { service: service.name.clone() }, now)
}

/// What one service delivered; `None` where its deployments could not be listed.
pub fn of_service(releases: &Releases, now: Now) -> Option<Over> {
    over(&[releases], now)
}

/// What all services delivered together; `None` where the releases of any are not live: a part is not the whole.
pub fn of_fleet(readings: &ReadingStore, config: &Config, now: Now) -> Option<Over> {
    let services = config.services.iter().filter(|service| service.ecs.is_some());
    let all: Option<Vec<&Releases>> = services.map(|service| releases(readings, config, service, now).live()).collect();
    over(&all.filter(|all| !all.is_empty())?, now)
}

fn over(services: &[&Releases], now: Now) -> Option<Over> {
    if services.iter().any(|releases| releases.deployments_unread().is_some()) {
        return None;
    }
    let longest = SignedDuration::try_from(SPAN).ok()?;
    let since = services.iter().filter_map(|releases| known_from(releases)).max();
    let since = since.into_iter().chain(now.wall.checked_sub(longest).ok()).max()?;
    let delivered: Vec<Vec<Delivered>> = services.iter().map(|releases| delivered(releases)).collect();
    let span = Duration::try_from(now.wall.duration_since(since)).ok()?;
    Some(Over { delivery: delivery(&delivered, since, now.wall)?, span })
}

/// From when on all deployments are listed, where the list is full.
fn known_from(releases: &Releases) -> Option<Timestamp> {
    let full = releases.deployments.len() >= WHOLE_LIST;
    full.then(|| releases.deployments.iter().filter_map(|one| one.created).min()).flatten()
}

fn delivered(releases: &Releases) -> Vec<Delivered> {
    releases.deployments.iter().filter_map(|one| ended(one, releases)).collect()
}

/// A deployment that has ended. What failed, was stopped or rolled back did not stay.
fn ended(one: &ServiceDeployment, releases: &Releases) -> Option<Delivered> {
    let succeeded = one.status.as_str() == "SUCCESSFUL" && !one.rolled_back;
    let ended = one.finished?;
    Some(Delivered {
        began: one.created.or(one.started).unwrap_or(ended),
        ended,
        succeeded,
        ready: ready(one, releases),
    })
}

/// When its change was ready: the newest of its images pushed, else its revision registered.
fn ready(one: &ServiceDeployment, releases: &Releases) -> Option<Timestamp> {
    let revision = releases.revisions.iter().find(|revision| Some(&revision.id) == one.task_definition.as_ref())?;
    let pushed = revision.images.iter().filter_map(|image| match &image.registry {
        Registered::Found { pushed, .. } => *pushed,
        _ => None,
    });
    pushed.max().or(revision.registered)
}
