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

/// What tells who somebody is.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The user's name, which is only what their environment says.
    pub user: &'a str,
    /// The login that the kernel keeps.
    pub login: Option<u32>,
    /// The ARN of their AWS credentials.
    pub caller: Option<&'a Text>,
}

/// What is said where nothing else tells two apart.
pub const OWN_WORD: &str = "nothing but their own word tells them apart";

/// Why a yes does not count.
fn flaw(yes: &SecondYes, digest: &str, plan: &Plan, context: &GuardContext<'_>) -> Option<&'static str> {
    let facts = &context.facts;
    if yes.digest != digest {
        return Some("to another plan");
    }
    if context.now >= yes.until {
        return Some("that is too long ago");
    }
    let agreed = Who { user: &yes.by.user, login: yes.login, caller: yes.caller.as_ref() };
    let acts = Who { user: &facts.by.user, login: facts.login, caller: caller(plan, context) };
    perhaps_same(agreed, acts).filter(|flaw| context.config.simulator.is_none() || *flaw != OWN_WORD)
}

/// Why who agreed may be the one who acts. On a simulated fleet [`OWN_WORD`] is enough.
pub fn perhaps_same(agreed: Who<'_>, acts: Who<'_>) -> Option<&'static str> {
    let persons = (person(agreed.caller), person(acts.caller));
    if agreed.user == acts.user {
        // One host's user may be another's on the next; that they are two can't be told by the name.
        Some("is the one who acts, or is called so on another host")
    } else if agreed.login.is_some() && agreed.login == acts.login {
        Some("from the same login")
    } else if agreed.caller.is_some() && agreed.caller == acts.caller {
        Some("with the same AWS credentials")
    } else if persons.0.is_some() && persons.0 == persons.1 {
        Some("is the same person for AWS, in another role")
    } else if agreed.login.is_some() && acts.login.is_some() || are_two(persons) {
        None
    } else {
        Some(OWN_WORD)
    }
}

/// Whom AWS vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person<'a> {
    /// An IAM user, by their ARN.
    User(&'a str),
    /// Who has a session of IAM Identity Center, by the name that it gives.
    Session(&'a str),
}

/// Whom AWS vouches for by this ARN. The session of any other role is called as whoever assumes it likes, or after a machine: it
/// is nobody.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>
fn person(arn: Option<&Text>) -> Option<Person<'_>> {
    let arn = arn?.as_str();
    match arn.split_once(":assumed-role/AWSReservedSSO_") {
        Some((_, session)) => session.rsplit_once('/').map(|(_, name)| Person::Session(name)),
        None => arn.contains(":user/").then_some(Person::User(arn)),
    }
}

/// Whether AWS tells these two apart, who are not the same. One person may have a user and a session: only two of a kind are.
fn are_two(persons: (Option<Person<'_>>, Option<Person<'_>>)) -> bool {
    use Person::{Session, User};
    matches!(persons, (Some(User(_)), Some(User(_))) | (Some(Session(_)), Some(Session(_))))
}

/// Whose AWS credentials the plan rests on; the simulated fleet has those of nobody.
fn caller<'a>(plan: &'a Plan, context: &GuardContext<'_>) -> Option<&'a Text> {
    let real = context.config.simulator.is_none();
    plan.observation.identity.as_ref().filter(|_| real).map(|identity| &identity.arn)
}
