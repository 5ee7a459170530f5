//! An image that a service could be given: whether it exists in the registry that the service's image is of.

use std::time::Duration;

use super::super::connect::Connection;
use super::super::ecs::Placed;
use super::{Reader, decode, revisions};
use crate::source::{Candidate, Name, Registered, Revision, SourceError, SourceErrorKind};
use crate::text::Text;

/// The image of a tag or digest (`sha256:…`) in the repository of the image that a container of the service has now.
pub(in crate::source::aws) async fn candidate(
    connection: &Connection,
    placed: &Placed,
    (container, version): (Option<&str>, &str),
    deadline: Duration,
) -> Result<Candidate, SourceError> {
    let reader = Reader::new(&Name::from("releases"), connection, deadline).await;
    let running = running(&reader, placed).await?;
    let Ok(image) = running.image_of(container) else {
        return Ok(Candidate { reference: Text::default(), registry: Registered::NotAsked });
    };
    let reference = image.with(version);
    let registry = reader.registry.image(&reference).await;
    Ok(Candidate { reference: Text::clean(&reference), registry })
}

/// The revision that the service runs.
async fn running(reader: &Reader, placed: &Placed) -> Result<Revision, SourceError> {
    let described = reader.described(&[placed]).await?;
    let service = described.services().first();
    let arn = service.and_then(|service| decode::in_use(service).into_iter().next());
    let missing = || {
        let reason = format!("the service {} has no task definition", placed.ecs.service);
        reader.api.asked("ecs:DescribeServices").error(SourceErrorKind::Missing, &reason)
    };
    revisions::described(&reader.api, &arn.ok_or_else(missing)?).await
}
