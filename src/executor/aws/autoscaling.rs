//! Mutating calls to Application Auto Scaling: a registered target's bounds and what of it is suspended.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>

use aws_config::SdkConfig;
use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetFluentBuilder;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};

use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::executor::target::{ApplyError, Permit, Receipt};

/// Sends one call of Application Auto Scaling, once. What it does not name stays as it is.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let request = request(&Client::new(config), call)?;
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    let arn = output.scalable_target_arn().ok_or_else(|| untold("no scalable target"))?;
    Ok(Receipt::from(format!("registered {arn}")))
}

fn request(client: &Client, call: &Call) -> Result<RegisterScalableTargetFluentBuilder, ApplyError> {
    match call {
        Call::ScalingSetBounds { cluster, service, min, max, .. } => {
            let (min, max) = (count(*min)?, count(*max)?);
            Ok(of(client, cluster, service).min_capacity(min).max_capacity(max))
        }
        Call::ScalingSetSuspended { cluster, service, inward, outward, scheduled, .. } => {
            let state = SuspendedState::builder()
                .dynamic_scaling_in_suspended(*inward)
                .dynamic_scaling_out_suspended(*outward)
                .scheduled_scaling_suspended(*scheduled);
            Ok(of(client, cluster, service).suspended_state(state.build()))
        }
        other => Err(not_sent(&format!("Application Auto Scaling has no {other}"))),
    }
}

fn of(client: &Client, cluster: &str, service: &str) -> RegisterScalableTargetFluentBuilder {
    client
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(format!("service/{cluster}/{service}"))
}

fn count(count: u32) -> Result<i32, ApplyError> {
    i32::try_from(count).map_err(|_| not_sent(&format!("{count} is too large for the API")))
}
