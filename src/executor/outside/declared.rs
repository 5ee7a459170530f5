//! Requests that the configuration declares.

use reqwest::Method;
use url::Url;

use super::not_sent;
use super::once::{self, Request};
use crate::action::Call;
use crate::action::declared::call as call_of;
use crate::config::{Config, DeclaredRequest, How, HttpSource, Secret};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::source::Name;
use crate::source::http::{Access, Answer, HttpClient};
use crate::source::json_api::text_at;

/// The largest answer, in bytes.
const LARGEST: usize = 64 * 1024;

/// Sends one declared request, once, if the declaration is still the one that was shown.
pub(super) async fn send(config: &Config, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let (request, source) = declared(config, call)?;
    let client = HttpClient::for_change(Name::from(format!("http {}", source.name)), access(request, source, &permit));
    let answer = once::send(&client, prepared(request)?, &permit).await?;
    let status = answer.status.as_u16();
    if !request.success.takes(status) {
        return Err(once::refused(&client, &answer));
    }
    met(request, &answer).map_err(|reason| ApplyError::Unknown(once::line(&client, &reason)))?;
    let said = once::line(&client, &format!("HTTP {status}"));
    Ok(Receipt { said, made: Some(format!("HTTP {status}")) })
}

fn declared<'a>(config: &'a Config, call: &Call) -> Result<(&'a DeclaredRequest, &'a HttpSource), ApplyError> {
    let Call::DeclaredRequest { service, name, .. } = call else {
        return Err(not_sent("the call is no declared request"));
    };
    let found = config.declared(service, name).filter(|declared| call_of(declared) == *call);
    let Some(How::Http(request)) = found.map(|declared| &declared.how) else {
        return Err(not_sent(&format!("the declaration of {name} is not the one that was planned")));
    };
    let source = config.http.iter().find(|source| source.name == request.source);
    let source = source.ok_or_else(|| not_sent(&format!("there is no [[http]] named {}", request.source)))?;
    Ok((request, source))
}

/// The source's way in; the key of the plan goes with it where one is declared.
fn access(request: &DeclaredRequest, source: &HttpSource, permit: &Permit<'_>) -> Access {
    let mut access = Access { timeout: request.timeout, max_body: LARGEST, ..Access::from(&source.backend) };
    let key = request.idempotency_header.iter().map(|header| (header.clone(), Secret::new(key(permit.digest()))));
    access.headers.extend(key);
    access
}

/// The same plan, the same key.
fn key(digest: &str) -> String {
    format!("quarterdeck-{}", digest.get(..40).unwrap_or(digest))
}

fn prepared(request: &DeclaredRequest) -> Result<Request<'_>, ApplyError> {
    let method = Method::from_bytes(request.method.as_bytes());
    let method = method.map_err(|_| not_sent(&format!("`{}` is no method", request.method)))?;
    let url: &Url = &request.url;
    let body = request.body.as_ref().map(|(kind, body)| (kind.as_str(), body.clone()));
    Ok(Request { method, url, body })
}

/// Whether the answer holds what a success holds. Where it does not, nobody knows what was done.
fn met(request: &DeclaredRequest, answer: &Answer) -> Result<(), String> {
    let Some((pointer, wanted)) = &request.success.value else { return Ok(()) };
    let status = answer.status.as_u16();
    let found = text_at(answer, pointer).map_err(|reason| format!("HTTP {status}, but not a success: {reason}"))?;
    match found.as_str() == wanted {
        true => Ok(()),
        false => Err(format!("HTTP {status}, but {pointer} is {found}, not {wanted}")),
    }
}
