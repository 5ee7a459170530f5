//! `scaling_bounds`: set min and max of a service's scaling target, both absolute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::given::Given;
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, Objection, PlanFailure, Scene,
    Sight, Stage, Step, Undo, workload,
};
use crate::config::{Config, EcsService};
use crate::source::{Look, Name, Observation, ScalingTarget, Workload};

/// The key of what changed bounds leave in the ledger of debts.
const DEBT: &str = "scaling bounds";

/// Set min and max of a service's scaling target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingBounds {
    /// The service.
    pub service: Name,
    /// Least desired count.
    pub min: u32,
    /// Greatest desired count.
    pub max: u32,
}

impl ScalingBounds {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "scaling_bounds",
        summary: "set least and greatest desired count of a service's scaling target",
        arguments: &[
            ArgumentSpec { name: "min", summary: "least desired count: a whole number, within the configured caps" },
            ArgumentSpec {
                name: "max",
                summary: "greatest desired count: a whole number, at least min, within the caps",
            },
        ],
        targets: workload::targets,
        parse,
    };

    fn holds(&self, target: ScalingTarget) -> bool {
        (target.min, target.max) == (self.min, self.max)
    }

    fn after(&self) -> String {
        format!("{}–{}", self.min, self.max)
    }

    fn step(&self, ecs: &EcsService) -> Step {
        let EcsService { cluster, service, place } = ecs.clone();
        let Self { min, max, .. } = *self;
        let summary = format!("set the scaling bounds of {cluster}/{service} to {min}–{max}");
        Step::new(summary, Call::ScalingSetBounds { cluster, service, min, max, place })
    }

    /// The first line is the change; the others are what follows of it, and what to know.
    fn changes(&self, before: ScalingTarget, workload: &Workload) -> Vec<Change> {
        let desired = workload.desired;
        let moved = if self.min <= self.max { desired.clamp(self.min, self.max) } else { desired };
        let same = |what: &str, value: &str| Change::new(what, value, value);
        vec![
            Change::new("scaling bounds", &workload::bounds(Some(before)), &self.after()),
            Change::new("desired count (moved by autoscaling)", &desired.to_string(), &moved.to_string()),
            same("running tasks", &workload.running.to_string()),
            same("scaling suspended", &workload::suspended(Some(before))),
        ]
    }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let usage = "write `scaling_bounds SERVICE min=N max=M`, whole numbers";
    let mut given = Given::new("scaling_bounds", usage, arguments);
    let (min, max) = (given.number("min")?, given.number("max")?);
    if min > max {
        return Err(given.failure(&format!("min={min} is above max={max}")));
    }
    given.done()?;
    Ok(Action::ScalingBounds(ScalingBounds { service: target.clone(), min, max }))
}

impl Act for ScalingBounds {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("min", self.min.to_string()), ("max", self.max.to_string())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, _) = workload::read(found)?;
        let before = workload::registered(found, &self.service)?;
        if self.holds(before) {
            let reason = format!("nothing would change: the scaling bounds of `{}` are {}", self.service, self.after());
            return Err(PlanFailure::new(&reason, "choose other bounds"));
        }
        let was = workload::bounds(Some(before));
        let undo = Self { min: before.min, max: before.max, ..self.clone() };
        let what = format!("scaling bounds are {}, were {was}", self.after());
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes: self.changes(before, workload),
            steps: vec![self.step(ecs)],
            undo: Undo::Action { action: Action::ScalingBounds(undo) },
            debt: Some(DebtChange::opens(DEBT, what).moved(was, self.after())),
            gated: true,
            ..Draft::default()
        })
    }

    /// The desired count is one: bounds may move it.
    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = workload::scaling_facts(found);
        if let Some(workload) = &found.workload {
            facts.insert("desired count".to_owned(), workload.desired.to_string());
        }
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let (Some(target), Some(workload)) = (workload::target(found), &found.workload) else {
            return workload::no_target();
        };
        let before = workload::target(&scene.plan.observation);
        let words = format!("bounds {}, {}", workload::bounds(Some(target)), workload::standing(workload));
        let as_before = before.is_some_and(|before| (before.min, before.max) == (target.min, target.max));
        let (effect, stage) = match (self.holds(target), as_before) {
            (true, _) => (Effect::Shows, Stage::Steady),
            (false, true) => (Effect::AsBefore, Stage::Elsewhere("the bounds are as before".to_owned())),
            _ => (Effect::Unclear, Stage::Elsewhere(format!("the bounds are {}", workload::bounds(Some(target))))),
        };
        Sight { words, effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        format!("bounds {}, {}", workload::bounds(workload::target(found)), workload::observed(found))
    }

    fn objection(&self, config: &Config) -> Option<Objection> {
        let service = config.service(&self.service)?;
        let caps = service.caps;
        if service.ecs.is_none() {
            let reason = format!("{} is not run by ECS and has no scaling target", self.service);
            return Some(Objection { argument: None, reason, hint: None });
        }
        let beyond = |argument, value: u32| Objection {
            argument: Some(argument),
            reason: format!("{value} is beyond the caps of {}", self.service),
            hint: Some(format!("allowed: {} to {}", caps.min_desired, caps.max_desired)),
        };
        match () {
            () if self.min < caps.min_desired => Some(beyond("min", self.min)),
            () if self.max > caps.max_desired => Some(beyond("max", self.max)),
            () => None,
        }
    }
}
