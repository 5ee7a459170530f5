//! ECS's shapes as ours.

use aws_sdk_ecs::types::{
    Cluster as EcsCluster, Deployment as EcsDeployment, DeploymentRolloutState, Service, ServiceEvent, Task as EcsTask,
};

use super::decode::{last_part, text, timestamp};
use crate::source::{Cluster, Deployment, Rollout, Task, Workload, WorkloadEvent};
use crate::text::Text;

/// Events that are kept; the API gives the newest hundred.
const EVENTS: usize = 20;

/// Whether this is the service of that name (or ARN).
pub(super) fn is_called(service: &Service, name: &str) -> bool {
    service.service_name() == Some(name) || service.service_arn() == Some(name)
}

/// A service without its tasks. Refuses an answer that lacks what every real one has: counts are plain numbers in the
/// SDK's type, and a cut answer would read as zero tasks.
pub(super) fn workload(service: &Service) -> Result<Workload, String> {
    let (Some(arn), Some(status)) = (service.service_arn(), service.status()) else {
        return Err(format!("the answer about {} lacks its ARN or status", service.service_name().unwrap_or("?")));
    };
    let mut deployments = service.deployments().iter().map(deployment).collect::<Result<Vec<_>, _>>()?;
    deployments.sort_by_key(|deployment| deployment.status.as_str() != "PRIMARY");
    let mut events: Vec<_> = service.events().iter().filter_map(event).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events.truncate(EVENTS);
    Ok(Workload {
        arn: Text::clean(arn),
        status: Text::clean(status),
        desired: count("desiredCount", service.desired_count())?,
        running: count("runningCount", service.running_count())?,
        pending: count("pendingCount", service.pending_count())?,
        task_definition: revision(service.task_definition()),
        deployments,
        events,
        tasks: Vec::new(),
        cluster: None,
        traffic_owner: traffic_owner(service),
    })
}

/// What shifts the traffic of its deployments: another controller than ECS's own, or another strategy than the rolling one.
fn traffic_owner(service: &Service) -> Option<Text> {
    let controller = service.deployment_controller().map(|controller| controller.r#type().as_str());
    let strategy = service.deployment_configuration().and_then(|configuration| configuration.strategy());
    let strategy = strategy.map(|strategy| strategy.as_str()).filter(|strategy| *strategy != "ROLLING");
    controller.filter(|controller| *controller != "ECS").or(strategy).map(Text::clean)
}

/// A cluster; `None` where the answer lacks what every real one has.
pub(super) fn cluster(cluster: &EcsCluster) -> Option<Cluster> {
    Some(Cluster {
        name: Text::clean(cluster.cluster_name()?),
        status: Text::clean(cluster.status()?),
        running: u32::try_from(cluster.running_tasks_count()).ok()?,
        pending: u32::try_from(cluster.pending_tasks_count()).ok()?,
        services: u32::try_from(cluster.active_services_count()).ok()?,
        instances: u32::try_from(cluster.registered_container_instances_count()).ok()?,
    })
}

/// A task.
pub(super) fn task(task: &EcsTask) -> Task {
    Task {
        id: Text::clean(last_part(task.task_arn().unwrap_or_default())),
        last_status: text(task.last_status()),
        health: text(task.health_status().map(|health| health.as_str())),
        task_definition: revision(task.task_definition_arn()),
        started: task.started_at().and_then(timestamp),
    }
}

fn deployment(deployment: &EcsDeployment) -> Result<Deployment, String> {
    Ok(Deployment {
        id: text(deployment.id()),
        status: text(deployment.status()),
        task_definition: revision(deployment.task_definition()),
        rollout: rollout(deployment.rollout_state()),
        reason: text(deployment.rollout_state_reason()),
        desired: count("a deployment's desiredCount", deployment.desired_count())?,
        running: count("a deployment's runningCount", deployment.running_count())?,
        pending: count("a deployment's pendingCount", deployment.pending_count())?,
        failed: count("a deployment's failedTasks", deployment.failed_tasks())?,
        created: deployment.created_at().and_then(timestamp),
        updated: deployment.updated_at().and_then(timestamp),
    })
}

fn rollout(state: Option<&DeploymentRolloutState>) -> Rollout {
    match state {
        Some(DeploymentRolloutState::Completed) => Rollout::Completed,
        Some(DeploymentRolloutState::Failed) => Rollout::Failed,
        Some(DeploymentRolloutState::InProgress) => Rollout::InProgress,
        _ => Rollout::Unknown,
    }
}

fn event(event: &ServiceEvent) -> Option<WorkloadEvent> {
    Some(WorkloadEvent { at: event.created_at().and_then(timestamp)?, message: text(event.message()) })
}

/// `family:revision` of a task definition's ARN.
fn revision(arn: Option<&str>) -> Text {
    Text::clean(last_part(arn.unwrap_or_default()))
}

fn count(what: &str, count: i32) -> Result<u32, String> {
    u32::try_from(count).map_err(|_| format!("{what} is {count}"))
}
