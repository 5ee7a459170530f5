//! ECS as a target: the mutating client, without retries.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::Error as HttpError;

use super::target::{ApplyError, Permit, Receipt, Target};
use crate::action::Call;
use crate::source::Name;
use crate::source::aws::{Connection, Connections};
use crate::text::Text;

/// How long the question whose credentials these are may take: it stands between the check of the lease and the call.
const WHO_AM_I: Duration = Duration::from_secs(5);

/// ECS, for changing. Only the executor's process builds one.
#[derive(Debug)]
pub struct Ecs {
    connections: Connections,
}

impl Ecs {
    /// ECS in all places of an environment. No network yet.
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    async fn send(&self, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
        let config = self.connection(call.place(), permit.region())?.sdk_config_for_actions().await;
        check_account(&aws_sdk_sts::Client::new(&config), permit.account()).await?;
        let client = aws_sdk_ecs::Client::new(&config);
        match call {
            Call::EcsSetDesiredCount { cluster, service, desired, .. } => {
                let most = |_| not_sent(&format!("{desired} is too large for the API"));
                let desired = i32::try_from(*desired).map_err(most)?;
                let request = client.update_service().cluster(cluster).service(service).desired_count(desired);
                permit.last_look()?;
                let output = request.send().await.map_err(|error| classify(&error))?;
                receipt(&output, desired).map(Receipt::from)
            }
            Call::EcsForceNewDeployment { cluster, service, .. } => {
                let request = client.update_service().cluster(cluster).service(service).force_new_deployment(true);
                permit.last_look()?;
                let output = request.send().await.map_err(|error| classify(&error))?;
                new_deployment(&output)
            }
        }
    }
}

impl Ecs {
    /// The connection of the call's own place and no other, which must be of the plan's region.
    fn connection(&self, place: Option<&Name>, region: &str) -> Result<&Connection, ApplyError> {
        let Some(connection) = self.connections.exactly(place) else {
            let place = place.map_or("[aws]", Name::as_str);
            return Err(not_sent(&format!("the configuration has no place {place}")));
        };
        if connection.region() != region {
            return Err(not_sent(&format!("the place is in {}, the plan is of {region}", connection.region())));
        }
        Ok(connection)
    }
}

impl Target for Ecs {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(self.send(call, permit))
    }
}

/// The credentials of actions may be others than those that observed: they must be of the plan's account too.
async fn check_account(client: &aws_sdk_sts::Client, account: &str) -> Result<(), ApplyError> {
    let asked = tokio::time::timeout(WHO_AM_I, client.get_caller_identity().send()).await;
    let answer = asked.map_err(|_| not_sent("sts:GetCallerIdentity did not answer in time"))?;
    let identity = answer.map_err(|error| not_sent(&format!("sts:GetCallerIdentity: {}", chain(&error))))?;
    match identity.account() {
        Some(found) if found == account => Ok(()),
        found => Err(not_sent(&format!(
            "the credentials for actions are of account {}, the plan is of {account}",
            found.unwrap_or("(none)")
        ))),
    }
}

fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
}

/// What was answered; an answer that doesn't describe the service as wanted tells nothing.
fn receipt(output: &UpdateServiceOutput, desired: i32) -> Result<Text, ApplyError> {
    let count = output.service().map(aws_sdk_ecs::types::Service::desired_count);
    if count != Some(desired) {
        let said = count.map_or("no service".to_owned(), |count| format!("desired count {count}"));
        return Err(ApplyError::Unknown(Text::clean(&format!("HTTP 200, but it describes {said}"))));
    }
    let status = output.service().and_then(aws_sdk_ecs::types::Service::status).unwrap_or("no status");
    Ok(Text::clean(&format!("{status}, desired count {desired}")))
}

/// The new primary deployment; an answer without one tells nothing.
fn new_deployment(output: &UpdateServiceOutput) -> Result<Receipt, ApplyError> {
    let deployments = output.service().map(aws_sdk_ecs::types::Service::deployments).unwrap_or_default();
    let primary = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    match primary.and_then(aws_sdk_ecs::types::Deployment::id) {
        Some(id) => Ok(Receipt { said: Text::clean(&format!("deployment {id}")), made: Some(id.to_owned()) }),
        None => Err(ApplyError::Unknown(Text::clean("HTTP 200, but it describes no deployment"))),
    }
}

