//! Guards about what stands around the services: networks before them, and alerts.

use super::super::guard::{Finding, GuardContext};
use super::super::silence::{matched, named};
use super::super::{Action, Matcher, Plan};
use crate::source::Invalidation;

/// Wildcards that CloudFront has in flight at once, and files.
const IN_FLIGHT: usize = 15;

/// From how many paths on an invalidation is one to think about: those that are free in a whole month.
const MANY: usize = 1_000;

pub(super) fn invalidation(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Action::InvalidateCdn(action) = &plan.action else { return Finding::deny("the plan names no paths") };
    let Some(cdn) = &plan.observation.cdn else { return Finding::deny("the network was not read") };
    let running = cdn.invalidations.iter().filter(|one| one.in_flight()).count();
    if action.is_everything() {
        return Finding::ask("everything: the origin answers every request until the caches are full again");
    }
    if let Some(missing) = cdn.missing.first() {
        return Finding::ask(format!("what is in flight is not known: {missing}"));
    }
    if !cdn.enabled {
        return Finding::ask(format!("{} does not serve: it is disabled or paused", cdn.id));
    }
    if action.paths.len() > MANY {
        return Finding::ask(format!("{} paths: more than the {MANY} that are free in a month", action.paths.len()));
    }
    match wildcards(&cdn.invalidations) {
        many if many >= IN_FLIGHT => Finding::deny(format!("{many} wildcards in flight, CloudFront runs {IN_FLIGHT}")),
        _ => Finding::allow(format!("{} paths, {running} invalidations in flight", action.paths.len())),
    }
}

/// Paths with a wildcard that are in flight.
fn wildcards(invalidations: &[Invalidation]) -> usize {
    let running = invalidations.iter().filter(|one| one.in_flight());
    running.flat_map(|one| &one.paths).filter(|path| path.ends_with('*')).count()
}

pub(super) fn silence(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let action = match &plan.action {
        Action::Silence(action) => action,
        Action::Unsilence(_) => return Finding::allow("alerts are told again"),
        _ => return Finding::deny("the plan names no alerts"),
    };
    if Matcher::match_everything(&action.matchers) {
        return Finding::deny("it would hold nearly everything back: no matcher names what it is about");
    }
    let Some(alerts) = &plan.observation.alerts else { return Finding::deny("the alerts were not read") };
    let found = matched(&action.matchers, &plan.observation);
    match (alerts.whole, found.len()) {
        (false, count) => Finding::ask(format!("at least {count} alerts match; not all alerts are told")),
        (true, 0) => Finding::ask("it matches no alert now: is it written rightly?"),
        (true, _) => Finding::allow(format!("it matches {}", named(&found))),
    }
}
