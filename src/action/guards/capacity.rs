//! Guards about counts of tasks.

use super::super::guard::{Finding, GuardContext};
use super::super::{Call, Plan};
use crate::source::{Task, Workload};

/// The count that would be sent, or that the bounds which would be sent leave of the one that is.
fn after(plan: &Plan) -> Option<u32> {
    let now = plan.observation.workload.as_ref().map(|workload| workload.desired);
    let mut counts = plan.calls().map(|call| match call {
        Call::EcsSetDesiredCount { desired, .. } => Some(*desired),
        Call::ScalingSetBounds { min, max, .. } => now.filter(|_| min <= max).map(|now| now.clamp(*min, *max)),
        _ => None,
    });
    let first = counts.next().flatten();
    first.filter(|_| counts.next().is_none())
}

const NO_COUNT: &str = "the plan doesn't set exactly one count";

const NO_WORKLOAD: &str = "the workload was not read";

pub(super) fn scaling_bounds(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(after) = after(plan) else { return Finding::deny(NO_COUNT) };
    let Some(scaling) = &plan.observation.scaling else { return Finding::deny("the scaling target was not read") };
    match scaling.target {
        Some(target) if (target.min..=target.max).contains(&after) => {
            Finding::allow(format!("{after} is within {}–{}", target.min, target.max))
        }
        Some(target) => {
            Finding::deny(format!("{after} is not within {}–{} of the scaling target", target.min, target.max))
        }
        None => Finding::allow("no scaling target is registered: only the configured caps hold"),
    }
}

pub(super) fn caps(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(after) = after(plan) else { return Finding::deny(NO_COUNT) };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let step = after.abs_diff(workload.desired);
    if !(caps.min_desired..=caps.max_desired).contains(&after) {
        Finding::deny(format!("{after} is not within {}–{} of the configuration", caps.min_desired, caps.max_desired))
    } else if step > caps.max_step {
        Finding::deny(format!("a step of {step} tasks; at most {} in one action", caps.max_step))
    } else {
        let range = format!("{}–{}", caps.min_desired, caps.max_desired);
        Finding::allow(format!("{after} is within {range}; a step of {step}, at most {}", caps.max_step))
    }
}

pub(super) fn healthy_floor(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let stops = plan.calls().find_map(|call| match call {
        Call::EcsStopTask { task, .. } => Some(task),
        _ => None,
    });
    stops.map_or_else(|| floor_of_count(plan, context), |task| floor_of_task(plan, context, task))
}

/// One task stops, and until another runs in its place the others must do.
fn floor_of_task(plan: &Plan, context: &GuardContext<'_>, task: &str) -> Finding {
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let floor = caps.healthy_floor;
    let Some(healthy) = healthy(workload) else {
        return Finding::deny(format!("{}, and this stops a task", unlisted(workload)));
    };
    let sick = workload.tasks.iter().any(|one| one.id.as_str() == task && !one.is_healthy());
    match sick {
        true => Finding::allow(format!("{healthy} healthy now, floor {floor}; the task that stops is none of them")),
        false => scale_in(Healthy { counted: healthy, unproven: unproven(workload) }, 1, floor),
    }
}

fn floor_of_count(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(after) = after(plan) else { return Finding::deny(NO_COUNT) };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let floor = caps.healthy_floor;
    if after < floor {
        return Finding::deny(format!("{after} tasks are fewer than the floor of {floor} healthy ones"));
    }
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let scaling_in = after < workload.desired;
    match healthy(workload) {
        None if scaling_in => Finding::deny(format!("{}, and this scales in", unlisted(workload))),
        None => Finding::ask(unlisted(workload)),
        Some(healthy) if scaling_in => {
            // Tasks of an earlier scaling in may still be stopping: those count as well.
            let stopped = workload.desired.max(workload.running) - after;
            scale_in(Healthy { counted: healthy, unproven: unproven(workload) }, stopped, floor)
        }
        Some(healthy) if after == workload.desired => {
            Finding::allow(format!("{healthy} healthy now, floor {floor}; none stops"))
        }
        Some(healthy) => Finding::allow(format!("{healthy} healthy now, floor {floor}; this scales out")),
    }
}

/// Healthy tasks, if every running one was listed.
fn healthy(workload: &Workload) -> Option<u32> {
    let running = workload.tasks.iter().filter(|task| task.last_status.as_str() == "RUNNING").count();
    let whole = u32::try_from(running).is_ok_and(|listed| listed == workload.running);
    if whole { u32::try_from(workload.healthy()).ok() } else { None }
}

fn unlisted(workload: &Workload) -> String {
    format!("health is not known: {} tasks listed, {} running", workload.tasks.len(), workload.running)
}

/// Running tasks that no health check calls healthy, nor unhealthy: none is defined, or it has not answered yet.
fn unproven(workload: &Workload) -> u32 {
    let proven = |task: &&Task| task.is_healthy() && task.health.as_str() == "HEALTHY";
    let proven = workload.tasks.iter().filter(proven).count();
    u32::try_from(workload.healthy() - proven).unwrap_or(u32::MAX)
}

/// Tasks that are not known to be unhealthy, and how many of them no health check vouches for.
#[derive(Clone, Copy)]
struct Healthy {
    counted: u32,
    unproven: u32,
}

/// The orchestrator chooses which tasks stop, so the worst case counts: all of them healthy ones.
fn scale_in(healthy: Healthy, stopped: u32, floor: u32) -> Finding {
    let Healthy { counted, unproven } = healthy;
    let left = counted.saturating_sub(stopped);
    let line = format!("{counted} healthy now, {stopped} stop, {left} left at worst, floor {floor}");
    if left < floor {
        Finding::deny(line)
    } else if left.saturating_sub(unproven) < floor {
        Finding::ask(format!("{line}; no health check vouches for {unproven} of them"))
    } else {
        Finding::allow(line)
    }
}

/// A rollout begins only where enough tasks are healthy: it takes some away while it goes on.
pub(super) fn healthy_now(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(workload) = &plan.observation.workload else { return Finding::deny(NO_WORKLOAD) };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let floor = caps.healthy_floor;
    match healthy(workload) {
        None => Finding::ask(unlisted(workload)),
        Some(healthy) if healthy < floor => {
            Finding::ask(format!("{healthy} healthy now, fewer than the floor of {floor}"))
        }
        Some(healthy) => Finding::allow(format!("{healthy} healthy now, floor {floor}")),
    }
}

pub(super) fn not_to_zero(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(after) = after(plan) else { return Finding::deny(NO_COUNT) };
    match context.caps(plan) {
        _ if after > 0 => Finding::allow(format!("{after} is more than 0")),
        Some(caps) if caps.min_desired == 0 => Finding::ask("0 tasks: the service stops; min_desired = 0 allows it"),
        _ => Finding::deny("0 tasks would stop the service; only min_desired = 0 in its caps allows that"),
    }
}
