//! Everything that a plan for an ECS service rests on, fresh, in one go.

use std::time::Duration;

use super::{Connections, cloudwatch, ecs, identity, scaling};
use crate::clock::Now;
use crate::config::{Config, EcsService};
use crate::source::{Name, Observation, SourceError, SourceErrorKind};

/// The longest that an observation may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// Reads identity, workload with its tasks, and scaling of one service, all at the same time. All or an error that names
/// the part which could not be read: what is not known is never taken for fine. The alarms that fire are the exception:
/// they are `None` where they could not be read, for the guards to judge. They are CloudWatch's only.
///
/// Used for planning, and again by the executor immediately before each mutating call.
pub async fn observe(
    connections: &Connections,
    config: &Config,
    service: &Name,
    now: Now,
) -> Result<Observation, SourceError> {
    let ecs = placed(config, service)?;
    let connection = connections.exactly(ecs.place.as_ref()).ok_or_else(|| no_place(ecs))?;
    let (who, workload, scaling, firing) = tokio::join!(
        within("sts", async { identity::Reader::new(connection, DEADLINE).await.identity(connection).await }),
        within("ecs", async { ecs::Reader::new(connection, DEADLINE).await.workload(ecs).await }),
        within("autoscaling", async { scaling::Reader::new(connection, DEADLINE).await.scaling(ecs, now.wall).await }),
        within("cloudwatch", async {
            cloudwatch::firing(connection, (config, ecs.place.as_ref()), service, DEADLINE).await
        }),
    );
    Ok(Observation { taken: now.wall, identity: who?, workload: workload?, scaling: scaling?, firing: firing.ok() })
}

/// A part of the observation, which may take several calls, in time or not at all.
async fn within<T>(source: &str, part: impl Future<Output = Result<T, SourceError>>) -> Result<T, SourceError> {
    tokio::time::timeout(DEADLINE, part).await.unwrap_or_else(|_| {
        let reason = format!("observing took longer than {} s", DEADLINE.as_secs());
        Err(SourceError::new(&Name::from(source), SourceErrorKind::Timeout, &reason))
    })
}

/// Never the connection of another place: what is seen there would be of another service of the same name.
fn no_place(ecs: &EcsService) -> SourceError {
    let place = ecs.place.as_ref().map_or("[aws]", Name::as_str);
    let reason = format!("the configuration has no place {place}, where {} runs", ecs.service);
    SourceError::new(&Name::from("aws"), SourceErrorKind::Missing, &reason)
}

fn placed<'a>(config: &'a Config, service: &Name) -> Result<&'a EcsService, SourceError> {
    let found = config.service(service).and_then(|service| service.ecs.as_ref());
    found.ok_or_else(|| {
        let reason = format!("the configuration names no ECS service for {service}");
        SourceError::new(&Name::from("ecs"), SourceErrorKind::Missing, &reason)
    })
}
