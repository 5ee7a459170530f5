//! Guards about the revision that a plan brings to a workload: its images, and whether it carried traffic.

use super::super::guard::{Decision, Finding, GuardContext};
use super::super::rollout::{PROVEN, Tally, did, registered, served_well, spell};
use super::super::{Call, Gate, Judgement, Plan};
use crate::config::Role;
use crate::source::{Number, Registered, Releases};

/// The revision that is brought; the inner `None` is one that the plan makes.
fn brought(plan: &Plan) -> Option<Option<&str>> {
    plan.steps.iter().find_map(|step| match &step.call {
        Call::EcsDeployRevision { revision, .. } => Some(revision.as_deref()),
        _ => None,
    })
}

pub(super) fn image(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(releases) = &plan.observation.releases else { return Finding::deny("the revisions were not read") };
    let images: Vec<(&str, &Registered)> = match (brought(plan), &plan.observation.candidate) {
        (Some(None), Some(candidate)) => vec![(candidate.reference.as_str(), &candidate.registry)],
        (Some(Some(id)), _) => of_revision(id, releases),
        _ => Vec::new(),
    };
    let findings = images.iter().map(|(name, registry)| judged(name, registry));
    let worst = findings.max_by_key(|finding| finding.decision);
    worst.unwrap_or_else(|| Finding::deny("it is not known which images the revision has"))
}

fn of_revision<'a>(id: &str, releases: &'a Releases) -> Vec<(&'a str, &'a Registered)> {
    let revision = releases.revisions.iter().find(|revision| revision.id.as_str() == id);
    let images = revision.map(|revision| revision.images.as_slice()).unwrap_or_default();
    images.iter().map(|image| (image.short(), &image.registry)).collect()
}

/// An image that is not there can't start; findings that are critical, or not known, are for a person to judge.
fn judged(name: &str, registry: &Registered) -> Finding {
    let words = format!("{name}: {}", registered(registry));
    let decision = match registry {
        Registered::Missing | Registered::Failed { .. } => Decision::Deny,
        Registered::NotAsked => Decision::Ask,
        Registered::Found { findings: None, .. } => Decision::Ask,
        Registered::Found { findings: Some(found), .. } => {
            let critical = found.iter().any(|(severity, count)| severity.as_str() == "CRITICAL" && *count > 0);
            if critical { Decision::Ask } else { Decision::Allow }
        }
    };
    Finding::new(decision, words)
}

/// The revision whose definition tasks are started by: of a new one, that which it is a copy of.
fn definition_of(plan: &Plan) -> Option<&str> {
    let base = plan.steps.iter().find_map(|step| match &step.call {
        Call::EcsRegisterRevision { base, .. } => Some(base.as_str()),
        _ => None,
    });
    brought(plan)?.or(base)
}

/// A task whose role, log group or secret is missing can't start; what could not be looked up is for a person to judge.
pub(super) fn definition(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let needs = definition_of(plan).and_then(|id| plan.observation.needs.as_ref()?.of(id));
    let Some(needs) = needs else { return Finding::deny("what its tasks need was not looked up") };
    let tally = Tally::of(needs);
    let decision = match (tally.missing.is_empty(), tally.not_verified.is_empty()) {
        (false, _) => Decision::Deny,
        (true, false) => Decision::Ask,
        (true, true) => Decision::Allow,
    };
    Finding::new(decision, tally.words())
}

pub(super) fn proven(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Some(releases) = &plan.observation.releases else { return Finding::deny("the revisions were not read") };
    let Some(Some(id)) = brought(plan) else {
        return Finding::allow("a new revision: its rollout and the gates judge it");
    };
    let served = match releases.served(id, context.now) {
        Some(served) if served.lasted >= PROVEN => Finding::allow(format!("{id} served for {}", spell(served.lasted))),
        Some(served) => Finding::ask(format!("{id} served for {} only", spell(served.lasted))),
        None => {
            return Finding::ask(format!("{id} never carried traffic, as far as the service's deployments are known"));
        }
    };
    if plan.observation.served.is_none() {
        return served; // not an action that goes back
    }
    let (broken, did) = (broken(plan, context, id), did(&plan.observation, id));
    let decision = if broken.is_empty() { served.decision } else { served.decision.max(Decision::Ask) };
    Finding::new(decision, [vec![served.evidence, did], broken].concat().join("; "))
}

/// Which critical bounds were broken on average while a revision served, or may have been: what is not known is no proof.
fn broken(plan: &Plan, context: &GuardContext<'_>, revision: &str) -> Vec<String> {
    let judges = |gate: &Gate| {
        let signal = context.config.signal(&gate.signal);
        signal.is_some_and(|signal| matches!(signal.role, Role::Errors | Role::LatencyP95))
    };
    let gates = Gate::of_service(context.config, plan.action.target());
    let figures = served_well(&plan.observation, revision).map(|served| served.figures.as_slice()).unwrap_or_default();
    let word = |gate: &Gate| {
        let figure = figures.iter().find(|figure| figure.signal == gate.signal.signal);
        let mean = figure.and_then(|figure| figure.mean).map_or(Number::NoData, Number::from);
        match gate.judge(mean) {
            Judgement::Pass => None,
            Judgement::Fail => Some(format!("that was not {gate}")),
            Judgement::Inconclusive => Some(format!("whether it was {gate} is not known")),
        }
    };
    gates.iter().filter(|gate| judges(gate)).filter_map(word).collect()
}
