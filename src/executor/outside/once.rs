//! One request that changes something: sent once, without redirects, and what its answer says about that.

use reqwest::{Method, StatusCode};
use url::Url;

use super::{not_sent, untold};
use crate::executor::target::{ApplyError, Permit};
use crate::source::SourceErrorKind;
use crate::source::http::{Answer, HttpClient};
use crate::text::Text;

/// A request.
pub(super) struct Request<'a> {
    /// The method.
    pub(super) method: Method,
    /// Where to.
    pub(super) url: &'a Url,
    /// The body and its type.
    pub(super) body: Option<(&'a str, String)>,
}

/// Sends a request, once; the answer whatever its status.
///
/// # Errors
/// [`ApplyError::NotSent`] where no connection was made, else [`ApplyError::Unknown`].
pub(super) async fn send(client: &HttpClient, request: Request<'_>, permit: &Permit<'_>) -> Result<Answer, ApplyError> {
    let prepared = client.change(request.method, request.url, request.body).await;
    let (client_of, prepared) = prepared.map_err(|error| not_sent(&error.reason))?;
    permit.last_look()?;
    match client_of.execute(prepared).await {
        Ok(response) => client.whole(response).await.map_err(|error| untold(&error.reason)),
        Err(error) if error.is_builder() || error.is_connect() => Err(not_sent(&client.told(&error).reason)),
        Err(error) => Err(untold(&client.told(&error).reason)),
    }
}

/// What a status says that is not the one that was hoped for: 4xx is a refusal, throttling included; 408 (the server gave
/// up reading), a redirect (which is not followed), 5xx and all else tells nothing.
pub(super) fn refused(client: &HttpClient, answer: &Answer) -> ApplyError {
    let said = client.error(SourceErrorKind::Refused, &answer.failure()).reason;
    if is_refusal(answer.status) { ApplyError::Rejected(said) } else { ApplyError::Unknown(said) }
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}

/// A line of what was answered, with secrets masked.
pub(super) fn line(client: &HttpClient, text: &str) -> Text {
    client.error(SourceErrorKind::Refused, text).reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_called_one() {
        let refusals = (100..600).filter(|code| is_refusal(StatusCode::from_u16(*code).unwrap()));
        assert_eq!(refusals.collect::<Vec<_>>(), (400..500).filter(|code| *code != 408).collect::<Vec<u16>>());
    }
}
