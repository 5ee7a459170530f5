//! ECS as a target: the mutating client, without retries.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::Error as HttpError;

use super::target::{ApplyError, Permit, Target};
use crate::action::Call;
use crate::source::aws::Connection;
use crate::text::Text;

/// How long the question whose credentials these are may take: it stands between the check of the lease and the call.
const WHO_AM_I: Duration = Duration::from_secs(5);

/// ECS, for changing. Only the executor's process builds one.
#[derive(Debug)]
pub struct Ecs {
    connection: Connection,
}

impl Ecs {
    /// ECS over a connection. No network yet.
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    async fn send(&self, call: &Call, permit: Permit) -> Result<Text, ApplyError> {
        let config = self.connection.sdk_config_for_actions().await;
        check_account(&aws_sdk_sts::Client::new(&config), permit.account()).await?;
        let Call::EcsSetDesiredCount { cluster, service, desired } = call;
        let desired = i32::try_from(*desired).map_err(|_| not_sent(&format!("{desired} is too large for the API")))?;
        let client = aws_sdk_ecs::Client::new(&config);
        let request = client.update_service().cluster(cluster).service(service).desired_count(desired);
        request.send().await.map(|output| receipt(&output)).map_err(|error| classify(&error))
    }
}

impl Target for Ecs {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit) -> BoxFuture<'a, Result<Text, ApplyError>> {
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

fn receipt(output: &UpdateServiceOutput) -> Text {
    match output.service() {
        Some(service) => Text::clean(&format!(
            "{}, desired count {}",
            service.status().unwrap_or("no status"),
            service.desired_count()
        )),
        None => Text::clean("accepted, without a description of the service"),
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
