//! Guards about what the configuration declares itself: requests and local commands.

use super::super::Plan;
use super::super::declared::reads_back;
use super::super::guard::{Finding, GuardContext};
use crate::config::{Declared, EnvironmentKind};

/// The declaration that the plan's only call carries out, and its digest in that call.
fn of_plan<'a, 'b>(plan: &'a Plan, context: &GuardContext<'b>) -> Result<(&'b Declared, &'a str), String> {
    let mut calls = plan.calls();
    let (Some(call), None) = (calls.next(), calls.next()) else {
        return Err("the plan is not of one declared call".to_owned());
    };
    let digest = call.declaration().ok_or("the plan's call is not a declared one")?;
    let arguments = plan.action.arguments();
    let name = arguments.first().map(|(_, name)| name.as_str()).unwrap_or_default();
    let service = plan.action.target();
    let declared = context.config.declared(service, name);
    declared
        .map(|declared| (declared, digest))
        .ok_or_else(|| format!("the configuration declares no {name} of {service}"))
}

/// The declaration is the one that was planned and read; what is said about it must be confirmed.
pub(super) fn declaration(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let (declared, planned) = match of_plan(plan, context) {
        Ok(found) => found,
        Err(reason) => return Finding::deny(reason),
    };
    let Some(seen) = &plan.observation.declared else { return Finding::deny("the declaration was not read") };
    let now = declared.digest();
    if seen.digest != now || planned != now {
        return Finding::deny("the declaration changed since the plan was made; make it again");
    }
    match (&declared.warning, reads_back(declared)) {
        (Some(warning), _) => Finding::ask(warning),
        (None, None) => Finding::ask("nothing reads its outcome back: it ends INCONCLUSIVE at best"),
        (None, Some(what)) => Finding::allow(format!("as declared ({}…), judged by {what}", &now[..12])),
    }
}

/// The program is there, and only those who may change this host can change it.
pub(super) fn command(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let program = plan.observation.declared.as_ref().and_then(|seen| seen.program.as_ref());
    let Some(program) = program else { return Finding::deny("the program was not looked at") };
    if !program.runs {
        return Finding::deny(format!("the program is not a file that runs: {}", program.stamp));
    }
    if program.open {
        return Finding::deny("everybody on this host may write to the program");
    }
    match context.config.environment.kind {
        EnvironmentKind::Production => Finding::ask("production: it runs on this host, with your rights"),
        _ => Finding::allow(format!("it runs on this host; {}", program.stamp)),
    }
}
