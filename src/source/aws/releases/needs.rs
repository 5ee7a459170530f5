//! What tasks of a definition need besides images: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>.

use aws_sdk_ecs::types::{ContainerDefinition, LogConfiguration, LogDriver, Secret, TaskDefinition};

use crate::source::{Need, NeedKind};
use crate::text::Text;

/// Roles, log groups, secrets and parameters of a definition, in that order, each once.
pub(super) fn needs(definition: &TaskDefinition) -> Vec<Need> {
    let roles = [("task role", definition.task_role_arn()), ("execution role", definition.execution_role_arn())];
    let roles = roles.into_iter().filter_map(|(what, arn)| Some(need(NeedKind::Role, what.to_owned(), arn?)));
    let containers = definition.container_definitions();
    let groups = containers.iter().filter_map(log_group);
    let secrets = containers.iter().flat_map(secrets);
    let mut all: Vec<Need> = Vec::new();
    for need in roles.chain(groups).chain(secrets) {
        if !all.iter().any(|known| is_same(known, &need)) {
            all.push(need);
        }
    }
    all
}

/// Whether two are the same thing, whatever it is for.
pub(in crate::source::aws) fn is_same(one: &Need, other: &Need) -> bool {
    (one.kind, &one.name, &one.region) == (other.kind, &other.name, &other.region)
}

fn need(kind: NeedKind, what: String, name: &str) -> Need {
    Need { kind, what: Text::clean(&what), name: Text::clean(name), region: None }
}

/// The group that a container logs to. One that its log driver makes where it is missing is no need.
fn log_group(container: &ContainerDefinition) -> Option<Need> {
    let log = container.log_configuration().filter(|log| *log.log_driver() == LogDriver::Awslogs)?;
    let option = |key: &str| log.options()?.get(key).map(String::as_str);
    let is_made = option("awslogs-create-group").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let group = option("awslogs-group").filter(|_| !is_made)?;
    let need = need(NeedKind::LogGroup, format!("log group of {}", name(container)), group);
    Some(Need { region: option("awslogs-region").map(Text::clean), ..need })
}

/// A container's secrets: its variables, its log driver's options, its registry's credentials.
fn secrets(container: &ContainerDefinition) -> Vec<Need> {
    let of_log = container.log_configuration().map(LogConfiguration::secret_options).unwrap_or_default();
    let all = container.secrets().iter().chain(of_log);
    let mut needs: Vec<Need> = all.map(|secret| secret_of(secret, container)).collect();
    if let Some(credentials) = container.repository_credentials() {
        let what = format!("registry credentials of {}", name(container));
        needs.push(need(NeedKind::Secret, what, credentials.credentials_parameter()));
    }
    needs
}

/// `valueFrom` is the ARN of a secret or parameter, or the name of a parameter of the task's region.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>
fn secret_of(secret: &Secret, container: &ContainerDefinition) -> Need {
    let what = format!("secret {} of {}", secret.name(), name(container));
    let from = secret.value_from();
    let parts: Vec<&str> = from.split(':').collect();
    let kind = match parts.as_slice() {
        ["arn", _, "secretsmanager", ..] => NeedKind::Secret,
        _ => NeedKind::Parameter,
    };
    let region = parts.get(3).filter(|region| parts.first() == Some(&"arn") && !region.is_empty());
    Need { region: region.map(|region| Text::clean(region)), ..need(kind, what, from) }
}

fn name(container: &ContainerDefinition) -> &str {
    container.name().unwrap_or("a container")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:url::";

    fn container(log: LogConfiguration) -> ContainerDefinition {
        let secret = |name: &str, from: &str| Secret::builder().name(name).value_from(from).build().unwrap();
        let secrets = [secret("URL", SECRET), secret("AGAIN", SECRET), secret("KEY", "/shop/key")];
        ContainerDefinition::builder().name("app").set_secrets(Some(secrets.into())).log_configuration(log).build()
    }

    fn log(options: &[(&str, &str)]) -> LogConfiguration {
        let log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        log.set_options(Some(options)).build().unwrap()
    }

    fn told(log: LogConfiguration) -> Vec<(NeedKind, String, Option<String>)> {
        let definition = TaskDefinition::builder().execution_role_arn("arn:aws:iam::1:role/run");
        let all = needs(&definition.container_definitions(container(log)).build());
        all.iter().map(|n| (n.kind, n.name.to_string(), n.region.as_ref().map(ToString::to_string))).collect()
    }

    #[test]
    fn each_role_log_group_and_secret_is_needed_once_and_where_it_is() {
        let options = [("awslogs-group", "/ecs/app"), ("awslogs-region", "eu-west-1")];
        let region = || Some("eu-west-1".to_owned());
        let wanted = vec![
            (NeedKind::Role, "arn:aws:iam::1:role/run".to_owned(), None),
            (NeedKind::LogGroup, "/ecs/app".to_owned(), region()),
            (NeedKind::Secret, SECRET.to_owned(), region()),
            (NeedKind::Parameter, "/shop/key".to_owned(), None),
        ];
        assert_eq!(told(log(&options)), wanted);
    }

    #[test]
    fn a_log_group_that_is_made_where_it_is_missing_is_no_need() {
        let options = [("awslogs-group", "/ecs/app"), ("awslogs-create-group", "true")];
        assert!(told(log(&options)).iter().all(|(kind, ..)| *kind != NeedKind::LogGroup));
    }
}
