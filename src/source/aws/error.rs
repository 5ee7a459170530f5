//! The SDK's errors as [`SourceError`]s: a kind, and one line that a person can act on.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::http::TooLarge;
use crate::source::{Name, SourceError, SourceErrorKind};

/// Who asked what, for the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The source.
    pub(super) source: &'a Name,
    /// The API operation, such as `ecs:DescribeServices`.
    pub(super) operation: &'a str,
    /// Whose credentials were used.
    pub(super) who: &'a str,
}

impl Asked<'_> {
    /// An error of this source, its reason begun with the operation.
    pub(super) fn error(&self, kind: SourceErrorKind, reason: &str) -> SourceError {
        SourceError::new(self.source, kind, &format!("{}: {reason}", self.operation))
    }

    /// What the SDK's error means.
    pub(super) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> SourceError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => self.error(SourceErrorKind::Timeout, "no answer in time"),
            SdkError::ServiceError(context) => self.refused(context.err(), context.raw()),
            SdkError::ResponseError(context) => self.without_code(context.raw()),
            _ => self.not_sent(error),
        }
    }

    /// An answer with an error status.
    fn refused(&self, error: &impl ProvideErrorMetadata, raw: &HttpResponse) -> SourceError {
        let Some(code) = error.code().filter(|code| !code.is_empty()) else {
            return self.without_code(raw);
        };
        let code = code.rsplit('#').next().unwrap_or(code);
        let message = error.message().unwrap_or("no message");
        let kind = kind_of(code, message, raw.status().as_u16());
        let reason = match kind {
            SourceErrorKind::Unauthorised if is_clock_skew(code, message) => {
                format!("{code}: {message} (the clock of this host differs from AWS's: check NTP)")
            }
            SourceErrorKind::Unauthorised => format!("{code}: {message} (used: {})", self.who),
            _ => format!("{code}: {message}"),
        };
        self.error(kind, &reason)
    }

    /// An answer without an AWS error code, or one that does not parse.
    fn without_code(&self, raw: &HttpResponse) -> SourceError {
        match raw.status().as_u16() {
            429 => self.error(SourceErrorKind::Throttled, "HTTP 429"),
            status @ 400.. if is_empty(raw) => {
                self.error(SourceErrorKind::Refused, &format!("HTTP {status} with an empty body"))
            }
            _ => self.not_aws(raw),
        }
    }

    /// A body that does not parse: a proxy's page, a captive portal, an emulator that lacks the operation.
    fn not_aws(&self, raw: &HttpResponse) -> SourceError {
        let status = raw.status().as_u16();
        let kind = raw.headers().get("content-type").unwrap_or("no content type");
        let what = format!("the address answers (HTTP {status}, {kind}), but not as AWS{}", excerpt(raw));
        self.error(SourceErrorKind::Malformed, &what)
    }

    /// Nothing came back: no credentials, no connection, a cut answer.
    fn not_sent(&self, error: &(dyn Error + 'static)) -> SourceError {
        if any(error, |cause| cause.is::<TooLarge>()) {
            return self.error(SourceErrorKind::Malformed, &TooLarge.to_string());
        }
        let credentials = any(error, |cause| cause.is::<CredentialsError>());
        let kind = if any(error, |cause| cause.downcast_ref().is_some_and(ConnectorError::is_timeout)) {
            SourceErrorKind::Timeout
        } else if any(error, |cause| cause.downcast_ref().is_some_and(ConnectorError::is_io)) {
            SourceErrorKind::Unreachable
        } else if credentials {
            SourceErrorKind::Unauthorised
        } else {
            SourceErrorKind::Unreachable
        };
        let causes = causes(error);
        let reason = if credentials { format!("no usable credentials from {}: {causes}", self.who) } else { causes };
        self.error(kind, &reason)
    }
}

/// What an AWS error code means to us. The lists are those of the SDK's own classifiers
/// (`aws_runtime::retries::classifiers`) and of
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html>.
fn kind_of(code: &str, message: &str, status: u16) -> SourceErrorKind {
    match code {
        _ if status == 429 || is_throttling(code) => SourceErrorKind::Throttled,
        _ if is_unauthorised(code) || is_clock_skew(code, message) => SourceErrorKind::Unauthorised,
        "ClusterNotFoundException"
        | "ServiceNotFoundException"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "ObjectNotFoundException" => SourceErrorKind::Missing,
        // RDS and ElastiCache: `DBClusterNotFoundFault`, `DBInstanceNotFound`, `CacheClusterNotFound` …
        // CloudFront and S3: `NoSuchDistribution`, `NoSuchBucket` …
        _ if code.starts_with("NoSuch") => SourceErrorKind::Missing,
        _ if code.ends_with("NotFoundFault") || code.ends_with("NotFound") => SourceErrorKind::Missing,
        _ => SourceErrorKind::Refused,
    }
}

