//! Guards judge a plan; only a [`Judged`] can become an [`Approved`](super::Approved).

use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guards::{APPROVAL, GUARDS};
use super::{BreakGlass, Facts, Family, Plan};
use crate::config::{Caps, Config};
use crate::source::Observation;
use crate::text::Text;

/// What one guard says of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The guard's name, such as `scaling-bounds`.
    pub guard: String,
    /// What it decided.
    pub decision: Decision,
    /// What it rests on, in one line with figures.
    pub evidence: String,
}

/// A guard's decision. Unknown, missing, stale, NaN or partial evidence is never `Allow`. The worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing against it.
    Allow,
    /// The target's name must be typed.
    Ask,
    /// No.
    Deny,
}

/// A guard: a named, pure judge of plans.
#[derive(Debug)]
pub struct Guard {
    /// Its name.
    pub name: &'static str,
    /// What it sees to, in one line.
    pub summary: &'static str,
    /// The plans that it judges; of others it says nothing.
    pub scope: Scope,
    /// Whether it judges again before each later call of a plan; all judge before the first.
    pub each_call: bool,
    /// Judges.
    pub judge: fn(&Plan, &GuardContext<'_>) -> Finding,
}

/// The guards that break-glass may skip: they are about whether this is wise, and now. All others see to what is done
/// where, by whom, that it is what was shown, and what the platform would refuse anyway: those are never skipped.
const MAY_BE_SKIPPED: &[&str] = &[
    "freeze",
    "cooldown",
    "actions-an-hour",
    "credentials-last",
    "deployment",
    "image",
    "definition",
    "caps",
    "healthy-floor",
    "not-to-zero",
    "bounds",
    "replica-lag",
    "traffic-step",
    "traffic-health",
    "traffic-owner",
    "paging-alerts",
    "error-budget",
    "approval",
];

impl Guard {
    /// Whether break-glass may skip it.
    pub fn may_be_skipped(&self) -> bool {
        MAY_BE_SKIPPED.contains(&self.name)
    }
}

/// Which plans a guard judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Every,
    /// Those with a call of one of these families.
    Of(&'static [Family]),
}

impl Scope {
    fn covers(self, plan: &Plan) -> bool {
        match self {
            Self::Every => true,
            Self::Of(families) => plan.calls().any(|call| families.contains(&call.family())),
        }
    }
}

/// What a guard found: a verdict without the guard's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it decided.
    pub decision: Decision,
    /// What it rests on, in one line with figures.
    pub evidence: String,
}

impl Finding {
    pub(super) fn new(decision: Decision, evidence: impl Into<String>) -> Self {
        Self { decision, evidence: evidence.into() }
    }

    pub(super) fn allow(evidence: impl Into<String>) -> Self {
        Self::new(Decision::Allow, evidence)
    }

    pub(super) fn ask(evidence: impl Into<String>) -> Self {
        Self::new(Decision::Ask, evidence)
    }

    pub(super) fn deny(evidence: impl Into<String>) -> Self {
        Self::new(Decision::Deny, evidence)
    }
}

/// What guards know besides the plan.
#[derive(Debug, Clone)]
pub struct GuardContext<'a> {
    /// The configuration: caps, bounds, the account that is meant.
    pub config: &'a Config,
    /// The time of judging.
    pub now: Timestamp,
    /// Whether changes are possible here.
    pub arming: Arming,
    /// What else is known.
    pub facts: Facts,
}

impl GuardContext<'_> {
    /// Caps of the plan's service.
    pub(super) fn caps(&self, plan: &Plan) -> Option<Caps> {
        self.config.service(plan.action.target()).map(|service| service.caps)
    }
}

/// Whether changes are possible where the plan is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arming {
    /// The console is read-only.
    ReadOnly,
    /// The console is armed.
    Armed,
    /// Headless: `apply --confirm NAME` is the arming, still to come.
    Headless,
    /// `apply --confirm NAME`, or the executor of a confirmed plan.
    Confirmed,
}

/// A plan with every guard's verdict. Made by [`judge`] only, and read-only from then on: what it holds is what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Judged(Findings);

