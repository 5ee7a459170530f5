//! A new revision of a task definition: a copy of another with one image changed.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{ContainerDefinition, Tag, TaskDefinition, TaskDefinitionField};

use super::error::{chain, classify, not_sent, untold};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// What is registered.
#[derive(Clone, Copy)]
pub(super) struct Copied<'a> {
    /// The revision that is copied.
    pub(super) base: &'a str,
    /// The container whose image is another one.
    pub(super) container: &'a str,
    /// That image.
    pub(super) image: &'a str,
}

/// Reads the revision that is copied, and registers the copy, once.
pub(super) async fn register(client: &Client, copied: Copied<'_>, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let (base, tags) = described(client, copied.base).await?;
    let request = request(client, base, copied)?.set_tags((!tags.is_empty()).then_some(tags));
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    registered(output.task_definition(), copied)
}

/// The revision whole, with its tags.
async fn described(client: &Client, base: &str) -> Result<(TaskDefinition, Vec<Tag>), ApplyError> {
    let asked = client.describe_task_definition().task_definition(base).include(TaskDefinitionField::Tags);
    let failed = |error: &_| not_sent(&format!("ecs:DescribeTaskDefinition of {base}: {}", chain(error)));
    let output = asked.send().await.map_err(|error| failed(&error))?;
    let tags = output.tags().to_vec();
    let definition = output.task_definition.ok_or_else(|| not_sent(&format!("the answer lacks {base}")))?;
    Ok((definition, tags))
}

/// All of the revision that can be registered.
fn request(
    client: &Client,
    base: TaskDefinition,
    copied: Copied<'_>,
) -> Result<RegisterTaskDefinitionFluentBuilder, ApplyError> {
    let mut containers = base.container_definitions.unwrap_or_default();
    let with = |one: &&mut ContainerDefinition| one.name.as_deref() == Some(copied.container);
    let container = containers.iter_mut().find(with);
    let missing = || not_sent(&format!("{} has no container {}", copied.base, copied.container));
    container.ok_or_else(missing)?.image = Some(copied.image.to_owned());
    Ok(client
        .register_task_definition()
        .set_container_definitions(Some(containers))
        .set_family(base.family)
        .set_task_role_arn(base.task_role_arn)
        .set_execution_role_arn(base.execution_role_arn)
        .set_network_mode(base.network_mode)
        .set_volumes(base.volumes)
        .set_placement_constraints(base.placement_constraints)
        .set_requires_compatibilities(base.requires_compatibilities)
        .set_cpu(base.cpu)
        .set_memory(base.memory)
        .set_pid_mode(base.pid_mode)
        .set_ipc_mode(base.ipc_mode)
        .set_proxy_configuration(base.proxy_configuration)
        .set_ephemeral_storage(base.ephemeral_storage)
        .set_runtime_platform(base.runtime_platform)
        .set_enable_fault_injection(base.enable_fault_injection))
}

/// The new revision; an answer that doesn't have the image in its place tells nothing.
fn registered(definition: Option<&TaskDefinition>, copied: Copied<'_>) -> Result<Receipt, ApplyError> {
    let definition = definition.ok_or_else(|| untold("no task definition"))?;
    let containers = definition.container_definitions();
    let container = containers.iter().find(|one| one.name() == Some(copied.container));
    let image = container.and_then(ContainerDefinition::image);
    if image != Some(copied.image) {
        return Err(untold(&format!("a revision with the image {}", image.unwrap_or("(none)"))));
    }
    let arn = definition.task_definition_arn().ok_or_else(|| untold("a revision without its ARN"))?;
    let id = arn.rsplit_once('/').map_or(arn, |(_, id)| id).to_owned();
    Ok(Receipt { said: Text::clean(&format!("registered {id}")), made: Some(id) })
}
