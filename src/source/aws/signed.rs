//! Single signed requests to IAM, Secrets Manager and SSM, whose SDKs would cost minutes of build for one read each.
//!
//! Invariant: reads only, which may be repeated; nothing here asks for the value of a secret. Endpoints, credentials, clock and
//! bounds are those of the SDK's configuration. Signed as <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, error::CredentialsError};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;

use super::connect::{CONNECT_TIMEOUT, Connection, READ_TIMEOUT};
use super::error::Asked;
use super::http;
use crate::source::{Name, SourceError, SourceErrorKind};

/// How often a request is sent at most.
const ATTEMPTS: u32 = 2;

/// How long is waited between two of them.
const PAUSE: Duration = Duration::from_millis(150);

type Failed = Box<SdkError<ErrorMetadata, HttpResponse>>;

/// A service that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Service {
    /// As the SDKs name it, where endpoints are configured: `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    id: &'static str,
    /// In the signature, and in its address.
    name: &'static str,
}

/// IAM, one for all regions of a partition.
pub(super) const IAM: Service = Service { id: "IAM", name: "iam" };

/// Secrets Manager.
pub(super) const SECRETS_MANAGER: Service = Service { id: "Secrets Manager", name: "secretsmanager" };

/// Systems Manager.
pub(super) const SSM: Service = Service { id: "SSM", name: "ssm" };

/// What is sent: operation for messages, further header, body with its type.
struct Message<'a> {
    operation: String,
    target: Option<&'a str>,
    kind: &'static str,
    body: String,
}

/// Asks those services through one connection pool.
pub(super) struct Signer {
    config: SdkConfig,
    connector: SharedHttpConnector,
    source: Name,
    who: String,
    deadline: Duration,
}

impl Signer {
    /// For requests that take `deadline` at most, the second attempt included.
    pub(super) async fn new(connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(deadline).await;
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let connector = http::connector(&settings, config.sleep_impl());
        Self { config, connector, source: Name::from("aws"), who: connection.who(), deadline }
    }

    /// An operation of AWS JSON 1.1, such as `AmazonSSM.GetCalendarState`, in a region; `None` is the connection's.
    pub(super) async fn json(
        &self,
        (service, region): (Service, Option<&str>),
        target: &str,
        body: &Value,
    ) -> Result<Value, SourceError> {
        let operation = format!("{}:{}", service.name, target.rsplit('.').next().unwrap_or(target));
        let (kind, body) = ("application/x-amz-json-1.1", body.to_string());
        let message = Message { operation, target: Some(target), kind, body };
        let answer = self.send(service, region, &message).await?;
        serde_json::from_slice(answer.body().bytes().unwrap_or_default()).map_err(|_| {
            self.asked(&message.operation).failed::<ErrorMetadata>(&SdkError::response_error("not JSON", answer))
        })
    }

    /// An operation of the query protocol, such as IAM's `GetRole`: its answer in XML.
    pub(super) async fn query(&self, service: Service, form: &[(&str, &str)]) -> Result<String, SourceError> {
        let action = form.iter().find(|(key, _)| *key == "Action").map_or("", |(_, action)| action);
        let operation = format!("{}:{action}", service.name);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let message = Message { operation, target: None, kind: "application/x-www-form-urlencoded", body };
        let answer = self.send(service, None, &message).await?;
        Ok(String::from_utf8_lossy(answer.body().bytes().unwrap_or_default()).into_owned())
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }

    /// Sends until there is an answer, twice at most.
    async fn send(
        &self,
        service: Service,
        region: Option<&str>,
        message: &Message<'_>,
    ) -> Result<HttpResponse, SourceError> {
        let here = self.config.region().map_or("", |region| region.as_ref());
        let (url, region) = self.address(service, region.unwrap_or(here)).ok_or_else(|| {
            let reason = format!("no address of {} is known in {here}: set AWS_ENDPOINT_URL", service.id);
            self.asked(&message.operation).error(SourceErrorKind::Unreachable, &reason)
        })?;
        let whole = async {
            for _ in 1..ATTEMPTS {
                match self.attempt((service, &region), &url, message).await {
                    Err(error) if may_pass(&error) => tokio::time::sleep(PAUSE).await,
                    ended => return ended,
                }
            }
            self.attempt((service, &region), &url, message).await
        };
        let ended = tokio::time::timeout(self.deadline, whole).await;
        let ended = ended.unwrap_or_else(|_| Err(late()));
        ended.map_err(|error| self.asked(&message.operation).failed(&error))
    }

