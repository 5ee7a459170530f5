//! `quarterdeck approve`: a second person's yes to a plan.

use std::process::ExitCode;

use super::Global;
use super::operator::operator;
use super::plan::shown;
use super::room::{Room, say};
use crate::action::guards::APPROVAL;
use crate::action::{Arming, Judged, SecondYes};
use crate::clock::Now;
use crate::executor::planning::PlanningError;
use crate::executor::second::{Proposal, login};

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
    let proposal = room.journal.proposal(&arguments.digest)?;
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
    say(&format!("made by {}", proposal.by))?;
    if let Some(reason) = objection(&room, &proposal, &judged, arguments.confirm.as_deref()) {
        return refuse(&reason);
    }
    let name = proposal.plan.action.target();
    match &arguments.confirm {
        None => say(&format!("to agree: quarterdeck approve {} --confirm {name}", arguments.digest))?,
        Some(_) => agree(&room, &judged)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Why this person can't agree to it now.
fn objection(room: &Room, proposal: &Proposal, judged: &Judged, confirm: Option<&str>) -> Option<String> {
    let (plan, now) = (&proposal.plan, Now::read().wall);
    let name = plan.action.target();
    let others: Vec<_> = judged.denials().filter(|verdict| verdict.guard != APPROVAL).collect();
    if !room.config.guards.approval.wants(plan.action.name()) {
        Some(format!("one person is enough for {} here", plan.action.name()))
    } else if let Some(verdict) = others.first() {
        Some(format!("denied by {}: {}", verdict.guard, verdict.evidence))
    } else if now >= plan.expires {
        Some(format!("it expired at {:.0}", plan.expires))
    } else if operator().is_same_person(&proposal.by) {
        Some(format!("{} made it; another person must agree", proposal.by.user))
    } else {
        let wrong = confirm.filter(|typed| *typed != name.as_str())?;
        Some(format!("--confirm `{wrong}` is not the target's name, `{name}`"))
    }
}

fn agree(room: &Room, judged: &Judged) -> anyhow::Result<()> {
    let (plan, now) = (&judged.plan, Now::read().wall);
    let real = room.config.simulator.is_none();
    let caller = plan.observation.identity.as_ref().filter(|_| real).map(|identity| identity.arn.clone());
    let lasts = now.checked_add(room.config.guards.approval_ttl)?;
    let until = lasts.min(plan.expires);
    room.journal.agree(&SecondYes { digest: plan.digest(), by: operator(), login: login(), caller, at: now, until })?;
    Ok(say(&format!("agreed, until {until:.0}: it may now be applied by whom it was made by"))?)
}

fn refuse(reason: &str) -> anyhow::Result<ExitCode> {
    say(&format!("not agreed: {reason}"))?;
    Ok(ExitCode::from(4))
}
