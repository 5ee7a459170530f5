//! Guards about where a plan would act: environment, account, region, and that what is shown is what is sent.

use super::super::guard::{Finding, GuardContext};
use super::super::{Plan, plan_for};
use crate::config::{Aws, EnvironmentKind};

pub(super) fn environment(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let ours = &context.config.environment;
    if plan.environment == ours.name && plan.kind == ours.kind {
        Finding::allow(format!("{} ({:?})", ours.name, ours.kind))
    } else {
        let theirs = format!("{} ({:?})", plan.environment, plan.kind);
        Finding::deny(format!("the plan is of {theirs}, the configuration is of {} ({:?})", ours.name, ours.kind))
    }
}

pub(super) fn account(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    if let Some(denial) = identity_is_off(plan) {
        return Finding::deny(denial);
    }
    match (&context.config.aws, &context.config.simulator) {
        (_, Some(_)) => Finding::allow(format!("simulated fleet, account {} in {}", plan.account, plan.region)),
        (Some(aws), None) => in_its_place(plan, aws, context),
        (None, None) => Finding::deny("the configuration has neither [aws] nor a simulated fleet"),
    }
}

/// What is wrong with the identity in itself: not 12 digits, no region, or another account or region than the target's.
fn identity_is_off(plan: &Plan) -> Option<String> {
    let identity = &plan.observation.identity;
    if !is_account(&plan.account) || plan.region.is_empty() {
        return Some(format!("`{}` in `{}` is not an account (12 digits) and a region", plan.account, plan.region));
    }
    if identity.account != plan.account || identity.region != plan.region {
        return Some(format!(
            "the credentials are of {} in {}, the plan is of {} in {}",
            identity.account, identity.region, plan.account, plan.region
        ));
    }
    if plan.observation.workload.arn != plan.target_arn {
        return Some(format!("{} was observed, the plan is of {}", plan.observation.workload.arn, plan.target_arn));
    }
    match arn_place(&plan.target_arn) {
        Some(place) if place == (plan.region.as_str(), plan.account.as_str()) => None,
        _ => Some(format!("{} is not in account {} and {}", plan.target_arn, plan.account, plan.region)),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Region and account of `arn:partition:service:region:account:resource`.
fn arn_place(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, _, region, account, _] => Some((region, account)),
        _ => None,
    }
}

/// The account and region that are meant are those of the place where the service runs, whatever `[aws]` itself says.
fn in_its_place(plan: &Plan, aws: &Aws, context: &GuardContext<'_>) -> Finding {
    let Some(ecs) = context.config.service(plan.action.target()).and_then(|service| service.ecs.as_ref()) else {
        return Finding::deny(format!("the configuration doesn't say where {} runs", plan.action.target()));
    };
    let said = ecs.place.as_ref().map_or("aws".to_owned(), |place| format!("aws.place[{place}]"));
    match aws.at(ecs.place.as_ref()) {
        Some(aws) => as_configured(plan, aws, &said, context.config.environment.kind),
        None => Finding::deny(format!("there is no {said} in the configuration")),
    }
}

fn as_configured(plan: &Plan, aws: &Aws, said: &str, kind: EnvironmentKind) -> Finding {
    if plan.region.as_str() != aws.region {
        return Finding::deny(format!("region {} is not {}, which {said}.region says", plan.region, aws.region));
    }
    match &aws.account {
        Some(account) if plan.account.as_str() == account => {
            Finding::allow(format!("account {account} in {}, as configured", aws.region))
        }
        Some(account) => Finding::deny(format!("account {} is not {account}, which {said}.account says", plan.account)),
        None if kind == EnvironmentKind::Production => Finding::deny(format!(
            "{said}.account is not configured, and this is production: write the 12 digits that are meant"
        )),
        None => Finding::ask(format!("account {} in {}; {said}.account is not configured", plan.account, plan.region)),
    }
}

/// Makes the plan again from its own evidence and compares: a plan whose calls, undo or target were changed differs.
pub(super) fn shown_is_sent(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let again = match plan_for(&plan.action, &plan.observation, context.config, plan.made) {
        Ok(again) => again,
        Err(failure) => return Finding::deny(failure.to_string()),
    };
    let drift = plan.drift(&again.fingerprint);
    if let Some(change) = drift.first() {
        return Finding::deny(format!("the target changed since the plan was made: {change}"));
    }
    let same = plan.steps == again.steps
        && plan.undo == again.undo
        && plan.target_arn == again.target_arn
        && plan.changes.first() == again.changes.first();
    if same {
        Finding::allow(format!("{} call, as shown", plan.steps.len()))
    } else {
        Finding::deny("its lines, calls or undo are not those of this action; make the plan again")
    }
}
