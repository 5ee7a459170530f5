//! `quarterdeck approve`: a second person's yes to a plan.

use std::process::ExitCode;

use super::Global;
use super::operator::operator;
use super::plan::shown;
use super::room::{Room, say};
use crate::action::guards::{APPROVAL, person};
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
    } else if keeper == Keeper::Table && room.config.simulator.is_none() && person(caller(judged)).is_none() {
        let who = caller(judged).map_or("AWS is not asked for this target".to_owned(), |arn| format!("you are {arn}"));
        Some(format!(
            "on another host than the plan's only an IAM user or a session of IAM Identity Center counts as another \
             person; {who}; agree on the plan's host"
        ))
    } else {
        let wrong = confirm.filter(|typed| *typed != name.as_str())?;
        Some(format!("--confirm `{wrong}` is not the target's name, `{name}`"))
    }
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
