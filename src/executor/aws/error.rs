//! What an error of a mutating call says about whether it took effect.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use hyper_util::client::legacy::Error as HttpError;

use crate::executor::target::ApplyError;
use crate::text::Text;

/// Nothing was sent, for this reason.
pub(super) fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
}

/// An answer that doesn't describe what was asked for: nobody knows.
pub(super) fn untold(said: &str) -> ApplyError {
    ApplyError::Unknown(Text::clean(&format!("HTTP 200, but it describes {said}")))
}

/// What an error says about whether the call took effect. Only what certainly did not is called so.
pub(super) fn classify<E>(error: &SdkError<E, HttpResponse>) -> ApplyError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => not_sent(&chain(error)),
        SdkError::DispatchFailure(_) if never_left(error) => not_sent(&format!("{}{}", chain(error), next(error))),
        SdkError::ServiceError(context) => {
            let (code, message) =
                (context.err().code().unwrap_or("error"), context.err().message().unwrap_or_default());
            by_status(context.raw().status().as_u16(), &format!("{code}: {message}{}", next(error)))
        }
        SdkError::ResponseError(context) => by_status(context.raw().status().as_u16(), "an answer of another shape"),
        SdkError::TimeoutError(_) => late(),
        // The connection's own timeout is as long, and may be the first to be over.
        SdkError::DispatchFailure(failure) if failure.is_timeout() => late(),
        _ => ApplyError::Unknown(Text::clean(&chain(error))),
    }
}

fn late() -> ApplyError {
    ApplyError::Unknown(Text::clean("no answer in time"))
}

/// Why STS did not tell whose credentials these are: nothing was sent.
pub(super) fn unidentified<E>(error: &SdkError<E, HttpResponse>) -> ApplyError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let said = match error.code() {
        Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
        None => chain(error),
    };
    not_sent(&format!("sts:GetCallerIdentity: {said}{}", next(error)))
}

/// What a person must do where the credentials are what is refused: expired, revoked, or none.
fn next<E>(error: &SdkError<E, HttpResponse>) -> &'static str
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    const REFUSED: [&str; 3] = ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient"];
    let code = error.code().unwrap_or_default();
    let refused = REFUSED.iter().any(|beginning| code.starts_with(beginning));
    let none = causes(error).any(<dyn Error>::is::<CredentialsError>);
    if refused || none { "; log in again, then make the plan again" } else { "" }
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
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use std::time::Duration;

    use super::*;
    use crate::config::Aws;
    use crate::source::aws::Connection;

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
