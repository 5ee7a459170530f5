//! Scaling of services in the table.

use super::report::ScalingReport;
use crate::source::{NextRun, ScheduledAction};

/// What is suspended, the policies, and what is scheduled.
pub(super) fn note(scaling: &ScalingReport) -> String {
    let held = [
        (scaling.scale_in_suspended, "in"),
        (scaling.scale_out_suspended, "out"),
        (scaling.scheduled_suspended, "scheduled"),
    ];
    let held = held.into_iter().filter(|(held, _)| *held == Some(true)).map(|(_, kind)| format!("{kind} SUSPENDED"));
    let policies = scaling.policies.iter().map(|policy| policy.name.to_string());
    let missing = scaling.scheduled_missing.iter().map(|missing| format!("scheduled actions not known: {missing}"));
    let all = held.chain(policies).chain(scaling.scheduled.iter().map(scheduled)).chain(missing);
    all.collect::<Vec<_>>().join(", ")
}

/// `christmas 2026-12-24 06:00Z`: the moment where it can be reckoned, else the schedule.
fn scheduled(action: &ScheduledAction) -> String {
    match &action.next {
        NextRun::At { at } => format!("{} {}", action.name, at.strftime("%Y-%m-%d %H:%MZ")),
        NextRun::Over => format!("{} not again", action.name),
        NextRun::Every { .. } | NextRun::Unknown { .. } => format!("{} {}", action.name, action.schedule),
    }
}
