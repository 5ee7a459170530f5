//! Guards about what goes on at the target: deployments, alerts, autoscaling.

use super::super::guard::{Finding, GuardContext};
use super::super::workload::suspended;
use super::super::{Call, Plan};
use crate::config::EnvironmentKind;
use crate::source::{Deployment, NextRun, Rollout, Scaling, ScalingPolicy, ScalingTarget};
use crate::text::Text;

const NO_WORKLOAD: &str = "the workload was not read";

pub(super) fn service_active(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let status = &workload.status;
    let line = format!("status {status}");
    if status.as_str() == "ACTIVE" { Finding::allow(line) } else { Finding::deny(line) }
}

pub(super) fn deployment(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let deployments = &workload.deployments;
    if let Some(moving) = workload.in_flight() {
        return Finding::deny(in_flight(moving));
    }
    match deployments.as_slice() {
        [] => Finding::deny("no deployment was found"),
        [one] => settled(one),
        many => Finding::deny(format!("{} deployments at once: one is being replaced", many.len())),
    }
}

/// Only what is in flight can be stopped.
pub(super) fn in_flight_now(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    match workload.in_flight() {
        Some(moving) => Finding::allow(in_flight(moving)),
        None => Finding::deny("no deployment is in flight: there is nothing to stop"),
    }
}

fn in_flight(moving: &Deployment) -> String {
    let Deployment { id, task_definition, running, desired, failed, .. } = moving;
    format!("{id} to {task_definition} is rolling out: {running} of {desired} running, {failed} failed")
}

fn settled(one: &Deployment) -> Finding {
    match one.rollout {
        Rollout::Completed => Finding::allow(format!("{} to {} is completed", one.id, one.task_definition)),
        Rollout::Failed => Finding::ask(format!("the last rollout failed: new tasks would be {}", one.task_definition)),
        Rollout::InProgress => Finding::deny(in_flight(one)),
        Rollout::Unknown => Finding::deny(format!("the rollout state of {} is not known", one.id)),
    }
}

pub(super) fn alerts(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let production = context.config.environment.kind == EnvironmentKind::Production;
    match &plan.observation.firing {
        None if production => Finding::deny("alarms and alerts could not be read, and this is production"),
        None => Finding::ask("alarms and alerts could not be read"),
        Some(firing) if firing.is_empty() && held_back(plan).is_none() => Finding::allow("0 firing"),
        Some(firing) if firing.is_empty() => {
            let told = format!("0 firing, but {}", held_back(plan).unwrap_or_default());
            if scales_in(plan) { Finding::ask(format!("{told}; and this scales in")) } else { Finding::allow(told) }
        }
        Some(firing) if scales_in(plan) => Finding::ask(format!("{}; and this scales in", names(firing))),
        Some(firing) => Finding::allow(names(firing)),
    }
}

/// What is wrong even so, though nobody is told: `2 held back: A, B`.
pub(super) fn held_back(plan: &Plan) -> Option<String> {
    let held = &plan.observation.held_back;
    let few: Vec<_> = held.iter().take(5).map(Text::as_str).collect();
    (!held.is_empty()).then(|| format!("{} held back: {}", held.len(), few.join(", ")))
}

fn scales_in(plan: &Plan) -> bool {
    let before = plan.observation.workload.as_ref().map(|workload| workload.desired);
    plan.calls().any(|call| match call {
        Call::EcsSetDesiredCount { desired, .. } => before.is_none_or(|before| *desired < before),
        Call::ScalingSetBounds { max, .. } => before.is_none_or(|before| *max < before),
        _ => false,
    })
}

fn names(firing: &[Text]) -> String {
    let shown: Vec<_> = firing.iter().take(5).map(Text::as_str).collect();
    let more = if firing.len() > shown.len() { ", …" } else { "" };
    format!("{} firing: {}{more}", firing.len(), shown.join(", "))
}

pub(super) fn autoscaling(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(scaling) = &plan.observation.scaling else { return Finding::deny("the scaling was not read") };
    let Some(target) = scaling.target else {
        return Finding::allow("none registered: the count stays where it is put");
    };
    let (held, scheduled) = (suspended(Some(target)), scheduled(scaling, target));
    if target.scale_in_suspended && target.scale_out_suspended {
        return Finding::allow(match scheduled {
            Some(scheduled) => format!("suspended: {held}; {scheduled}"),
            None => format!("suspended {held}: the count stays where it is put"),
        });
    }
    let tracking: Vec<_> = scaling.policies.iter().filter(|p| p.kind.as_str() == "TargetTrackingScaling").collect();
    let line = match tracking.as_slice() {
        [] => format!("{} policies, none tracks a target", scaling.policies.len()),
        some => format!("{} may move the count again", some.iter().map(|p| policy(p)).collect::<Vec<_>>().join(", ")),
    };
    let held = (held != "none").then(|| format!("suspended: {held}"));
    Finding::allow([Some(line), held, scheduled].into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// What may move the bounds, and with them the count, at set times; `None` where nothing does.
fn scheduled(scaling: &Scaling, target: ScalingTarget) -> Option<String> {
    if target.scheduled_suspended {
        return None;
    }
    if scaling.scheduled_missing.is_some() {
        return Some("scheduled actions not known".to_owned());
    }
    let coming = scaling.scheduled.iter().find(|action| action.next != NextRun::Over)?;
    let when =
        coming.next.at().map_or_else(|| coming.schedule.to_string(), |at| at.strftime("%Y-%m-%d %H:%MZ").to_string());
    Some(format!("scheduled action {} sets bounds {when}", coming.name))
}

fn policy(policy: &ScalingPolicy) -> String {
    match policy.target {
        Some(target) if target.is_finite() => format!("{} (target {target})", policy.name),
        _ => format!("{} (target not known)", policy.name),
    }
}
