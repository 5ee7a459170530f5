//! Guards about whether this is a moment for a risky change: alerts that page, error budgets, and how long the credentials
//! last.

use jiff::SignedDuration;

use super::super::guard::{Decision, Finding, GuardContext};
use super::super::{BudgetLeft, Plan};
use super::surroundings::held_back;
use crate::config::{EnvironmentKind, Stance};
use crate::text::Text;

/// Actions that are done because something is wrong: they are asked about, never refused, for what is wrong. A shift of
/// traffic is one of them, because it is also how traffic gets away from what broke. The end of a deployment is not judged
/// by what is wrong at all: it is none of [`RISKY`](super::RISKY).
const REMEDIES: &[&str] = &["restart", "roll_back", "shift_traffic"];

/// What the configuration makes of it.
fn stance(stance: Stance, plan: &Plan, line: String) -> Finding {
    match stance {
        Stance::Allow => Finding::allow(format!("{line}; told only, as configured")),
        Stance::Deny if !REMEDIES.contains(&plan.action.name()) => Finding::deny(line),
        Stance::Ask | Stance::Deny => Finding::ask(line),
    }
}

pub(super) fn paging(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let configured = context.config.guards.paging_alerts;
    match &plan.observation.paging {
        None => stance(configured, plan, "whether an alert pages somebody is not known".to_owned()),
        Some(paging) if paging.is_empty() => match held_back(plan) {
            None => Finding::allow("no alert pages anybody"),
            Some(held) => stance(configured, plan, format!("none pages, but {held}")),
        },
        Some(paging) => {
            let names: Vec<_> = paging.iter().take(5).map(Text::as_str).collect();
            stance(configured, plan, format!("{} paging: {}", paging.len(), names.join(", ")))
        }
    }
}

pub(super) fn error_budget(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let configured = context.config.guards.error_budget;
    let Some(service) = context.config.service(plan.action.target()) else {
        return Finding::deny("the configuration has no such service");
    };
    let budgets = &context.facts.budgets;
    if service.objectives.is_empty() {
        return Finding::allow("the configuration has no objectives for it");
    }
    if budgets.len() != service.objectives.len() {
        return stance(configured, plan, "the error budget was not read".to_owned());
    }
    let told = budgets.iter().map(told).collect::<Vec<_>>().join("; ");
    match budgets.iter().all(is_left) {
        true => Finding::allow(told),
        false => stance(configured, plan, told),
    }
}

/// Without traffic nothing was missed; what is not known is not left.
fn is_left(budget: &BudgetLeft) -> bool {
    matches!(budget.left, Ok(None)) || matches!(budget.left, Ok(Some(left)) if left > 0.0)
}

fn told(budget: &BudgetLeft) -> String {
    let objective = &budget.objective;
    match &budget.left {
        Ok(Some(left)) if *left > 0.0 => format!("{objective}: {:.0} % of its budget left", left * 100.0),
        Ok(Some(left)) => format!("{objective}: its budget is used up ({:.0} % left)", left * 100.0),
        Ok(None) => format!("{objective}: no traffic"),
        Err(reason) => format!("{objective}: its budget is not known: {reason}"),
    }
}

pub(super) fn credentials_last(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(identity) = &plan.observation.identity else {
        return Finding::allow("no AWS credentials are used");
    };
    let longest = SignedDuration::try_from(plan.longest()).unwrap_or(SignedDuration::MAX);
    let minutes = |duration: SignedDuration| duration.as_mins();
    let takes = format!("this takes up to {} min", minutes(longest));
    match identity.expires {
        Some(expires) => {
            let left = expires.duration_since(context.now);
            let line = format!("they last {} min more, {takes}", minutes(left));
            let decision = if left < longest { Decision::Deny } else { Decision::Allow };
            Finding::new(decision, line)
        }
        None => unknown_expiry(longest, &takes, context),
    }
}

fn unknown_expiry(longest: SignedDuration, takes: &str, context: &GuardContext<'_>) -> Finding {
    let line = format!("when they expire is not known, {takes}");
    let most = SignedDuration::try_from(context.config.guards.unknown_expiry).unwrap_or(SignedDuration::MAX);
    let production = context.config.environment.kind == EnvironmentKind::Production;
    let decision = if production && longest > most { Decision::Ask } else { Decision::Allow };
    Finding::new(decision, line)
}