/// What an error says about whether the call took effect. Only what certainly did not is called so.
fn classify<E>(error: &SdkError<E, HttpResponse>) -> ApplyError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => not_sent(&chain(error)),
        SdkError::DispatchFailure(_) if never_left(error) => not_sent(&chain(error)),
        SdkError::ServiceError(context) => {
            let (code, message) =
                (context.err().code().unwrap_or("error"), context.err().message().unwrap_or_default());
            by_status(context.raw().status().as_u16(), &format!("{code}: {message}"))
        }
        SdkError::ResponseError(context) => by_status(context.raw().status().as_u16(), "an answer that is not ECS's"),
        SdkError::TimeoutError(_) => ApplyError::Unknown(Text::clean("no answer in time")),
        _ => ApplyError::Unknown(Text::clean(&chain(error))),
    }
}

/// 4xx is a refusal, throttling included; 408 (the server gave up reading) and all else tells nothing.
fn by_status(status: u16, said: &str) -> ApplyError {
    let line = Text::clean(&format!("HTTP {status}, {said}"));
    if (400..500).contains(&status) && status != 408 { ApplyError::Rejected(line) } else { ApplyError::Unknown(line) }
}

/// No credentials, or no connection: nothing was written to the backend.
fn never_left(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        cause.is::<CredentialsError>() || cause.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect)
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// An error with its causes, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Aws;

    /// How a call to this port ends.
    async fn call(port: u16, credentials: bool) -> ApplyError {
        let aws = Aws {
            profile: None,
            region: "us-east-1".into(),
            account: None,
            role_arn: None,
            action_role_arn: None,
            endpoint: None,
            places: std::collections::BTreeMap::new(),
        };
        let given = Credentials::new("AKIDTEST", "secret", None, None, "test");
        // Not the configuration's endpoint: the lab's variables, where they are set, would win over it.
        let connection = Connection::open(&aws).with_endpoint(&format!("http://127.0.0.1:{port}"));
        let provider =
            if credentials { SharedCredentialsProvider::new(given) } else { SharedCredentialsProvider::new(Nobody) };
        let connection = connection.with_credentials(provider);
        let client = aws_sdk_ecs::Client::new(&connection.sdk_config_for_actions().await);
        let answer = client.update_service().cluster("c").service("s").desired_count(1).send().await;
        classify(&answer.expect_err("an error"))
    }

    /// Nobody's credentials.
    #[derive(Debug)]
    struct Nobody;

    impl aws_credential_types::provider::ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let none = Err(CredentialsError::not_loaded("none"));
            aws_credential_types::provider::future::ProvideCredentials::ready(none)
        }
    }

    #[tokio::test]
    async fn a_refused_connection_sent_nothing() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let error = call(port, true).await;
        assert!(matches!(error, ApplyError::NotSent(_)), "{error}");
    }

    #[tokio::test]
    async fn missing_credentials_sent_nothing() {
        let error = call(1, false).await;
        assert!(matches!(error, ApplyError::NotSent(_)), "{error}");
    }

    #[tokio::test]
    async fn a_connection_that_is_lost_after_the_request_tells_nothing_and_is_used_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let mut requests = 0;
            while let Ok((mut socket, _)) = listener.accept().await {
                requests += usize::from(socket.read(&mut [0; 4096]).await.unwrap_or(0) > 0);
                if requests == 1 {
                    drop(socket);
                    break;
                }
            }
            // A second request would be a connection that waits here.
            let again = tokio::time::timeout(Duration::from_millis(500), listener.accept()).await;
            (requests, again.is_ok())
        });
        let error = call(port, true).await;
        assert!(matches!(error, ApplyError::Unknown(_)), "{error}");
        assert_eq!(server.await.unwrap(), (1, false));
    }

    #[test]
    fn statuses_tell_what_they_tell() {
        for status in [400, 401, 403, 404, 409, 429] {
            assert!(matches!(by_status(status, ""), ApplyError::Rejected(_)), "{status}");
        }
        for status in [200, 301, 408, 500, 502, 503, 504] {
            assert!(matches!(by_status(status, ""), ApplyError::Unknown(_)), "{status}");
        }
    }
}
