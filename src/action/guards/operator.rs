//! Guards about who acts, and about what else is being done.

use super::super::guard::{Arming, Finding, GuardContext};
use super::super::{OtherRun, Plan};
use crate::config::EnvironmentKind;

pub(super) fn armed(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    match context.arming {
        Arming::ReadOnly => Finding::deny("the console is read-only; arm it first"),
        Arming::Armed => Finding::allow("the console is armed"),
        Arming::Headless => Finding::ask(format!("headless: `apply --confirm {}` is the arming", plan.action.target())),
        Arming::Confirmed => Finding::allow("confirmed by the operator"),
    }
}

pub(super) fn other_runs(_plan: &Plan, context: &GuardContext<'_>) -> Finding {
    match &context.facts.other_runs.0 {
        Err(reason) => Finding::deny(format!("the journal can't be read: {reason}")),
        Ok(runs) => match runs.iter().find(|run| run.unknown).or(runs.first()) {
            Some(run) => Finding::deny(open_run(run, runs.len())),
            None => Finding::allow("0 open runs on this target"),
        },
    }
}

fn open_run(run: &OtherRun, count: usize) -> String {
    let OtherRun { id, by, .. } = run;
    if run.unknown {
        format!(
            "the outcome of run {id} by {by} is not known ({count} open); settle it: `quarterdeck runs resolve {id}`"
        )
    } else {
        format!("run {id} by {by} is under way ({count} open); follow it: `quarterdeck runs show {id}`")
    }
}

pub(super) fn type_the_name(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let kind = context.config.environment.kind;
    let name = plan.action.target();
    if kind == EnvironmentKind::Production {
        Finding::ask(format!("production: type `{name}`"))
    } else if context.config.guards.type_name {
        Finding::ask(format!("the configuration wants the name typed: `{name}`"))
    } else {
        Finding::allow("not production: no name to type")
    }
}
