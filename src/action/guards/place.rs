//! Guards about where a plan would act: environment, account, region, and that what is shown is what is sent.

use super::super::guard::{Finding, GuardContext};
use super::super::{Family, Plan, plan_for};
use crate::config::{Aws, EnvironmentKind};
use crate::source::{Name, Workload};

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
    let look = match plan.action.look(context.config) {
        Ok(look) => look,
        Err(failure) => return Finding::deny(failure.to_string()),
    };
    if !look.is_on_aws() {
        return elsewhere(plan);
    }
    if let Some(denial) = identity_is_off(plan) {
        return Finding::deny(denial);
    }
    match (&context.config.aws, &context.config.simulator) {
        (_, Some(_)) => Finding::allow(format!("simulated fleet, account {} in {}", plan.account, plan.region)),
        (Some(aws), None) => in_its_place(plan, aws, look.place.as_ref(), context.config.environment.kind),
        (None, None) => Finding::deny("the configuration has neither [aws] nor a simulated fleet"),
    }
}

/// A target that is not on AWS is named by the address that is changed; that the configuration still says the same is seen
/// to by `shown-is-sent`.
fn elsewhere(plan: &Plan) -> Finding {
    match plan.target_arn.is_empty() {
        true => Finding::deny("the plan doesn't say what it changes"),
        false => Finding::allow(format!("not on AWS: {}", plan.target_arn)),
    }
}

/// What is wrong with the identity in itself: not 12 digits, no region, or another account or region than the target's.
fn identity_is_off(plan: &Plan) -> Option<String> {
    let Some(identity) = &plan.observation.identity else {
        return Some("it is not known whose credentials these are".to_owned());
    };
    if !is_account(&plan.account) || plan.region.is_empty() {
        return Some(format!("`{}` in `{}` is not an account (12 digits) and a region", plan.account, plan.region));
    }
    if identity.account != plan.account || identity.region != plan.region {
        return Some(format!(
            "the credentials are of {} in {}, the plan is of {} in {}",
            identity.account, identity.region, plan.account, plan.region
        ));
    }
    let of_workload = !plan.calls().all(|call| call.family() == Family::Traffic);
    let other = |workload: &&Workload| of_workload && workload.arn != plan.target_arn;
    if let Some(workload) = plan.observation.workload.as_ref().filter(other) {
        return Some(format!("{} was observed, the plan is of {}", workload.arn, plan.target_arn));
    }
    match arn_place(&plan.target_arn) {
        Some((region, account)) if account == plan.account.as_str() && is_region_of(region, plan) => None,
        _ => Some(format!("{} is not in account {} and {}", plan.target_arn, plan.account, plan.region)),
    }
}

/// The ARN of what is global (CloudFront) names no region.
fn is_region_of(region: &str, plan: &Plan) -> bool {
    region == plan.region.as_str() || (region.is_empty() && plan.target_arn.contains(":cloudfront:"))
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

/// The account and region that are meant are those of the place where the target is, whatever `[aws]` itself says.
fn in_its_place(plan: &Plan, aws: &Aws, place: Option<&Name>, kind: EnvironmentKind) -> Finding {
    let said = place.map_or("aws".to_owned(), |place| format!("aws.place[{place}]"));
    match aws.at(place) {
        Some(aws) => as_configured(plan, aws, &said, kind),
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

/// `2 calls, as shown; 1 more only if it fails`.
fn calls(plan: &Plan) -> String {
    let count = |number: usize| format!("{number} call{}", if number == 1 { "" } else { "s" });
    match plan.on_failure.len() {
        0 => format!("{}, as shown", count(plan.steps.len())),
        back => format!("{}, as shown; {} only if it fails", count(plan.steps.len()), count(back)),
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
        && plan.on_failure == again.on_failure
        && plan.gates == again.gates
        && plan.gate_window == again.gate_window
        && plan.debt == again.debt
        && plan.undo == again.undo
        && plan.target_arn == again.target_arn
        && (&plan.account, &plan.region) == (&again.account, &again.region)
        && plan.changes.first() == again.changes.first();
    if same {
        Finding::allow(calls(plan))
    } else {
        Finding::deny("its lines, calls or undo are not those of this action; make the plan again")
    }
}