    async fn attempt(
        &self,
        signed_for: (Service, &str),
        url: &str,
        message: &Message<'_>,
    ) -> Result<HttpResponse, Failed> {
        let request = self.signed(signed_for, url, message).await?;
        let attempt = tokio::time::timeout(self.deadline.mul_f64(0.6), self.connector.call(request)).await;
        let answer = attempt.map_err(|_| late())?;
        let answer = answer.map_err(|error| Box::new(SdkError::dispatch_failure(error)))?;
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer)) }
    }

    async fn signed(
        &self,
        (service, region): (Service, &str),
        url: &str,
        message: &Message<'_>,
    ) -> Result<HttpRequest, Failed> {
        let none = || CredentialsError::not_loaded("no credentials are configured");
        let provider = self.config.credentials_provider().ok_or_else(|| broken(none()))?;
        let identity = provider.provide_credentials().await.map_err(broken)?.into();
        let time = self.config.time_source().unwrap_or_default().now();
        let settings = SigningSettings::default();
        let parameters = v4::SigningParams::builder().identity(&identity).region(region).name(service.name);
        let parameters = parameters.time(time).settings(settings).build().map_err(broken)?.into();
        let kind = [("content-type", message.kind)];
        let headers: Vec<_> = kind.into_iter().chain(message.target.map(|target| ("x-amz-target", target))).collect();
        let body = SignableBody::Bytes(message.body.as_bytes());
        let signable = SignableRequest::new("POST", url, headers.iter().copied(), body);
        let signable = signable.map_err(broken)?;
        let (signature, _) = sign(signable, &parameters).map_err(broken)?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(message.body.as_str()));
        request.set_method("POST").map_err(broken)?;
        request.set_uri(url).map_err(broken)?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.to_owned());
        }
        for header in signature.into_parts().0 {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(request)
    }

    /// Where a service is, and the region that it is signed for.
    fn address(&self, service: Service, region: &str) -> Option<(String, String)> {
        let (public, signed_for) = public(service, region, self.config.use_fips() == Some(true))?;
        let url = self.configured(service).unwrap_or(public);
        Some((format!("{}/", url.trim_end_matches('/')), signed_for))
    }

    /// The endpoint that is configured, found as the SDKs' clients find theirs: one that was set in code wins, then that of the
    /// service in environment or profile, then that of all services.
    fn configured(&self, service: Service) -> Option<String> {
        let of_all = || self.config.endpoint_url().map(str::to_owned);
        if self.config.get_origin("endpoint_url").is_client_config() {
            return of_all();
        }
        let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let of_service = key.build().ok().and_then(|key| self.config.service_config()?.load_config(key));
        of_service.or_else(of_all)
    }
}

/// A service's public address and the region of its signature, in the partitions that are known here.
/// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
fn public(service: Service, region: &str, fips: bool) -> Option<(String, String)> {
    let name = if fips { format!("{}-fips", service.name) } else { service.name.to_owned() };
    let isolated = region.contains("-iso") || region.starts_with("eusc-");
    let known = match (service, region) {
        (_, "") => return None,
        _ if isolated => return None,
        (IAM, region) if region.starts_with("cn-") => (format!("{name}.cn-north-1.amazonaws.com.cn"), "cn-north-1"),
        (IAM, region) if region.starts_with("us-gov-") => (format!("{name}.us-gov.amazonaws.com"), "us-gov-west-1"),
        (IAM, _) => (format!("{name}.amazonaws.com"), "us-east-1"),
        (_, region) if region.starts_with("cn-") => (format!("{name}.{region}.amazonaws.com.cn"), region),
        (_, region) => (format!("{name}.{region}.amazonaws.com"), region),
    };
    Some((format!("https://{}", known.0), known.1.to_owned()))
}

/// A request that can't be made: no credentials, no signature.
fn broken(error: impl Into<BoxError>) -> Failed {
    Box::new(SdkError::construction_failure(error))
}

fn late() -> Failed {
    Box::new(SdkError::timeout_error("no answer in time"))
}

/// Whether the same may be answered when it is asked again at once.
fn may_pass(error: &Failed) -> bool {
    match &**error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => true,
        SdkError::ServiceError(context) => matches!(context.raw().status().as_u16(), 429 | 500..),
        SdkError::ResponseError(context) => matches!(context.raw().status().as_u16(), 429 | 500..),
        _ => false,
    }
}

/// An answer with an error status: code and message as JSON or XML has them; without a code it is no answer of AWS.
fn refused(answer: HttpResponse) -> Failed {
    let body = answer.body().bytes().unwrap_or_default();
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let member = |keys: [&str; 2]| keys.iter().find_map(|key| json[*key].as_str()).map(str::to_owned);
    let header = answer.headers().get("x-amzn-errortype").map(|kind| kind.split(':').next().unwrap_or(kind).to_owned());
    let code = header.or_else(|| member(["__type", "code"])).or_else(|| element(&text, "Code"));
    let message = member(["message", "Message"]).or_else(|| element(&text, "Message"));
    match code.filter(|code| !code.is_empty()) {
        Some(code) => {
            let message = message.unwrap_or("no message".to_owned());
            let error = ErrorMetadata::builder().code(code).message(message).build();
            Box::new(SdkError::service_error(error, answer))
        }
        None => Box::new(SdkError::response_error("no error code", answer)),
    }
}

/// The text of the first element of that name. What it is taken for is compared with what was asked, so that no more of XML is
/// needed: ARNs and codes have no entities.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_address_and_region_of_the_signature() {
        let of = |service, region| public(service, region, false);
        let pair = |url: &str, region: &str| Some((url.to_owned(), region.to_owned()));
        assert_eq!(of(IAM, "eu-central-1"), pair("https://iam.amazonaws.com", "us-east-1"));
        assert_eq!(of(IAM, "cn-northwest-1"), pair("https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"));
        assert_eq!(of(IAM, "us-gov-east-1"), pair("https://iam.us-gov.amazonaws.com", "us-gov-west-1"));
        assert_eq!(of(SSM, "eu-central-1"), pair("https://ssm.eu-central-1.amazonaws.com", "eu-central-1"));
        assert_eq!(of(SSM, "cn-north-1"), pair("https://ssm.cn-north-1.amazonaws.com.cn", "cn-north-1"));
        let fips = public(SECRETS_MANAGER, "us-east-1", true);
        assert_eq!(fips, pair("https://secretsmanager-fips.us-east-1.amazonaws.com", "us-east-1"));
        assert_eq!((of(SSM, "us-iso-east-1"), of(IAM, "")), (None, None), "nothing is guessed");
    }

    #[test]
    fn an_element_is_read_only_where_it_is_whole() {
        assert_eq!(element("<a><Arn> arn:x </Arn></a>", "Arn").as_deref(), Some("arn:x"));
        assert_eq!(element("<a><Arn>arn:x", "Arn"), None);
    }
}
