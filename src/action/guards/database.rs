//! Guards about failovers of databases.

use super::super::database::{self, AVAILABLE};
use super::super::guard::{Finding, GuardContext};
use super::super::{Action, Plan};
use crate::source::{Member, MemberRole};

const NO_DATABASE: &str = "the database was not read";

/// A database that fails over, is changed or can't be reached is left alone.
pub(super) fn available(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(database) = &plan.observation.database else { return Finding::deny(NO_DATABASE) };
    let line = format!("status {}", database.status);
    if database.status.as_str() == AVAILABLE { Finding::allow(line) } else { Finding::deny(line) }
}

/// What would take the writes must be fit for it.
pub(super) fn target(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Action::FailOver(action) = &plan.action else { return Finding::deny("the plan names no target") };
    let Some(database) = &plan.observation.database else { return Finding::deny(NO_DATABASE) };
    match &action.to {
        Some(to) => match database::member(database, to) {
            Some(member) => reader(member),
            None => Finding::deny(format!("{to} is no member of {}", database.id)),
        },
        None if database.multi_az => Finding::allow("Multi-AZ: a standby takes over"),
        None => Finding::deny(format!("{} is not Multi-AZ: there is no standby", database.id)),
    }
}

fn reader(member: &Member) -> Finding {
    let Member { id, role, status, promotion_tier, .. } = member;
    match promotion_tier {
        _ if *role != MemberRole::Reader => Finding::deny(format!("{id} is no reader: {role:?}")),
        _ if status.as_str() != AVAILABLE => Finding::deny(format!("{id} is {status}, not {AVAILABLE}")),
        None => Finding::deny(format!("the promotion tier of {id} is not known")),
        Some(tier) => Finding::allow(format!("{id} is a reader, {status}, promotion tier {tier}")),
    }
}

/// What is not replicated yet is lost: a replica that lags, or of which nobody knows, does not take over.
pub(super) fn replica_lag(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Action::FailOver(action) = &plan.action else { return Finding::deny("the plan names no target") };
    let Some(to) = &action.to else {
        return Finding::allow("the standby has every write that was answered");
    };
    let Ok((_, place)) = database::place(&action.service, context.config) else {
        return Finding::deny("the configuration has no such database");
    };
    match database::lag(&action.service, to, &plan.observation, context.config) {
        None => Finding::deny(format!("how far {to} lies behind is not known")),
        Some((lag, by)) => {
            let most = place.max_lag.as_secs_f64();
            let line = format!("{to} is {:.3} s behind ({by}), at most {most} s", lag.as_secs_f64());
            if lag <= place.max_lag { Finding::allow(line) } else { Finding::deny(line) }
        }
    }
}
