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
    } else if yes.caller.is_some() && yes.caller.as_ref() == caller(plan, context) {
        Some("with the same AWS credentials")
    } else if person(yes.caller.as_ref()).is_some() && person(yes.caller.as_ref()) == person(caller(plan, context)) {
        Some("is the same person for AWS, in another role")
    } else if context.config.simulator.is_none() && !are_told_apart(yes, plan, context) {
        Some("nothing but their own word tells them apart")
    } else {
        None
    }
}

/// Whom AWS vouches for by this ARN: an IAM user, or the person in a session of IAM Identity Center, whose name Identity Center
/// gives. The session of any other role is called as whoever assumes it likes, or after a machine: it is nobody.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>
pub fn person(arn: Option<&Text>) -> Option<&str> {
    let arn = arn?.as_str();
    match arn.split_once(":assumed-role/AWSReservedSSO_") {
        Some((_, session)) => session.rsplit_once('/').map(|(_, name)| name),
        None => arn.contains(":user/").then_some(arn),
    }
}

/// Whether the kernel or AWS says that these are two: a user's name is only what their environment says.
fn are_told_apart(yes: &SecondYes, plan: &Plan, context: &GuardContext<'_>) -> bool {
    let by_login = yes.login.is_some() && context.facts.login.is_some();
    by_login || (person(yes.caller.as_ref()).is_some() && person(caller(plan, context)).is_some())
}

/// Whose AWS credentials the plan rests on; the simulated fleet has those of nobody.
fn caller<'a>(plan: &'a Plan, context: &GuardContext<'_>) -> Option<&'a Text> {
    let real = context.config.simulator.is_none();
    plan.observation.identity.as_ref().filter(|_| real).map(|identity| &identity.arn)
}
