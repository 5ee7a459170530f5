//! `suspend_scaling` and `resume_scaling`: which kinds of scaling are suspended, absolute for all three.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::given::{Given, short};
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, PlanFailure, Scene, Sight, Stage,
    Step, Undo, workload,
};
use crate::config::{Config, EcsService};
use crate::source::{Look, Name, Observation, ScalingTarget};

/// The key of what suspended scaling leaves in the ledger of debts.
const DEBT: &str = "scaling suspended";

/// How long a suspension is meant to last where nothing is said.
const DEFAULT: Duration = Duration::from_secs(2 * 3600);

/// A suspension that is meant to last longer is none: it is a way of running the service, and belongs in its definition.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Kinds of scaling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// Scaling in by policies.
    #[serde(rename = "in")]
    pub inward: bool,
    /// Scaling out by policies.
    #[serde(rename = "out")]
    pub outward: bool,
    /// Scheduled actions.
    pub scheduled: bool,
}

impl Kinds {
    const ALL: Self = Self { inward: true, outward: true, scheduled: true };

    fn of(target: ScalingTarget) -> Self {
        Self {
            inward: target.scale_in_suspended,
            outward: target.scale_out_suspended,
            scheduled: target.scheduled_suspended,
        }
    }

    fn each(self) -> [(&'static str, bool); 3] {
        [("in", self.inward), ("out", self.outward), ("scheduled", self.scheduled)]
    }

    fn parse(text: &str) -> Option<Self> {
        let mut kinds = Self::default();
        for kind in text.split(',') {
            let held = match kind.trim() {
                "in" => &mut kinds.inward,
                "out" => &mut kinds.outward,
                "scheduled" => &mut kinds.scheduled,
                _ => return None,
            };
            *held = true;
        }
        Some(kinds)
    }

    fn typed(self) -> String {
        let held: Vec<_> = self.each().into_iter().filter(|(_, held)| *held).map(|(kind, _)| kind).collect();
        held.join(",")
    }

    fn words(self) -> String {
        let held = self.typed();
        if held.is_empty() { "none".to_owned() } else { held.replace(',', ", ") }
    }
}

/// Suspend kinds of scaling of a service; those not named go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendScaling {
    /// The service.
    pub service: Name,
    /// What is suspended; the others are active afterwards.
    pub kinds: Kinds,
    /// How long it is meant to last. Nothing resumes it by itself: then the debt is overdue.
    pub lasts: Duration,
}

/// Resume all kinds of scaling of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeScaling {
    /// The service.
    pub service: Name,
}

impl SuspendScaling {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "suspend_scaling",
        summary: "suspend kinds of scaling of a service; a debt with an owner until it is resumed",
        arguments: &[
            ArgumentSpec {
                name: "kinds",
                summary: "of in, out, scheduled: what is suspended, all else active; default all",
            },
            ArgumentSpec { name: "for", summary: "until when it is meant to last: 1m to 7d, default 2h" },
        ],
        targets: workload::targets,
        parse: parse_suspend,
    };
}

impl ResumeScaling {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "resume_scaling",
        summary: "resume scaling in, out and scheduled actions of a service",
        arguments: &[],
        targets: workload::targets,
        parse: parse_resume,
    };
}

fn parse_suspend(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let usage = "write `suspend_scaling SERVICE kinds=in,out,scheduled for=2h`";
    let mut given = Given::new("suspend_scaling", usage, arguments);
    let kinds = match given.take("kinds") {
        None => Kinds::ALL,
        Some(text) => Kinds::parse(text)
            .ok_or_else(|| given.failure(&format!("kinds: `{text}` is not a list of in, out and scheduled")))?,
    };
    let lasts = given.duration("for", DEFAULT, Duration::from_secs(60)..=LONGEST)?;
    given.done()?;
    Ok(Action::SuspendScaling(SuspendScaling { service: target.clone(), kinds, lasts }))
}

fn parse_resume(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    Given::new("resume_scaling", "write `resume_scaling SERVICE`", arguments).done()?;
    Ok(Action::ResumeScaling(ResumeScaling { service: target.clone() }))
}

