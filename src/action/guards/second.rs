//! The guard that wants a second person, where the configuration does.

use super::super::guard::{Finding, GuardContext};
use super::super::{Plan, SecondYes};
use crate::text::Text;

pub(super) fn approval(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    if !context.config.guards.approval.wants(plan.action.name()) {
        return Finding::allow("one person is enough");
    }
    let yeses = match &context.facts.seconds.0 {
        Err(reason) => return Finding::deny(format!("whether a second person agreed is not known: {reason}")),
        Ok(yeses) => yeses,
    };
    let digest = plan.digest();
    let (mut good, mut flaws) = (None, Vec::new());
    for yes in yeses {
        match flaw(yes, &digest, plan, context) {
            None => good = Some(yes),
            Some(flaw) => flaws.push(format!("; {} agreed, but {flaw}", yes.by.user)),
        }
    }
    match good {
        Some(yes) => Finding::allow(format!("{} agreed at {:.0}", yes.by, yes.at)),
        None => {
            let short = digest.get(..16).unwrap_or(&digest);
            let waits = format!("waits for a second person: `quarterdeck approve {short}`");
            Finding::deny(waits + &flaws.concat())
        }
    }
}

/// Why a yes does not count.
fn flaw(yes: &SecondYes, digest: &str, plan: &Plan, context: &GuardContext<'_>) -> Option<&'static str> {
    let facts = &context.facts;
    if yes.digest != digest {
        Some("to another plan")
    } else if context.now >= yes.until {
        Some("that is too long ago")
    } else if yes.by.user == facts.by.user {
        // One host's user may be another's on the next; that they are two can't be told by the name.
        Some("is the one who acts, or is called so on another host")
    } else if yes.login.is_some() && yes.login == facts.login {
        Some("from the same login")
    } else if yes.caller.as_ref().zip(caller(plan, context)).is_some_and(|(theirs, ours)| theirs == ours) {
        Some("with the same AWS credentials")
    } else if yes.caller.as_ref().zip(caller(plan, context)).is_some_and(|(theirs, ours)| is_one_session(theirs, ours))
    {
        Some("in an AWS session of the same name")
    } else if context.config.simulator.is_none() && !are_told_apart(yes, plan, context) {
        Some("nothing but their own word tells them apart")
    } else {
        None
    }
}

/// Whether both assumed roles under one session name, which is the person's where IAM Identity Center gives it: one may have
/// several roles. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>
fn is_one_session(one: &Text, other: &Text) -> bool {
    fn session(arn: &Text) -> Option<&str> {
        let (_, role) = arn.as_str().split_once(":assumed-role/")?;
        role.rsplit_once('/').map(|(_, session)| session)
    }
    session(one).is_some() && session(one) == session(other)
}

/// Whether the kernel or AWS says that these are two: a user's name is only what their environment says.
fn are_told_apart(yes: &SecondYes, plan: &Plan, context: &GuardContext<'_>) -> bool {
    let by_login = yes.login.is_some() && context.facts.login.is_some();
    by_login || (yes.caller.is_some() && caller(plan, context).is_some())
}

/// Whose AWS credentials the plan rests on; the simulated fleet has those of nobody.
fn caller<'a>(plan: &'a Plan, context: &GuardContext<'_>) -> Option<&'a Text> {
    let real = context.config.simulator.is_none();
    plan.observation.identity.as_ref().filter(|_| real).map(|identity| &identity.arn)
}
