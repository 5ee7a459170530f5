//! What a revision is made of besides its images, as one short text: equal where nothing else differs.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use aws_sdk_ecs::types::{ContainerDefinition, DockerVolumeConfiguration, KeyValuePair, TaskDefinition, Volume};
use sha2::{Digest, Sha256};

use crate::text::Text;

/// SHA-256, hex, of all that can be registered of a revision but its images. What ECS adds by itself is left out.
pub(super) fn content(definition: &TaskDefinition) -> Text {
    let mut words = String::new();
    let mut rest = registrable(definition);
    for container in rest.container_definitions.take().unwrap_or_default() {
        container_words(&mut words, container);
    }
    for volume in rest.volumes.take().unwrap_or_default() {
        volume_words(&mut words, volume);
    }
    add(&mut words, &rest);
    let digest = Sha256::digest(words.as_bytes());
    Text::clean(&digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String can't fail
        hex
    }))
}

fn registrable(definition: &TaskDefinition) -> TaskDefinition {
    let mut rest = definition.clone();
    rest.task_definition_arn = None;
    rest.revision = 0;
    rest.status = None;
    rest.requires_attributes = None;
    rest.compatibilities = None;
    rest.registered_at = None;
    rest.registered_by = None;
    rest.deregistered_at = None;
    rest.delete_requested_at = None;
    rest
}

/// A container but its image. The SDK's text leaves out what it takes for sensitive, and its maps have no order.
fn container_words(words: &mut String, mut container: ContainerDefinition) {
    container.image = None;
    let variables = container.environment.take().unwrap_or_default();
    let variable = |pair: &KeyValuePair| (pair.name().map(str::to_owned), pair.value().map(str::to_owned));
    let mut variables: Vec<_> = variables.iter().map(variable).collect();
    variables.sort(); // their order means nothing, and ECS does not keep it
    add(words, &variables);
    let credentials = container.repository_credentials.take();
    add(words, &credentials.map(|credentials| credentials.credentials_parameter));
    add_map(words, container.docker_labels.take());
    add_map(words, container.log_configuration.as_mut().and_then(|log| log.options.take()));
    add_map(words, container.firelens_configuration.as_mut().and_then(|firelens| firelens.options.take()));
    add(words, &container);
}

fn volume_words(words: &mut String, mut volume: Volume) {
    let maps = |docker: &mut DockerVolumeConfiguration| [docker.driver_opts.take(), docker.labels.take()];
    for map in volume.docker_volume_configuration.as_mut().map(maps).into_iter().flatten() {
        add_map(words, map);
    }
    add(words, &volume);
}

fn add_map(words: &mut String, map: Option<HashMap<String, String>>) {
    add(words, &map.map(BTreeMap::from_iter));
}

fn add(words: &mut String, part: &impl std::fmt::Debug) {
    let _ = writeln!(words, "{part:?}"); // writing to a String can't fail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(image: &str, secret: &str, labels: [(&str, &str); 2]) -> TaskDefinition {
        let variable = KeyValuePair::builder().name("TOKEN").value(secret).build();
        let container = ContainerDefinition::builder().name("app").image(image).environment(variable);
        let container = container.docker_labels(labels[0].0, labels[0].1).docker_labels(labels[1].0, labels[1].1);
        TaskDefinition::builder().family("app").container_definitions(container.build()).build()
    }

    #[test]
    fn only_the_images_and_what_ecs_adds_make_no_difference() {
        let labels = [("a", "1"), ("b", "2")];
        let one = content(&definition("app:1", "s", labels));
        let mut other = definition("app:2", "s", [("b", "2"), ("a", "1")]);
        (other.revision, other.registered_by) = (9, Some("ci".to_owned()));
        assert_eq!(one, content(&other));
        assert_ne!(one, content(&definition("app:1", "other", labels)), "a variable's value counts");
        assert_ne!(one, content(&definition("app:1", "s", [("a", "1"), ("b", "3")])));
        assert!(!one.contains("TOKEN") && one.len() == 64);
    }
}
