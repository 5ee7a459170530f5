//! `stop_task`: one task of a service; ECS starts another in its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, Effect, PlanFailure, Scene, Sight, Stage, Step, Undo,
    workload,
};
use crate::config::{Config, EcsService};
use crate::source::{Look, Name, Observation, Task, Workload};

/// Stop one task of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopTask {
    /// The service.
    pub service: Name,
    /// The task's identifier.
    pub task: String,
}

const HINT: &str = "write `stop_task SERVICE task=ID`, the identifier of a task of that service";

impl StopTask {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "stop_task",
        summary: "stop one task of an ECS service; another is started in its place",
        arguments: &[ArgumentSpec { name: "task", summary: "the task's identifier, whole" }],
        targets: workload::targets,
        parse,
    };

    fn task<'a>(&self, workload: &'a Workload) -> Option<&'a Task> {
        workload.tasks.iter().find(|task| task.id.as_str() == self.task)
    }

    fn not_there(&self, workload: &Workload) -> PlanFailure {
        let known: Vec<&str> = workload.tasks.iter().map(|task| task.id.as_str()).collect();
        let reason = format!("`{}` has no task {}", self.service, self.task);
        let hint = if known.is_empty() { "no task of it was listed".to_owned() } else { known.join(", ") };
        PlanFailure::new(&reason, &format!("its tasks are: {hint}"))
    }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let [(key, value)] = arguments else {
        return Err(PlanFailure::new("stop_task takes exactly one argument, task", HINT));
    };
    if key != "task" {
        return Err(PlanFailure::new(&format!("stop_task has no argument `{key}`"), HINT));
    }
    let is_id = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match is_id {
        true => Ok(Action::StopTask(StopTask { service: target.clone(), task: value.clone() })),
        false => Err(PlanFailure::new(&format!("`{value}` is not the identifier of a task"), HINT)),
    }
}

impl Act for StopTask {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("task", self.task.clone())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        workload::look(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let EcsService { cluster, place, .. } = workload::ecs(&self.service, config)?.clone();
        let (workload, _) = workload::read(found)?;
        let task = self.task(workload).ok_or_else(|| self.not_there(workload))?;
        let floor = workload::service(&self.service, config)?.caps.healthy_floor.to_string();
        let same = |what: &str, value: &str| Change::new(what, value, value);
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes: vec![
                Change::new(
                    &format!("task {}", self.task),
                    &format!("{} {}", task.last_status, task.health),
                    "stopped",
                ),
                same("its revision", task.task_definition.as_str()),
                same("desired count", &workload.desired.to_string()),
                same("healthy floor", &floor),
            ],
            steps: vec![Step::new(
                format!("stop the task {} of {}", self.task, self.service),
                Call::EcsStopTask { cluster, task: self.task.clone(), place },
            )],
            undo: Undo::Impossible { reason: "a task that stopped stays so; ECS starts another in its place".into() },
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = workload::facts(found);
        let there = found.workload.as_ref().is_some_and(|workload| self.task(workload).is_some());
        facts.insert("task".to_owned(), if there { "there" } else { "gone" }.to_owned());
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let before = scene.plan.observation.workload.as_ref();
        let Some(workload) = &found.workload else { return workload::unseen() };
        let there = self.task(workload).filter(|task| task.last_status.as_str() != "STOPPED");
        let rollout = before.and_then(workload::primary);
        let failure = workload::failure(workload, rollout);
        let stage = match (there, failure) {
            (_, Some(reason)) => Stage::Failed(reason),
            (None, None) if workload::is_steady(workload, rollout) => Stage::Steady,
            _ => Stage::Moving,
        };
        let task = there.map_or("gone".to_owned(), |task| task.last_status.to_string());
        let effect = match there {
            None => Effect::Shows,
            // Its containers are being told: nobody else does that to a task which was running when the plan was made.
            Some(task) if matches!(task.last_status.as_str(), "DEACTIVATING" | "STOPPING" | "DEPROVISIONING") => {
                Effect::Shows
            }
            Some(_) => Effect::AsBefore,
        };
        Sight { words: format!("{}, the task is {task}", workload::standing(workload)), effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }
}
