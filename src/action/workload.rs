//! What the actions on an ECS service share: where it is, its facts, and what a look tells of its rollout.

use std::collections::BTreeMap;

use super::act::whose;
use super::{Effect, PlanFailure, Sight, Stage};
use crate::config::{Config, EcsService, Service};
use crate::source::{Look, Name, Observation, Rollout, Scaling, ScalingTarget, Subject, Workload};

/// The services that run on ECS.
pub(super) fn targets(config: &Config) -> Vec<Name> {
    let on_ecs = config.services.iter().filter(|service| service.ecs.is_some());
    on_ecs.map(|service| service.name.clone()).collect()
}

/// The service of that name.
pub(super) fn service<'a>(name: &Name, config: &'a Config) -> Result<&'a Service, PlanFailure> {
    config.service(name).ok_or_else(|| {
        let known: Vec<_> = config.services.iter().map(|service| service.name.as_str()).collect();
        let reason = format!("environment `{}` has no service `{name}`", config.environment.name);
        PlanFailure::new(&reason, &format!("its services are: {}", known.join(", ")))
    })
}

/// Where the service of that name runs.
pub(super) fn ecs<'a>(name: &Name, config: &'a Config) -> Result<&'a EcsService, PlanFailure> {
    service(name, config)?.ecs.as_ref().ok_or_else(|| {
        let reason = format!("service `{name}` has no [ecs] in the configuration, so it can't be changed there");
        PlanFailure::new(&reason, "name its cluster and service there, or change it where it runs")
    })
}

/// Workload and scaling of the service.
pub(super) fn look(name: &Name, config: &Config) -> Result<Look, PlanFailure> {
    Ok(Look::workload(name, ecs(name, config)?.place.as_ref()))
}

/// The workload alone: the rest says nothing of what a call did.
pub(super) fn look_back(name: &Name, config: &Config) -> Result<Look, PlanFailure> {
    let workload = Subject::Workload { service: name.clone() };
    Ok(Look { is_back: true, ..Look::of(name, ecs(name, config)?.place.as_ref(), workload) })
}

/// What was read of the workload.
pub(super) fn read(found: &Observation) -> Result<(&Workload, &Scaling), PlanFailure> {
    match (&found.workload, &found.scaling) {
        (Some(workload), Some(scaling)) => Ok((workload, scaling)),
        _ => Err(PlanFailure::new("the workload or its scaling was not read", "make the plan again")),
    }
}

/// The facts that must still hold when a call is sent. Counts of running tasks move by themselves and are no part of it.
pub(super) fn facts(found: &Observation) -> BTreeMap<String, String> {
    let mut facts = whose(found);
    let mut fact = |key: &str, value: String| facts.insert(key.to_owned(), value);
    if let Some(workload) = &found.workload {
        let primary = workload.deployments.first();
        fact("service", workload.arn.to_string());
        fact("status", workload.status.to_string());
        fact("desired count", workload.desired.to_string());
        fact("task definition", workload.task_definition.to_string());
        fact("primary deployment", primary.map_or("none".to_owned(), |deployment| deployment.id.to_string()));
        fact("rollout", primary.map_or("none".to_owned(), |deployment| rollout(deployment.rollout).to_owned()));
    }
    if let Some(scaling) = &found.scaling {
        fact("scaling bounds", bounds(scaling.target));
        fact("scaling suspended", suspended(scaling.target));
    }
    facts
}

/// The facts that must still hold when the scaling of a service is changed. Its count and its deployments are not of it.
pub(super) fn scaling_facts(found: &Observation) -> BTreeMap<String, String> {
    let of_scaling = ["account", "region", "service", "status", "scaling bounds", "scaling suspended"];
    let mut facts = facts(found);
    facts.retain(|key, _| of_scaling.contains(&key.as_str()));
    facts
}

/// The scaling target that was found, if one is registered.
pub(super) fn target(found: &Observation) -> Option<ScalingTarget> {
    found.scaling.as_ref().and_then(|scaling| scaling.target)
}

