//! Tasks that stopped, and the images that running ones really run.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Task};

use super::super::decode::last_part;
use super::{Api, decode};
use crate::config::EcsService;
use crate::source::{RunningImage, SourceError, StoppedTask};
use crate::text::Text;

/// Tasks that are listed and described, one call each.
const TASKS: i32 = 100;

/// Tasks that stopped, the newest first. ECS tells of them for about an hour.
pub(super) async fn stopped(api: &Api, ecs: &EcsService) -> Result<Vec<StoppedTask>, SourceError> {
    let mut stopped: Vec<StoppedTask> =
        tasks(api, ecs, DesiredStatus::Stopped).await?.iter().map(decode::stopped).collect();
    stopped.sort_by_key(|task| std::cmp::Reverse(task.stopped));
    Ok(stopped)
}

/// The images that up to a hundred running tasks run, by digest.
pub(super) async fn running(api: &Api, ecs: &EcsService) -> Result<Vec<RunningImage>, SourceError> {
    let mut counted: BTreeMap<(String, String, String), u32> = BTreeMap::new();
    for task in tasks(api, ecs, DesiredStatus::Running).await? {
        let revision = last_part(task.task_definition_arn().unwrap_or_default()).to_owned();
        for container in task.containers() {
            let (Some(name), Some(digest)) = (container.name(), container.image_digest()) else { continue };
            *counted.entry((revision.clone(), name.to_owned(), digest.to_owned())).or_default() += 1;
        }
    }
    let image = |((revision, container, digest), tasks): ((String, String, String), u32)| RunningImage {
        task_definition: Text::clean(&revision),
        container: Text::clean(&container),
        digest: Text::clean(&digest),
        tasks,
    };
    Ok(counted.into_iter().map(image).collect())
}

async fn tasks(api: &Api, ecs: &EcsService, status: DesiredStatus) -> Result<Vec<Task>, SourceError> {
    let listing = api.client.list_tasks().cluster(&ecs.cluster).service_name(&ecs.service);
    let sent = listing.desired_status(status).max_results(TASKS).send().await;
    let listed = sent.map_err(|error| api.asked("ecs:ListTasks").failed(&error))?;
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let asking = api.client.describe_tasks().cluster(&ecs.cluster);
    let sent = asking.set_tasks(Some(listed.task_arns().to_vec())).send().await;
    let described = sent.map_err(|error| api.asked("ecs:DescribeTasks").failed(&error))?;
    Ok(described.tasks().to_vec())
}
