//! Mutating calls to ECS.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>

use aws_config::SdkConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::types::{Deployment, Service};

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
        other => Err(not_sent(&format!("ECS has no {other}"))),
    }
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
