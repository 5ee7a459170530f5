//! The guards, one pure function each. They fail closed: what is unknown, missing, stale or partial is never an Allow.

mod capacity;
mod evidence;
mod operator;
mod place;
mod surroundings;

use super::guard::Guard;

/// All guards, in the order in which their verdicts are shown.
pub const GUARDS: &[Guard] = &[
    Guard { name: "armed", summary: "changes are possible here", judge: operator::armed },
    Guard { name: "environment", summary: "the plan is of this environment", judge: place::environment },
    Guard { name: "account", summary: "account and region are those configured", judge: place::account },
    Guard { name: "shown-is-sent", summary: "the calls are what the lines say", judge: place::shown_is_sent },
    Guard { name: "service-active", summary: "the service is active", judge: surroundings::service_active },
    Guard { name: "deployment", summary: "no deployment is in flight", judge: surroundings::deployment },
    Guard { name: "scaling-bounds", summary: "within the scaling target's bounds", judge: capacity::scaling_bounds },
    Guard { name: "caps", summary: "within the configured caps", judge: capacity::caps },
    Guard { name: "healthy-floor", summary: "enough healthy tasks remain", judge: capacity::healthy_floor },
    Guard { name: "not-to-zero", summary: "not to zero by accident", judge: capacity::not_to_zero },
    Guard { name: "evidence", summary: "what was observed is fresh", judge: evidence::fresh },
    Guard { name: "alerts", summary: "firing alerts are known", judge: surroundings::alerts },
    Guard { name: "autoscaling", summary: "how autoscaling may answer", judge: surroundings::autoscaling },
    Guard { name: "other-runs", summary: "no other run on the target is open", judge: operator::other_runs },
    Guard { name: "plan-age", summary: "the plan has not expired", judge: evidence::plan_age },
    Guard { name: "type-the-name", summary: "the operator types the name", judge: operator::type_the_name },
];
