//! How a service did while its earlier revisions served: asked of its own signals, in bounded time.

use std::time::Duration;

use tokio::time::timeout;

use crate::clock::Now;
use crate::config::{Config, Query, Role, Signal};
use crate::source::{Figure, Look, Mean, Observation, Releases, ServedWell, Span, Subject, World};
use crate::text::Text;

/// The longest that asking may take.
const WITHIN: Duration = Duration::from_secs(4);

/// The newest earlier revisions that are asked about.
const REVISIONS: usize = 5;

/// The roles of what is asked: in this order.
const ROLES: [Role; 2] = [Role::Errors, Role::LatencyP95];

/// What a look wants to know of earlier revisions; `None` where it wants nothing, or nothing is known of them.
pub(crate) async fn served(
    world: &dyn World,
    config: &Config,
    (look, seen): (&Look, &Observation),
    now: Now,
) -> Option<Vec<ServedWell>> {
    let named = look.subjects.iter().find_map(|subject| match subject {
        Subject::Served { revision, .. } => Some(*revision),
        _ => None,
    })?;
    let (workload, releases) = (seen.workload.as_ref()?, seen.releases.as_ref()?);
    let spans = spans(releases, workload.task_definition.as_str(), named, seen.taken);
    let signals = signals(config, look);
    let means = means(world, &signals, &spans, now).await;
    let served = spans.iter().enumerate().map(|(at, (revision, span))| ServedWell {
        revision: revision.clone(),
        span: *span,
        figures: signals.iter().zip(&means).map(|(signal, means)| figure(signal, means.get(at))).collect(),
    });
    Some(served.collect())
}

/// When the newest earlier revisions served, and the one that is named.
fn spans(releases: &Releases, running: &str, named: Option<u32>, now: jiff::Timestamp) -> Vec<(Text, Span)> {
    let number = |id: &str| id.rsplit_once(':').and_then(|(_, number)| number.parse::<u32>().ok()).unwrap_or(0);
    let mut left = REVISIONS;
    let meant = releases.revisions.iter().filter(|one| {
        let its = number(one.id.as_str());
        let is_new = its < number(running) && left > 0;
        left -= usize::from(is_new);
        is_new || Some(its) == named
    });
    meant.filter_map(|one| Some((one.id.clone(), releases.served_alone(one.id.as_str(), now)?))).collect()
}

/// The first signal of each role.
fn signals<'a>(config: &'a Config, look: &Look) -> Vec<&'a Signal> {
    let all = config.service(&look.target).map(|service| service.signals.as_slice()).unwrap_or_default();
    ROLES.iter().filter_map(|role| all.iter().find(|signal| signal.role == *role)).collect()
}

/// A mean, or why there is none.
pub type Means = Vec<Result<Mean, Text>>;

async fn means(world: &dyn World, signals: &[&Signal], spans: &[(Text, Span)], now: Now) -> Vec<Means> {
    let queries: Vec<Query> = signals.iter().map(|signal| signal.query.clone()).collect();
    let spans: Vec<Span> = spans.iter().map(|(_, span)| *span).collect();
    if queries.is_empty() || spans.is_empty() {
        return Vec::new();
    }
    timeout(WITHIN, world.means(&queries, &spans, now)).await.unwrap_or_else(|_| {
        let late = Text::clean(&format!("no answer within {} s", WITHIN.as_secs()));
        vec![vec![Err(late); spans.len()]; queries.len()]
    })
}

fn figure(signal: &Signal, mean: Option<&Result<Mean, Text>>) -> Figure {
    let (mean, missing) = match mean {
        Some(Ok(mean)) => (Some(mean.value), None),
        Some(Err(reason)) => (None, Some(reason.clone())),
        None => (None, Some(Text::from("it was not asked for"))),
    };
    Figure { signal: signal.name.clone(), unit: signal.unit, mean, missing }
}
