//! `stop_deployment`: ends the deployment that is in flight, with or without a rollback.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deploy::{Deploy, Wanted};
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, Effect, PlanFailure, Scene, Sight, Stage, Step, Undo,
    rollout, workload,
};
use crate::config::{Config, EcsService};
use crate::source::{Look, Name, Observation, Releases, ServiceDeployment, Workload};

/// Stop the deployment of a service that is in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopDeployment {
    /// The service.
    pub service: Name,
    /// Whether it is rolled back; else it is left as it stands.
    pub rollback: bool,
}

const HINT: &str = "write `stop_deployment SERVICE`, or with `rollback=false` to leave it as it stands";

impl StopDeployment {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "stop_deployment",
        summary: "stop the deployment of an ECS service that is in flight",
        arguments: &[ArgumentSpec {
            name: "rollback",
            summary: "true (also when left out): back to the revision before; false: left as it stands",
        }],
        targets: workload::targets,
        parse,
    };

    fn words(&self, workload: &Workload, moving: &ServiceDeployment) -> String {
        let before = workload.deployments.iter().map(|one| one.task_definition.as_str());
        let before = before.into_iter().find(|old| moving.task_definition.as_deref() != Some(*old));
        match (self.rollback, before) {
            (true, Some(before)) => format!("rolled back to {before}"),
            (true, None) => "rolled back to the revision before".to_owned(),
            (false, _) => "stopped where it stands: tasks of both revisions may go on running".to_owned(),
        }
    }
}

/// The deployment that is in flight and that nobody ended yet.
fn moving(releases: &Releases) -> Option<&ServiceDeployment> {
    releases.deployments.iter().find(|one| matches!(one.status.as_str(), "PENDING" | "IN_PROGRESS"))
}

/// Why there is none.
fn none(releases: &Releases) -> PlanFailure {
    let ended = |one: &&ServiceDeployment| {
        matches!(one.status.as_str(), "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS")
    };
    if let Some(unread) = releases.deployments_unread() {
        let hint = "try again; where access is denied, allow ecs:ListServiceDeployments to the credentials that read";
        return PlanFailure::unread(&format!("it is not known what is in flight: {unread}"), hint);
    }
    match releases.deployments.iter().find(ended) {
        Some(one) => PlanFailure::new(
            &format!("the deployment {} is {}: it is ended already", one.id, one.status),
            "wait for it to be done",
        ),
        None => PlanFailure::new("no deployment is in flight", "there is nothing to stop; `roll_back` changes back"),
    }
}

/// `arn:…:service/CLUSTER/SERVICE` and an identifier make `arn:…:service-deployment/CLUSTER/SERVICE/ID`.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>
fn arn(service: &str, id: &str) -> Result<String, PlanFailure> {
    let parts = service.split_once(":service/").filter(|(_, path)| path.contains('/'));
    let (prefix, path) = parts.ok_or_else(|| {
        PlanFailure::new(&format!("the ARN {service} doesn't name its cluster"), "opt in to ECS's long ARNs")
    })?;
    Ok(format!("{prefix}:service-deployment/{path}/{id}"))
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let rollback = match arguments {
        [] => true,
        [(key, value)] if key == "rollback" => value
            .parse()
            .map_err(|_| PlanFailure::new(&format!("rollback is `true` or `false`, not `{value}`"), HINT))?,
        [(key, _)] => return Err(PlanFailure::new(&format!("stop_deployment has no argument `{key}`"), HINT)),
        _ => return Err(PlanFailure::new("stop_deployment takes one argument at most, rollback", HINT)),
    };
    Ok(Action::StopDeployment(StopDeployment { service: target.clone(), rollback }))
}

impl Act for StopDeployment {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("rollback", self.rollback.to_string())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        rollout::look(&self.service, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let EcsService { cluster, service, place } = workload::ecs(&self.service, config)?.clone();
        let (workload, releases) = rollout::read(found)?;
        let moving = moving(releases).ok_or_else(|| none(releases))?;
        let brings = moving.task_definition.as_ref().map_or("not known".to_owned(), ToString::to_string);
        let deployment = arn(workload.arn.as_str(), moving.id.as_str())?;
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let number = rollout::family(&brings).1;
        let again = Deploy { service: self.service.clone(), wanted: Wanted::Revision(number), container: None };
        let undo = match number {
            0 => Undo::Impossible { reason: "it is not known which revision the deployment brings".to_owned() },
            _ => Undo::Action { action: Action::Deploy(again) },
        };
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes: vec![
                Change::new(
                    &format!("deployment {}", moving.id),
                    &format!("{} to {brings}", moving.status),
                    &self.words(workload, moving),
                ),
                same("running tasks", &workload.running.to_string()),
                same("desired count", &workload.desired.to_string()),
            ],
            steps: vec![Step::new(
                format!("stop the deployment of {cluster}/{service} to {brings}"),
                Call::EcsStopServiceDeployment { deployment, rollback: self.rollback, place },
            )],
            undo,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = workload::facts(found);
        let moving = found.releases.as_ref().and_then(moving);
        let words = moving.map_or("none".to_owned(), |moving| moving.id.to_string());
        facts.insert("deployment in flight".to_owned(), words);
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let planned = scene.plan.observation.releases.as_ref().and_then(moving);
        let (Some(workload), Some(releases), Some(planned)) = (&found.workload, &found.releases, planned) else {
            return workload::unseen();
        };
        let Some(now) = releases.deployments.iter().find(|one| one.id == planned.id) else {
            let words = format!("{}, the deployment is not listed", workload::standing(workload));
            return Sight { words, effect: Effect::Unclear, stage: Stage::Moving, made: None };
        };
        let why = now.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let (effect, stage) = match now.status.as_str() {
            "PENDING" | "IN_PROGRESS" => (Effect::AsBefore, Stage::Moving),
            "SUCCESSFUL" => {
                (Effect::Unclear, Stage::Failed("the deployment was done before it could be stopped".to_owned()))
            }
            "ROLLBACK_FAILED" => (Effect::Shows, Stage::Failed(format!("the rollback failed{why}"))),
            "STOPPED" => (Effect::Shows, Stage::Steady),
            "ROLLBACK_SUCCESSFUL" if workload.running == workload.desired && workload.pending == 0 => {
                (Effect::Shows, Stage::Steady)
            }
            _ => (Effect::Shows, Stage::Moving),
        };
        let words = format!("{}, the deployment is {}", workload::standing(workload), now.status);
        Sight { words, effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }
}
