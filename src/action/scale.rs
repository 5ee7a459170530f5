//! `scale`: set the desired count of an ECS service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, Objection, PlanFailure, Scene,
    Sight, Stage, Step, Undo, workload,
};
use crate::config::{Config, EcsService, Service};
use crate::source::{Look, Name, Observation, Scaling, Workload};

/// Set the desired count of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// The service.
    pub service: Name,
    /// Tasks wanted.
    pub desired: u32,
}

impl Scale {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "scale",
        summary: "set the desired count of an ECS service",
        arguments: &[ArgumentSpec {
            name: "desired",
            summary: "tasks wanted: a whole number, within the scaling target's min and max",
        }],
        targets: workload::targets,
        parse,
    };

    fn nothing_to_do(&self, running: u32) -> PlanFailure {
        let Self { service, desired } = self;
        let reason =
            format!("nothing would change: the desired count of `{service}` is {desired} already ({running} running)");
        PlanFailure::new(&reason, "choose another count, or wait for the tasks that are starting")
    }

    fn step(&self, ecs: &EcsService) -> Step {
        let EcsService { cluster, service, place } = ecs.clone();
        let summary = format!("set the desired count of {cluster}/{service} to {}", self.desired);
        Step::new(summary, Call::EcsSetDesiredCount { cluster, service, desired: self.desired, place })
    }

    /// The first line is the change; the others are what to know of it.
    fn changes(&self, workload: &Workload, scaling: &Scaling, service: &Service) -> Vec<Change> {
        let after = self.desired.to_string();
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let alone = if workload::takes_back(scaling) { " (scales in)" } else { "" };
        vec![
            Change::new("desired count", &workload.desired.to_string(), &after),
            Change::new("running tasks", &workload.running.to_string(), &after),
            same("scaling bounds", &format!("{}{alone}", workload::bounds(scaling.target))),
            same("caps", &format!("{}–{}", service.caps.min_desired, service.caps.max_desired)),
            same("healthy floor", &service.caps.healthy_floor.to_string()),
        ]
    }

    /// Extra tasks stay a debt where nobody but a person takes them away.
    fn debt(&self, workload: &Workload, scaling: &Scaling) -> Option<DebtChange> {
        let (before, after) = (workload.desired, self.desired);
        let stays = after < before || !workload::takes_back(scaling);
        stays.then_some(DebtChange::Capacity { before, after })
    }

    fn effect(&self, before: Option<u32>, found: u32) -> Effect {
        match found {
            found if found == self.desired => Effect::Shows,
            found if Some(found) == before => Effect::AsBefore,
            _ => Effect::Unclear,
        }
    }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `scale SERVICE desired=N`, N a whole number";
    let [(key, value)] = arguments else {
        return Err(PlanFailure::new("scale takes exactly one argument, desired", hint));
    };
    if key != "desired" {
        return Err(PlanFailure::new(&format!("scale has no argument `{key}`"), hint));
    }
    let desired = value.parse().map_err(|_| PlanFailure::new(&format!("`{value}` is not a count of tasks"), hint))?;
    Ok(Action::Scale(Scale { service: target.clone(), desired }))
}

impl Act for Scale {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("desired", self.desired.to_string())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn look_back(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look_back(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, scaling) = workload::read(found)?;
        let before = workload.desired;
        if before == self.desired {
            return Err(self.nothing_to_do(workload.running));
        }
        let service = workload::service(&self.service, config)?;
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes: self.changes(workload, scaling, service),
            steps: vec![self.step(ecs)],
            undo: Undo::Action { action: Action::Scale(Self { desired: before, ..self.clone() }) },
            debt: self.debt(workload, scaling),
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        workload::facts(found)
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let Some(workload) = &found.workload else { return workload::unseen() };
        let before = scene.plan.observation.workload.as_ref();
        let rollout = before.and_then(workload::primary);
        let stage = if workload.desired == self.desired && workload::is_steady(workload, rollout) {
            Stage::Steady
        } else if let Some(reason) = workload::failure(workload, rollout) {
            Stage::Failed(reason)
        } else if workload.desired == self.desired {
            Stage::Moving
        } else {
            let (found, wanted) = (workload.desired, self.desired);
            Stage::Elsewhere(format!(
                "the desired count is {found}, no longer {wanted}: someone else or autoscaling moved it"
            ))
        };
        let effect = self.effect(before.map(|before| before.desired), workload.desired);
        Sight { words: workload::standing(workload), effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }

    fn objection(&self, config: &Config) -> Option<Objection> {
        let service = config.service(&self.service)?;
        let caps = service.caps;
        if service.ecs.is_none() {
            let reason = format!("{} is not run by ECS and can't be scaled", self.service);
            return Some(Objection { argument: None, reason, hint: None });
        }
        let within = (caps.min_desired..=caps.max_desired).contains(&self.desired);
        (!within).then(|| Objection {
            argument: Some("desired"),
            reason: format!("{} is beyond the caps of {}", self.desired, self.service),
            hint: Some(format!("allowed: {} to {}", caps.min_desired, caps.max_desired)),
        })
    }
}