/// What the reason of one of an answer's `failures[]` means: ECS writes some as codes, others in capitals (`ACCESS_DENIED`).
pub(super) fn kind_of_failure(reason: &str, detail: &str) -> SourceErrorKind {
    let code: String = reason.split('_').map(capitalised).collect();
    match kind_of(reason, detail, 200) {
        SourceErrorKind::Refused => kind_of(&code, detail, 200),
        kind => kind,
    }
}

/// `DENIED` as `Denied`.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| format!("{first}{}", letters.as_str().to_lowercase()))
}

fn is_throttling(code: &str) -> bool {
    const CODES: [&str; 10] = [
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "TooManyRequestsException",
    ];
    code.starts_with("Throttl") || CODES.contains(&code)
}

fn is_unauthorised(code: &str) -> bool {
    const CODES: [&str; 9] = [
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
    ];
    const BEGINNINGS: [&str; 6] = [
        "AccessDenied",
        "ExpiredToken",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "UnrecognizedClient",
        "InvalidIdentityToken",
    ];
    CODES.contains(&code) || BEGINNINGS.iter().any(|beginning| code.starts_with(beginning))
}

/// Whether the signature was refused for its time. A wrong secret key gives `InvalidSignatureException` too, with
/// another message.
fn is_clock_skew(code: &str, message: &str) -> bool {
    match code {
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => true,
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "AuthFailure" => {
            message.contains("Signature expired") || message.contains("not yet current")
        }
        _ => false,
    }
}

fn is_empty(raw: &HttpResponse) -> bool {
    raw.body().bytes().is_none_or(<[u8]>::is_empty)
}

/// The beginning of a body that is text.
fn excerpt(raw: &HttpResponse) -> String {
    const LONGEST: usize = 120;
    let text = raw.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        _ if words.is_empty() => String::new(),
        Some((end, _)) => format!(": {}…", &words[..end]),
        None => format!(": {words}"),
    }
}

/// Whether the error or one of its causes is so.
fn any(error: &(dyn Error + 'static), is: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    chain(error).any(is)
}

/// The causes in one line, each said once; what only says that credentials were being loaded is left out.
fn causes(error: &(dyn Error + 'static)) -> String {
    let loading = chain(error).position(|cause| cause.is::<CredentialsError>());
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error).skip(loading.unwrap_or_default() + 1) {
        let cause = cause.to_string();
        // The list of all providers that have nothing is longer than a line.
        let cause = cause.split("Attempted:").next().unwrap_or_default().trim_end_matches([' ', '\n', '.']).to_owned();
        if !said.iter().any(|earlier| earlier.contains(&cause)) {
            said.push(cause);
        }
    }
    if said.is_empty() { error.to_string() } else { said.join(": ") }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |error: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> { (*error).source() };
    std::iter::successors(Some(error), next).take(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudwatch_throttles_with_http_400_and_it_is_still_throttling() {
        assert_eq!(kind_of("Throttling", "Rate exceeded", 400), SourceErrorKind::Throttled);
        assert_eq!(kind_of("ThrottlingException", "Rate exceeded", 400), SourceErrorKind::Throttled);
        assert_eq!(kind_of("Whatever", "", 429), SourceErrorKind::Throttled);
    }

    #[test]
    fn a_failure_within_an_answer_keeps_its_kind_whichever_way_it_is_written() {
        for reason in ["ACCESS_DENIED", "AccessDenied", "AccessDeniedException"] {
            assert_eq!(kind_of_failure(reason, ""), SourceErrorKind::Unauthorised, "{reason}");
        }
        for reason in ["THROTTLING", "ThrottlingException", "THROTTLED"] {
            assert_eq!(kind_of_failure(reason, ""), SourceErrorKind::Throttled, "{reason}");
        }
        assert_eq!(kind_of_failure("INACTIVE", ""), SourceErrorKind::Refused);
    }

    #[test]
    fn a_wrong_clock_is_told_from_a_wrong_key() {
        let skew = "Signature not yet current: 20260101T000500Z is still later than 20260101T000000Z";
        assert!(is_clock_skew("InvalidSignatureException", skew));
        assert!(!is_clock_skew("InvalidSignatureException", "The request signature we calculated does not match"));
        assert!(is_clock_skew("RequestTimeTooSkewed", ""));
    }

    #[test]
    fn a_missing_cluster_is_missing_and_an_unknown_code_is_refused() {
        assert_eq!(kind_of("ClusterNotFoundException", "Cluster not found.", 400), SourceErrorKind::Missing);
        assert_eq!(kind_of("InvalidParameterException", "no", 400), SourceErrorKind::Refused);
    }
}