/// What a [`Judged`] holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// The plan.
    pub plan: Plan,
    /// Verdicts, in the order of the guards.
    pub verdicts: Vec<Verdict>,
    /// The one guard that was skipped, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

impl Deref for Judged {
    type Target = Findings;

    fn deref(&self) -> &Findings {
        &self.0
    }
}

/// Lets every guard judge the plan.
pub fn judge(plan: Plan, context: &GuardContext<'_>) -> Judged {
    let judges = GUARDS.iter().filter(|guard| guard.scope.covers(&plan));
    let verdicts = judges.map(|guard| verdict(guard, &plan, context)).collect();
    Judged(Findings { plan, verdicts, break_glass: context.facts.break_glass.clone() })
}

/// Lets the guards that judge before each call look at the call that is due, when earlier ones of the plan were sent, on what
/// was found since: the reasons of those that deny.
pub fn denials_now(plan: &Plan, due: usize, found: Observation, context: &GuardContext<'_>) -> Vec<String> {
    let plan = alone(plan.with_observation(found), due);
    let judges = GUARDS.iter().filter(|guard| guard.each_call && guard.scope.covers(&plan));
    let verdicts = judges.map(|guard| verdict(guard, &plan, context));
    verdicts.filter(|verdict| verdict.decision == Decision::Deny).map(|verdict| reason(&verdict)).collect()
}

/// The plan with no other call than the one that is due: in its place among the steps or the on-failure branch.
fn alone(mut plan: Plan, due: usize) -> Plan {
    let is_forward = due < plan.steps.len();
    let step: Vec<_> = plan.step(due).cloned().into_iter().collect();
    (plan.steps, plan.on_failure) = if is_forward { (step, Vec::new()) } else { (Vec::new(), step) };
    plan
}

fn reason(verdict: &Verdict) -> String {
    format!("{}: {}", verdict.guard, verdict.evidence)
}

/// A denial of the guard that break-glass names: asked about instead, and told with its reason.
fn skipped(guard: &Guard, finding: Finding, context: &GuardContext<'_>) -> Finding {
    match &context.facts.break_glass {
        Some(glass) if glass.guard == guard.name && guard.may_be_skipped() && finding.decision == Decision::Deny => {
            Finding::ask(format!("SKIPPED by break-glass ({}): {}", glass.reason, finding.evidence))
        }
        _ => finding,
    }
}

fn verdict(guard: &Guard, plan: &Plan, context: &GuardContext<'_>) -> Verdict {
    let Finding { decision, evidence } = skipped(guard, (guard.judge)(plan, context), context);
    Verdict { guard: guard.name.to_owned(), decision, evidence: Text::clean(&evidence).to_string() }
}

impl Judged {
    /// The worst of the verdicts; no verdicts at all is a Deny.
    pub fn decision(&self) -> Decision {
        self.0.verdicts.iter().map(|verdict| verdict.decision).max().unwrap_or(Decision::Deny)
    }

    /// Verdicts that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Verdict> {
        self.0.verdicts.iter().filter(|verdict| verdict.decision == Decision::Deny)
    }

    /// The reasons of those that deny: `guard: evidence`.
    pub fn reasons(&self) -> Vec<String> {
        self.denials().map(reason).collect()
    }

    /// The only guard that denies, if there is exactly one and it may be skipped.
    pub fn skippable(&self) -> Option<&str> {
        let mut denials = self.denials();
        let (only, None) = (denials.next()?, denials.next()) else { return None };
        let guard = GUARDS.iter().find(|guard| guard.name == only.guard)?;
        guard.may_be_skipped().then_some(guard.name)
    }

    /// Whether nothing stands against it but that a second person has not agreed yet.
    pub fn waits(&self) -> bool {
        self.skippable() == Some(APPROVAL)
    }

    pub(super) fn into_parts(self) -> (Plan, Option<BreakGlass>) {
        (self.0.plan, self.0.break_glass)
    }
}

#[cfg(test)]
mod tests {
    use super::{GUARDS, MAY_BE_SKIPPED};

    #[test]
    fn what_break_glass_may_skip_are_guards() {
        for name in MAY_BE_SKIPPED {
            assert!(GUARDS.iter().any(|guard| guard.name == *name), "there is no guard `{name}`");
        }
    }
}
