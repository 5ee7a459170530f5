//! Guards about time: the age of the evidence and of the plan.

use std::time::Duration;

use jiff::SignedDuration;

use super::super::Plan;
use super::super::guard::{Finding, GuardContext};

/// How far ahead of our clock evidence may seem to be taken.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn fresh(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let age = context.now.duration_since(plan.observation.taken);
    let limit = context.config.guards.evidence_max_age;
    if age < -SKEW {
        return Finding::deny(format!("observed {} s in the future: the clock is wrong", -age.as_secs()));
    }
    let age = Duration::try_from(age).unwrap_or_default();
    let line = format!("observed {:.0} s ago, at most {:.0} s", age.as_secs_f64(), limit.as_secs_f64());
    if age <= limit { Finding::allow(line) } else { Finding::deny(line) }
}

pub(super) fn plan_age(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let age = context.now.duration_since(plan.made);
    let left = plan.expires.duration_since(context.now).as_secs();
    let lifetime =
        SignedDuration::try_from(context.config.guards.lifetime(plan.action.name())).unwrap_or(SignedDuration::MAX);
    if age < -SKEW {
        Finding::deny(format!("made {} s in the future: the clock is wrong", -age.as_secs()))
    } else if context.now >= plan.expires {
        Finding::deny(format!("expired {} s ago; make it again", -left))
    } else if plan.expires.duration_since(plan.made) > lifetime {
        Finding::deny(format!("it claims to be good for longer than plan_ttl, {} s", lifetime.as_secs()))
    } else {
        Finding::allow(format!("{left} s left"))
    }
}
