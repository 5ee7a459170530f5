//! Mutating calls to ECS.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>

use aws_config::SdkConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::types::{Deployment, Service, StopServiceDeploymentStopType as StopType, Task};

use super::ecs_revision::{Copied, register};
use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// Sends one call of ECS, once.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let client = Client::new(config);
    match call {
        Call::EcsSetDesiredCount { cluster, service, desired, .. } => {
            let most = |_| not_sent(&format!("{desired} is too large for the API"));
            let desired = i32::try_from(*desired).map_err(most)?;
            let request = client.update_service().cluster(cluster).service(service).desired_count(desired);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            counted(&output, desired)
        }
        Call::EcsForceNewDeployment { cluster, service, .. } => {
            let request = client.update_service().cluster(cluster).service(service).force_new_deployment(true);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            new_deployment(&output)
        }
        Call::EcsRegisterRevision { base, container, image, .. } => {
            register(&client, Copied { base, container, image }, permit).await
        }
        Call::EcsDeployRevision { cluster, service, revision, .. } => {
            let revision = revision.as_deref().ok_or_else(|| not_sent("the revision is not known"))?;
            let request = client.update_service().cluster(cluster).service(service).task_definition(revision);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            rolled_out(&output, revision)
        }
        Call::EcsStopServiceDeployment { deployment, rollback, .. } => {
            let kind = if *rollback { StopType::Rollback } else { StopType::Abort };
            let request = client.stop_service_deployment().service_deployment_arn(deployment).stop_type(kind);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            stopping(output.service_deployment_arn(), deployment)
        }
        Call::EcsStopTask { cluster, task, .. } => {
            let request = client.stop_task().cluster(cluster).task(task).reason(REASON);
            permit.last_look()?;
            let output = request.send().await.map_err(|error| classify(&error))?;
            stopped(output.task().and_then(Task::task_arn), task)
        }
        other => Err(not_sent(&format!("ECS has no {other}"))),
    }
}

/// Why a task was stopped, as ECS keeps it.
const REASON: &str = "stopped by an operator with Quarterdeck";

/// The primary deployment, which must be of that revision.
fn rolled_out(output: &UpdateServiceOutput, revision: &str) -> Result<Receipt, ApplyError> {
    let found = output.service().and_then(Service::task_definition).map(last_part);
    match found {
        Some(found) if found == revision => new_deployment(output),
        found => Err(untold(&format!("the revision {}", found.unwrap_or("(none)")))),
    }
}

/// The deployment that is being stopped, which must be the one that was named.
fn stopping(answered: Option<&str>, deployment: &str) -> Result<Receipt, ApplyError> {
    match answered {
        Some(arn) if arn == deployment => Ok(Receipt::from(format!("stopping {}", last_part(arn)))),
        other => Err(untold(&format!("the deployment {}", other.unwrap_or("(none)")))),
    }
}

/// The task that is being stopped, which must be the one that was named.
fn stopped(answered: Option<&str>, task: &str) -> Result<Receipt, ApplyError> {
    match answered {
        Some(arn) if last_part(arn) == task => Ok(Receipt::from(format!("stopping the task {task}"))),
        other => Err(untold(&format!("the task {}", other.unwrap_or("(none)")))),
    }
}

/// What stands behind the last slash of an ARN.
fn last_part(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, last)| last)
}

/// What was answered; an answer that doesn't describe the service as wanted tells nothing.
fn counted(output: &UpdateServiceOutput, desired: i32) -> Result<Receipt, ApplyError> {
    let count = output.service().map(Service::desired_count);
    if count != Some(desired) {
        let said = count.map_or("no service".to_owned(), |count| format!("desired count {count}"));
        return Err(untold(&said));
    }
    let status = output.service().and_then(Service::status).unwrap_or("no status");
    Ok(Receipt::from(format!("{status}, desired count {desired}")))
}

/// The new primary deployment; an answer without one tells nothing.
fn new_deployment(output: &UpdateServiceOutput) -> Result<Receipt, ApplyError> {
    let deployments = output.service().map(Service::deployments).unwrap_or_default();
    let primary = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let id = primary.and_then(Deployment::id).ok_or_else(|| untold("no deployment"))?;
    Ok(Receipt { said: Text::clean(&format!("deployment {id}")), made: Some(id.to_owned()) })
}
