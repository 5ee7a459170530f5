//! Scheduled actions. They are listed for all services of a region at once: most have none, and a call a service would be one for
//! nothing. A plan asks for its own service's.

use std::sync::Arc;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScheduledAction as Listed, ServiceNamespace};
use jiff::Timestamp;

use crate::source::aws::error::Asked;
use crate::source::aws::scaling_decode;
use crate::source::{ScheduledAction, SourceError};
use crate::text::Text;

/// Scheduled actions in one call, the API's limit.
const A_CALL: i32 = 50;

/// Pages that are read.
const PAGES: usize = 10;

/// What was listed, and whether that is all.
#[derive(Debug, Clone, Default)]
pub(super) struct Scheduled {
    actions: Vec<Listed>,
    partial: bool,
}

/// What several services share of one listing.
pub(super) type Shared = Arc<Result<Scheduled, SourceError>>;

/// Lists the scheduled actions of one resource, or of all ECS services of the region.
pub(super) async fn list(client: &Client, asked: Asked<'_>, resource: Option<&str>) -> Result<Scheduled, SourceError> {
    let mut listed = Scheduled::default();
    let mut token = None;
    for _ in 0..PAGES {
        let asking = client.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
        let asking = match resource {
            Some(resource) => {
                asking.resource_id(resource).scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            }
            None => asking,
        };
        let sent = asking.max_results(A_CALL).set_next_token(token).send().await;
        let page = sent.map_err(|error| asked.failed(&error))?;
        listed.actions.extend_from_slice(page.scheduled_actions());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(listed);
        }
    }
    listed.partial = true;
    Ok(listed)
}

/// Those of one resource, the next one first; and a word about what is missing of them. Only those that name the resource are
/// taken, whatever came.
pub(super) fn of(shared: &Shared, resource: &str, now: Timestamp) -> (Vec<ScheduledAction>, Option<Text>) {
    let listed = match shared.as_ref() {
        Ok(listed) => listed,
        Err(error) => return (Vec::new(), Some(Text::clean(&error.to_string()))),
    };
    let of_this = listed.actions.iter().filter(|action| {
        action.resource_id() == resource
            && action.scalable_dimension().is_none_or(|d| *d == ScalableDimension::EcsServiceDesiredCount)
    });
    let mut actions: Vec<ScheduledAction> = of_this.map(|action| scaling_decode::scheduled(action, now)).collect();
    actions.sort_by_key(|action| (action.next.at().is_none(), action.next.at(), action.name.clone()));
    let read = listed.actions.len();
    let words = format!("application-autoscaling:DescribeScheduledActions: only the first {read} are read");
    (actions, listed.partial.then(|| Text::clean(&words)))
}
