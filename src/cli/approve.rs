//! `quarterdeck approve`: a second person's yes to a plan.

use std::process::ExitCode;

use super::Global;
use super::operator::operator;
use super::plan::shown;
use super::room::{Room, say};
use crate::action::guards::{APPROVAL, OWN_WORD, Who, perhaps_same};
use crate::action::{Arming, Judged, SecondYes};
use crate::clock::Now;
use crate::executor::journal::JournalError;
use crate::executor::planning::PlanningError;
use crate::executor::second::{Proposal, SHORTEST, login};
use crate::executor::shared::{NotWaiting, PutError};
use crate::text::Text;

/// Arguments of `quarterdeck approve`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plan's digest, or its first 8 characters or more.
    pub digest: String,
    /// The target's name, typed as the yes. Without it the plan is only shown.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Show another person's plan on evidence of now, and agree to it. It is bound to the plan's digest, expires with it, and is
/// void when the target changes.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let room = Room::open(global)?;
    let (proposal, keeper) = match found(&room, &arguments.digest) {
        Ok(found) => found,
        Err(Unfound::NotAsked(reason)) => {
            say(&format!("not known: {reason}"))?;
            return Ok(ExitCode::from(3));
        }
        Err(Unfound::None(error)) => return Err(error),
    };
    let world = room.world()?;
    let judged = match room.runtime.block_on(room.planner(&*world).again(&proposal.plan, Arming::Headless)) {
        Ok(judged) => judged,
        Err(PlanningError::NotObserved(error)) => {
            say(&format!("not observed: {error}; {}", error.kind.hint()))?;
            return Ok(ExitCode::from(3));
        }
        Err(PlanningError::NoPlan(failure)) => return refuse(&failure.to_string()),
    };
    say(&shown(&judged))?;
    say(&format!("made by {}{}", proposal.by, if keeper == Keeper::Table { ", who shares the table" } else { "" }))?;
    if let Some(reason) = objection(&room, (&proposal, keeper), &judged, arguments.confirm.as_deref()) {
        return refuse(&reason);
    }
    let name = proposal.plan.action.target();
    match &arguments.confirm {
        None => say(&format!("to agree: quarterdeck approve {} --confirm {name}", arguments.digest))?,
        Some(_) => return agree(&room, &judged, keeper),
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a plan waits, and so where the yes to it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// The state directory that both share.
    Here,
    /// The table that both hosts share.
    Table,
}

/// Why there is no plan to agree to.
enum Unfound {
    /// None waits.
    None(anyhow::Error),
    /// The table can't be asked.
    NotAsked(PutError),
}

/// The plan that waits under this digest, here or on another host.
fn found(room: &Room, digest: &str) -> Result<(Proposal, Keeper), Unfound> {
    match (room.journal.proposal(digest), room.journal.shared()) {
        (Ok(proposal), _) => Ok((proposal, Keeper::Here)),
        (Err(JournalError::NoProposal(_)), Some(shared)) if digest.len() >= SHORTEST => {
            match room.runtime.block_on(shared.proposal(digest)) {
                Ok(proposal) => Ok((proposal, Keeper::Table)),
                Err(NotWaiting::Table(error)) => Err(Unfound::NotAsked(error)),
                Err(error) => Err(Unfound::None(error.into())),
            }
        }
        (Err(error), _) => Err(Unfound::None(error.into())),
    }
}

/// Why this person can't agree to it now.
fn objection(
    room: &Room,
    (proposal, keeper): (&Proposal, Keeper),
    judged: &Judged,
    confirm: Option<&str>,
) -> Option<String> {
    let (plan, now) = (&proposal.plan, Now::read().wall);
    let name = plan.action.target();
    let others: Vec<_> = judged.denials().filter(|verdict| verdict.guard != APPROVAL).collect();
    if !room.config.guards.approval.wants(plan.action.name()) {
        Some(format!("one person is enough for {} here", plan.action.name()))
    } else if let Some(verdict) = others.first() {
        Some(format!("denied by {}: {}", verdict.guard, verdict.evidence))
    } else if now >= plan.expires {
        Some(format!("it expired at {:.0}", plan.expires))
    } else if operator().user == proposal.by.user {
        Some(format!("{} made it; another person must agree, under another name", proposal.by.user))
    } else if let Some(reason) = uncounted(room, (proposal, keeper), judged) {
        Some(reason)
    } else {
        let wrong = confirm.filter(|typed| *typed != name.as_str())?;
        Some(format!("--confirm `{wrong}` is not the target's name, `{name}`"))
    }
}

/// Why a yes would not count when the plan is applied by its maker. Their login is known only then: a kernel that keeps ours is
/// taken to keep theirs.
fn uncounted(room: &Room, (proposal, keeper): (&Proposal, Keeper), judged: &Judged) -> Option<String> {
    if room.config.simulator.is_some() {
        return None;
    }
    let login = login().filter(|_| keeper == Keeper::Here);
    let agrees = Who { user: &operator().user, login, caller: caller(judged) };
    let made = Who { user: &proposal.by.user, login: None, caller: proposal.caller.as_ref() };
    let flaw = perhaps_same(agrees, made).filter(|flaw| login.is_none() || *flaw != OWN_WORD)?;
    let arn = |caller: Option<&Text>| caller.map_or("not known to AWS".to_owned(), |arn| format!("`{arn}`"));
    let hint = match keeper {
        Keeper::Here => "log in as yourself, or with an IAM user or an IAM Identity Center session of your own",
        Keeper::Table => {
            "between hosts two IAM users count, or two persons of IAM Identity Center; else agree on the plan's host"
        }
    };
    let whose = format!("you are {}, who made it is {}", arn(agrees.caller), arn(made.caller));
    Some(format!("your yes would not count: {flaw}; {whose}; {hint}"))
}

/// Whose AWS credentials looked at the target here.
fn caller(judged: &Judged) -> Option<&Text> {
    judged.plan.observation.identity.as_ref().map(|identity| &identity.arn)
}

fn agree(room: &Room, judged: &Judged, keeper: Keeper) -> anyhow::Result<ExitCode> {
    let (plan, now) = (&judged.plan, Now::read().wall);
    let caller = caller(judged).filter(|_| room.config.simulator.is_none()).cloned();
    let lasts = now.checked_add(room.config.guards.approval_ttl)?;
    let until = lasts.min(plan.expires);
    let yes = SecondYes { digest: plan.digest(), by: operator(), login: login(), caller, at: now, until };
    match (keeper, room.journal.shared()) {
        (Keeper::Table, Some(shared)) => match room.runtime.block_on(shared.agree(plan, &yes)) {
            Ok(()) => {}
            Err(NotWaiting::Table(error)) => {
                say(&format!("not agreed, as far as is known: {error}; say it again"))?;
                return Ok(ExitCode::from(3));
            }
            Err(error) => return refuse(&error.to_string()),
        },
        _ => room.journal.agree(&yes)?,
    }
    say(&format!("agreed, until {until:.0}: it may now be applied by whom it was made by"))?;
    Ok(ExitCode::SUCCESS)
}

fn refuse(reason: &str) -> anyhow::Result<ExitCode> {
    say(&format!("not agreed: {reason}"))?;
    Ok(ExitCode::from(4))
}
