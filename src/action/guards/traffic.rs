//! Guards about the weights of target groups.

use super::super::guard::{Finding, GuardContext};
use super::super::weights::{Weights, greatest_move, points};
use super::super::{Call, Plan, Step};
use crate::source::{Route, Traffic};

/// Weights that a step sets, and the route that it sets them on.
fn set(step: &Step) -> Option<(&str, Weights)> {
    match &step.call {
        Call::ElbSetWeights { route, weights, .. } => {
            Some((route, weights.iter().map(|one| (one.name.clone(), one.weight)).collect()))
        }
        _ => None,
    }
}

/// What is set now on the route of a plan, and what the plan's calls set on it one after the other.
fn course(plan: &Plan) -> Result<(&Traffic, Weights, Vec<Weights>), &'static str> {
    let traffic = plan.observation.traffic.as_ref().ok_or("the load balancer was not read")?;
    let due = if plan.steps.is_empty() { &plan.on_failure } else { &plan.steps };
    let all: Option<Vec<(&str, Weights)>> = due.iter().map(set).collect();
    let all = all.filter(|all| !all.is_empty()).ok_or("the plan sets more than weights")?;
    let arn = all.first().map_or("", |(route, _)| *route);
    if all.iter().any(|(route, _)| *route != arn) {
        return Err("the plan sets weights on more than one route");
    }
    let found = |route: &&Route| route.arn.as_str() == arn && !arn.is_empty();
    let route = traffic.routes.iter().find(found).ok_or("the route that is set was not read")?;
    let now = route.weights.iter().map(|(name, weight)| (name.to_string(), *weight)).collect();
    Ok((traffic, now, all.into_iter().map(|(_, weights)| weights).collect()))
}

/// No step may move more than the cap; the way back may, in one.
pub(super) fn step(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let (_, now, all) = match course(plan) {
        Ok(course) => course,
        Err(reason) => return Finding::deny(reason),
    };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let before = std::iter::once(&now).chain(&all);
    let greatest = before.zip(&all).map(|(before, after)| greatest_move(before, after)).fold(0.0, f64::max).round();
    let line = format!("a step of {greatest:.0} points, at most {}", caps.max_traffic_step);
    if greatest > f64::from(caps.max_traffic_step) { Finding::deny(line) } else { Finding::allow(line) }
}

/// Groups that get more than now must have enough healthy targets: the floor at all times (one for the way back), and in
/// proportion to their share as many as serve now.
pub(super) fn health(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let (traffic, now, all) = match course(plan) {
        Ok(course) => course,
        Err(reason) => return Finding::deny(reason),
    };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let floor = if plan.steps.is_empty() { 1 } else { caps.healthy_floor.max(1) };
    let serving: usize = now.iter().filter(|(_, weight)| *weight > 0).map(|(name, _)| healthy(traffic, name)).sum();
    let mut lines = Vec::new();
    let mut few = false;
    for (name, share) in growing(&now, &all) {
        let found = healthy(traffic, name);
        let line = format!("{name}: {found} healthy for {share:.0} %, floor {floor}, {serving} serve now");
        if found < floor as usize {
            return Finding::deny(line);
        }
        #[allow(clippy::cast_precision_loss)] // a few targets
        let wanted = (share / 100.0 * serving as f64).ceil();
        #[allow(clippy::cast_precision_loss)]
        let lacks = (found as f64) < wanted;
        few |= lacks;
        lines.push(if lacks { format!("{line}; in proportion it would be {wanted:.0}") } else { line });
    }
    match (lines.is_empty(), few) {
        (true, _) => Finding::allow("no group gets more than now"),
        (_, true) => Finding::ask(lines.join("; ")),
        _ => Finding::allow(lines.join("; ")),
    }
}

/// Groups that get more than now in any of the steps, with their greatest share, in points.
fn growing<'a>(now: &'a Weights, all: &'a [Weights]) -> Vec<(&'a str, f64)> {
    let mut names: Vec<&str> = all.iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let greatest = |name: &str| all.iter().map(|weights| points(weights, name)).fold(0.0, f64::max);
    let with = names.into_iter().map(|name| (name, greatest(name)));
    with.filter(|(name, share)| *share > points(now, name) + 1e-9).collect()
}

fn healthy(traffic: &Traffic, name: &str) -> usize {
    traffic.groups.iter().find(|group| group.name.as_str() == name).map_or(0, |group| group.healthy())
}

/// A listener that a deployment controller shifts is not shifted by hand as well.
pub(super) fn owner(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let on_ecs = context.config.service(plan.action.target()).is_some_and(|service| service.ecs.is_some());
    match &plan.observation.workload {
        Some(workload) => match &workload.traffic_owner {
            Some(owner) => Finding::deny(format!("{owner} shifts the traffic of {}: use it", workload.arn)),
            None => Finding::allow("its deployments are rolling ones: nothing else shifts its traffic"),
        },
        None if on_ecs => Finding::ask("whether its deployments shift traffic was not read: it is in another place"),
        None => Finding::allow("no deployment controller is configured"),
    }
}
