//! ECS's shapes of releases as ours.

use aws_sdk_ecs::types::{
    Container, Service, ServiceDeployment as Described, ServiceDeploymentBrief, Task, TaskDefinition,
};

use super::super::decode::{last_part, text, timestamp};
use super::content::content;
use super::needs::needs;
use crate::source::{Image, Registered, Revision, Safety, ServiceDeployment, StoppedContainer, StoppedTask};
use crate::text::Text;

/// ARNs of the task definitions that a service runs or rolls out to, its own first.
pub(super) fn in_use(service: &Service) -> Vec<String> {
    let deployed = service.deployments().iter().filter_map(|deployment| deployment.task_definition());
    let mut arns: Vec<String> = service.task_definition().into_iter().chain(deployed).map(str::to_owned).collect();
    let mut seen = std::collections::HashSet::new();
    arns.retain(|arn| seen.insert(arn.clone()));
    arns
}

/// The family of a task definition's ARN, and its revision; 0 where there is none.
pub(super) fn family(arn: &str) -> (&str, u64) {
    let (family, revision) = last_part(arn).rsplit_once(':').unwrap_or((last_part(arn), ""));
    (family, revision.parse().unwrap_or(0))
}

/// A revision, its images not asked for yet; `None` where the answer lacks what every real one has.
pub(super) fn revision(definition: &TaskDefinition) -> Option<Revision> {
    let image = |container: &aws_sdk_ecs::types::ContainerDefinition| Image {
        container: text(container.name()),
        reference: text(container.image()),
        registry: Registered::NotAsked,
    };
    Some(Revision {
        id: Text::clean(last_part(definition.task_definition_arn()?)),
        status: text(definition.status().map(|status| status.as_str())),
        registered: definition.registered_at().and_then(timestamp),
        registered_by: definition.registered_by().map(Text::clean),
        images: definition.container_definitions().iter().map(image).collect(),
        content: Some(content(definition)),
        needs: needs(definition),
    })
}

/// How the service's rollouts are watched; `None` where the answer has no deployment configuration.
pub(super) fn safety(service: &Service) -> Option<Safety> {
    let configuration = service.deployment_configuration()?;
    let breaker = configuration.deployment_circuit_breaker();
    let alarms = configuration.alarms();
    Some(Safety {
        fails: breaker.is_some_and(|breaker| breaker.enable) || alarms.is_some_and(|alarms| alarms.enable),
        rolls_back: breaker.is_some_and(|breaker| breaker.enable && breaker.rollback),
    })
}

/// A deployment as the listing has it.
pub(super) fn listed(brief: &ServiceDeploymentBrief) -> ServiceDeployment {
    let status = brief.status().map_or("", |status| status.as_str());
    ServiceDeployment {
        id: Text::clean(last_part(brief.service_deployment_arn().unwrap_or_default())),
        status: Text::clean(status),
        reason: brief.status_reason().map(Text::clean),
        task_definition: None,
        created: brief.created_at().and_then(timestamp),
        started: brief.started_at().and_then(timestamp),
        finished: brief.finished_at().and_then(timestamp),
        rolled_back: status.starts_with("ROLLBACK"),
    }
}

/// Why a deployment was rolled back, where ECS says: its own words, the alarms, the circuit breaker.
pub(super) fn rollback_reason(described: &Described) -> Option<Text> {
    let told = described.rollback().and_then(|rollback| rollback.reason()).map(str::to_owned);
    let alarms = described.alarms().map(|alarms| alarms.triggered_alarm_names().join(", "));
    let alarms = alarms.filter(|names| !names.is_empty()).map(|names| format!("alarms: {names}"));
    let breaker = described.deployment_circuit_breaker().and_then(|breaker| {
        let triggered = breaker.status().is_some_and(|status| status.as_str() == "TRIGGERED");
        triggered.then(|| format!("circuit breaker: {} tasks failed", breaker.failure_count()))
    });
    let words: Vec<String> = [told, alarms, breaker].into_iter().flatten().collect();
    (!words.is_empty()).then(|| Text::clean(&words.join("; ")))
}

/// A task that stopped.
pub(super) fn stopped(task: &Task) -> StoppedTask {
    StoppedTask {
        id: Text::clean(last_part(task.task_arn().unwrap_or_default())),
        task_definition: Text::clean(last_part(task.task_definition_arn().unwrap_or_default())),
        stopped: task.stopped_at().or(task.stopping_at()).and_then(timestamp),
        code: text(task.stop_code().map(|code| code.as_str())),
        reason: text(task.stopped_reason()),
        containers: task.containers().iter().map(container).collect(),
    }
}

fn container(container: &Container) -> StoppedContainer {
    StoppedContainer {
        name: text(container.name()),
        exit_code: container.exit_code(),
        reason: container.reason().map(Text::clean),
    }
}