/// What both make of what was observed: the kinds before, and the plan but for debt and gates.
fn draft(service: &Name, kinds: Kinds, found: &Observation, config: &Config) -> Result<(Kinds, Draft), PlanFailure> {
    let ecs = workload::ecs(service, config)?;
    let (workload, _) = workload::read(found)?;
    let target = workload::registered(found, service)?;
    let before = Kinds::of(target);
    if before == kinds {
        let reason = format!("nothing would change: suspended scaling of `{service}`: {}", kinds.words());
        return Err(PlanFailure::new(&reason, "look at its scaling panel, or name other kinds"));
    }
    let draft = Draft {
        target_id: workload.arn.clone(),
        changes: changes(before, kinds, target),
        steps: vec![step(ecs, kinds)],
        undo: Undo::Action { action: inverse(service, before) },
        ..Draft::default()
    };
    Ok((before, draft))
}

/// The inverse of a change from these kinds: they are suspended again, and no others.
fn inverse(service: &Name, before: Kinds) -> Action {
    let service = service.clone();
    match before == Kinds::default() {
        true => Action::ResumeScaling(ResumeScaling { service }),
        false => Action::SuspendScaling(SuspendScaling { service, kinds: before, lasts: DEFAULT }),
    }
}

fn changes(before: Kinds, after: Kinds, target: ScalingTarget) -> Vec<Change> {
    let word = |held: bool| if held { "suspended" } else { "active" };
    let names = ["scaling in", "scaling out", "scheduled actions"];
    let kinds = names.into_iter().zip(before.each()).zip(after.each());
    let bounds = workload::bounds(Some(target));
    let mut changes = vec![Change::new("suspended scaling", &before.words(), &after.words())];
    changes.extend(kinds.map(|((name, (_, was)), (_, is))| Change::new(name, word(was), word(is))));
    changes.push(Change::new("scaling bounds", &bounds, &bounds));
    changes
}

fn step(ecs: &EcsService, kinds: Kinds) -> Step {
    let EcsService { cluster, service, place } = ecs.clone();
    let summary = format!("leave suspended of the scaling of {cluster}/{service}: {}", kinds.words());
    let Kinds { inward, outward, scheduled } = kinds;
    Step::new(summary, Call::ScalingSetSuspended { cluster, service, inward, outward, scheduled, place })
}

fn sight(kinds: Kinds, scene: &Scene<'_>, found: &Observation) -> Sight {
    let Some(target) = workload::target(found) else { return workload::no_target() };
    let before = workload::target(&scene.plan.observation).map(Kinds::of);
    let words = format!("suspended: {}", workload::suspended(Some(target)));
    let (effect, stage) = match Kinds::of(target) {
        now if now == kinds => (Effect::Shows, Stage::Steady),
        now if Some(now) == before => (Effect::AsBefore, Stage::Elsewhere("all is as before".to_owned())),
        _ => (Effect::Unclear, Stage::Elsewhere(format!("{words}, not {}: someone else changed it", kinds.words()))),
    };
    Sight { words, effect, stage, made: None }
}

impl Act for SuspendScaling {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("kinds", self.kinds.typed()), ("for", short(self.lasts))]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let (before, draft) = draft(&self.service, self.kinds, found, config)?;
        let what = format!("suspended scaling: {}, was {}", self.kinds.words(), before.words());
        let debt = DebtChange::opens(DEBT, what).moved(before.words(), self.kinds.words());
        Ok(Draft { debt: Some(debt), lasts: Some(self.lasts), ..draft })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        workload::scaling_facts(found)
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        sight(self.kinds, scene, found)
    }

    fn observed(&self, found: &Observation) -> String {
        observed(found)
    }
}

impl Act for ResumeScaling {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let (_, draft) = draft(&self.service, Kinds::default(), found, config)?;
        // Policies may move the count from here on: the gates tell whether that goes well.
        Ok(Draft { debt: Some(DebtChange::settles(DEBT)), gated: true, ..draft })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        workload::scaling_facts(found)
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        sight(Kinds::default(), scene, found)
    }

    fn observed(&self, found: &Observation) -> String {
        observed(found)
    }
}

fn observed(found: &Observation) -> String {
    format!("suspended: {}; {}", workload::suspended(workload::target(found)), workload::observed(found))
}
