//! `restart`: a new deployment of the revision that runs, so that every task is replaced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Act, Action, ActionSpec, Call, Change, Draft, Effect, PlanFailure, Scene, Sight, Stage, Step, Undo, workload,
};
use crate::config::{Config, EcsService};
use crate::source::{Look, Name, Observation, Workload};

/// Replace every task of a service by one of the same revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// The service.
    pub service: Name,
}

impl Restart {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "restart",
        summary: "replace every task of an ECS service by one of the same revision",
        arguments: &[],
        targets: workload::targets,
        parse,
    };
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    match arguments {
        [] => Ok(Action::Restart(Restart { service: target.clone() })),
        [(key, _), ..] => Err(PlanFailure::new(&format!("restart has no argument `{key}`"), "write `restart SERVICE`")),
    }
}

impl Act for Restart {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn look_back(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look_back(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let EcsService { cluster, service, place } = workload::ecs(&self.service, config)?.clone();
        let (workload, _) = workload::read(found)?;
        let revision = &workload.task_definition;
        let same = |what: &str, value: String| Change::new(what, &value, &value);
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes: vec![
                Change::new("deployment", &deployment(workload), "a new one"),
                same("revision", revision.to_string()),
                same("desired count", workload.desired.to_string()),
            ],
            steps: vec![Step::new(
                format!("replace every task of {cluster}/{service} by one of {revision}"),
                Call::EcsForceNewDeployment { cluster, service, place },
            )],
            undo: Undo::Impossible {
                reason: "the same revision runs afterwards; there is nothing to take back".into(),
            },
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        workload::facts(found)
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let before = scene.plan.observation.workload.as_ref();
        let (Some(workload), Some(before)) = (&found.workload, before) else { return workload::unseen() };
        let replaced = deployment(workload) != deployment(before);
        let effect = if replaced { Effect::Shows } else { Effect::AsBefore };
        let failure = workload::failure(workload, None).filter(|_| replaced);
        let stage = match failure {
            Some(reason) => Stage::Failed(reason),
            None if replaced && workload::is_steady(workload, workload::primary(before)) => Stage::Steady,
            None => Stage::Moving,
        };
        let words = format!("{}, deployment {}", workload::standing(workload), deployment(workload));
        Sight { words, effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }
}

/// The identifier of the primary deployment.
fn deployment(workload: &Workload) -> String {
    workload.deployments.first().map_or("none".to_owned(), |deployment| deployment.id.to_string())
}
