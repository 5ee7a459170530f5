//! Guards about bounds and suspension of a scaling target.

use super::super::guard::{Finding, GuardContext};
use super::super::{Call, Plan};

pub(super) fn bounds(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let mut set = plan.calls().filter_map(|call| match call {
        Call::ScalingSetBounds { min, max, .. } => Some((*min, *max)),
        _ => None,
    });
    let (Some((min, max)), None) = (set.next(), set.next()) else {
        return Finding::deny("the plan doesn't set exactly one pair of bounds");
    };
    let Some(caps) = context.caps(plan) else { return Finding::deny("the configuration has no such service") };
    let range = format!("{}–{} of the configuration", caps.min_desired, caps.max_desired);
    if min > max {
        Finding::deny(format!("min {min} is above max {max}"))
    } else if min < caps.min_desired || max > caps.max_desired {
        Finding::deny(format!("{min}–{max} is not within {range}"))
    } else if max < caps.healthy_floor {
        Finding::deny(format!("at most {max} tasks are fewer than the floor of {} healthy ones", caps.healthy_floor))
    } else {
        Finding::allow(format!("{min}–{max} is within {range}"))
    }
}

pub(super) fn suspension(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(target) = plan.observation.scaling.as_ref().and_then(|scaling| scaling.target) else {
        return Finding::deny("the scaling target was not read");
    };
    let stops_growth = plan.calls().any(|call| matches!(call, Call::ScalingSetSuspended { outward: true, .. }));
    let newly = stops_growth && !target.scale_out_suspended;
    match &plan.observation.firing {
        _ if !newly => Finding::allow("no more of scaling out is suspended than before"),
        None => Finding::ask("scaling out stops, and it is not known what fires"),
        Some(firing) if firing.is_empty() => Finding::allow("scaling out stops: more load meets the tasks that run"),
        Some(firing) => Finding::ask(format!("scaling out stops while {} fire", firing.len())),
    }
}