/// The scaling target, which must be registered.
pub(super) fn registered(found: &Observation, service: &Name) -> Result<ScalingTarget, PlanFailure> {
    target(found).ok_or_else(|| {
        let reason = format!("no scaling target is registered for `{service}`: there is nothing to change");
        PlanFailure::new(&reason, "register one where its infrastructure is defined, or scale it by hand")
    })
}

/// What a look tells where no scaling target is in it.
pub(super) fn no_target() -> Sight {
    let words = "no scaling target is registered".to_owned();
    Sight { effect: Effect::Unclear, stage: Stage::Elsewhere(words.clone()), words, made: None }
}

fn rollout(rollout: Rollout) -> &'static str {
    match rollout {
        Rollout::InProgress => "in progress",
        Rollout::Completed => "completed",
        Rollout::Failed => "failed",
        Rollout::Unknown => "not known",
    }
}

/// A scaling target's bounds, in words.
pub(super) fn bounds(target: Option<ScalingTarget>) -> String {
    target.map_or("no scaling target".to_owned(), |target| format!("{}–{}", target.min, target.max))
}

/// Which kinds of scaling are suspended, in words: `none`, `in`, `in and out`, `in, out and scheduled` …
pub(super) fn suspended(target: Option<ScalingTarget>) -> String {
    let kinds = target.map_or([(false, ""); 3], |target| {
        [
            (target.scale_in_suspended, "in"),
            (target.scale_out_suspended, "out"),
            (target.scheduled_suspended, "scheduled"),
        ]
    });
    let held: Vec<&str> = kinds.into_iter().filter(|(held, _)| *held).map(|(_, kind)| kind).collect();
    match held.as_slice() {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Whether autoscaling takes tasks away by itself that are not needed.
pub(super) fn takes_back(scaling: &Scaling) -> bool {
    let free = scaling.target.is_some_and(|target| !target.scale_in_suspended);
    free && scaling.policies.iter().any(|policy| policy.scales_in)
}

/// What was observed, in a few words: `3 running, 0 pending, 3 healthy`.
pub(super) fn observed(found: &Observation) -> String {
    found.workload.as_ref().map_or("no workload".to_owned(), |workload| {
        format!("{} running, {} pending, {} healthy", workload.running, workload.pending, workload.healthy())
    })
}

/// Where a workload stands, in words with figures.
pub(super) fn standing(workload: &Workload) -> String {
    let Workload { desired, running, pending, .. } = workload;
    let sick = unhealthy(workload);
    let sick = if sick == 0 { String::new() } else { format!(", {sick} unhealthy") };
    format!("{running} of {desired} running, {pending} pending{sick}")
}

/// What a look tells where the workload itself is not in it.
pub(super) fn unseen() -> Sight {
    Sight { words: "the workload was not read".to_owned(), effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

/// Why a change failed by what the platform says: the rollout failed that had not before, or the service is not active.
pub(super) fn failure(workload: &Workload, before: Option<Rollout>) -> Option<String> {
    if primary(workload) == Some(Rollout::Failed) && before != Some(Rollout::Failed) {
        let reason = workload.deployments.first().map(|deployment| deployment.reason.to_string());
        return Some(format!("the rollout failed: {}", reason.unwrap_or_default()));
    }
    (workload.status.as_str() != "ACTIVE").then(|| format!("the service is {}", workload.status))
}

/// Whether it runs steadily what it should, and no task is unhealthy. `before` is how far the primary deployment was before:
/// of some services the platform never says that it is completed.
pub(super) fn is_steady(workload: &Workload, before: Option<Rollout>) -> bool {
    let rollout = primary(workload);
    workload.running == workload.desired
        && workload.pending == 0
        && workload.deployments.len() == 1
        && (rollout == Some(Rollout::Completed) || rollout == before)
        && unhealthy(workload) == 0
}

/// How far the primary deployment is.
pub(super) fn primary(workload: &Workload) -> Option<Rollout> {
    workload.deployments.first().map(|deployment| deployment.rollout)
}

fn unhealthy(workload: &Workload) -> usize {
    workload.tasks.iter().filter(|t| t.last_status.as_str() == "RUNNING" && t.health.as_str() == "UNHEALTHY").count()
}
