//! Security headers of an endpoint: there, and with values that do something.
//!
//! What each is for: <https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers>; HSTS is RFC 6797.

use reqwest::header::{HeaderName, HeaderValue};

use crate::config::{HeaderEndpoint, HttpAuth, Polling};
use crate::source::http::{Access, Answer, DEFAULT_MAX_BODY, HttpClient, Trust};
use crate::source::{Fact, HealthState, Name, Probe, SourceError};

/// Looks at the headers of one answer.
pub(super) struct HeaderProbe {
    http: HttpClient,
    endpoint: HeaderEndpoint,
}

impl HeaderProbe {
    pub(super) fn new(source: &Name, endpoint: &HeaderEndpoint, polling: Polling) -> Self {
        let access = Access {
            auth: HttpAuth::None,
            headers: Vec::new(),
            trust: Trust {
                system_roots: endpoint.url.scheme() == "https",
                ca_file: endpoint.ca_file.clone(),
                client_cert_file: None,
            },
            timeout: polling.timeout,
            max_body: DEFAULT_MAX_BODY,
        };
        Self { http: HttpClient::new(source.clone(), access), endpoint: endpoint.clone() }
    }

    /// GETs the page and judges its headers. An error page says nothing of the headers that users get.
    pub(super) async fn look(&self) -> Result<Probe, SourceError> {
        let answer = self.http.accepted(self.http.head_of(&self.endpoint.url).await?)?;
        let facts = self.endpoint.required.iter().map(|header| fact(header, &answer, &self.endpoint)).collect();
        Ok(Probe::of(facts, None))
    }
}

fn fact(header: &str, answer: &Answer, endpoint: &HeaderEndpoint) -> Fact {
    let value = answer.header(header).map(str::trim).filter(|value| !value.is_empty());
    let (state, found) = match value {
        Some(value) => match problem(header, value, endpoint) {
            Some(problem) => (HealthState::Degraded, format!("{problem}: {value}")),
            None => (HealthState::Healthy, value.to_owned()),
        },
        None if framing_is_ruled(header, answer) => {
            (HealthState::Healthy, "by frame-ancestors of Content-Security-Policy".to_owned())
        }
        None => (HealthState::Degraded, "is MISSING".to_owned()),
    };
    Fact::new(header, state, &found)
}

/// `frame-ancestors` takes the place of `X-Frame-Options` (CSP level 2, section 7.7).
fn framing_is_ruled(header: &str, answer: &Answer) -> bool {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let rules = |directive: &str| directive.trim_start().to_ascii_lowercase().starts_with("frame-ancestors");
    header.eq_ignore_ascii_case("x-frame-options") && policy.split(';').any(rules)
}

/// Why a header that is there does nothing.
fn problem(header: &str, value: &str, endpoint: &HeaderEndpoint) -> Option<&'static str> {
    let value = value.to_ascii_lowercase();
    match header.to_ascii_lowercase().as_str() {
        "strict-transport-security" if endpoint.url.scheme() != "https" => Some("browsers IGNORE it over http"),
        "strict-transport-security" => (max_age(&value).unwrap_or(0) == 0).then_some("max-age is NOT above 0"),
        "x-content-type-options" => (value != "nosniff").then_some("is NOT nosniff"),
        "x-frame-options" => (value != "deny" && value != "sameorigin").then_some("is NEITHER deny nor sameorigin"),
        _ => None,
    }
}

/// `max-age` of Strict-Transport-Security, in seconds; it may stand in quotes (RFC 6797, section 6.1.1).
fn max_age(value: &str) -> Option<u64> {
    let directive = value.split(';').find_map(|part| part.trim().strip_prefix("max-age"))?;
    directive.trim().strip_prefix('=')?.trim().trim_matches('"').parse().ok()
}

/// Judges any bytes as lines `name: value` of an answer, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let mut answer = Answer::of_body(&[]);
    for line in data.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            answer.headers.append(name, value);
        }
    }
    let Ok(url) = url::Url::parse("https://example.com/") else { return };
    let endpoint = HeaderEndpoint { url, required: Vec::new(), ca_file: None };
    for header in [
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "X-Frame-Options",
        "X-Content-Type-Options",
        "Referrer-Policy",
    ] {
        let _ = fact(header, &answer, &endpoint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_strict_transport_security_is_read_as_browsers_do() {
        assert_eq!(max_age("max-age=31536000; includesubdomains"), Some(31_536_000));
        assert_eq!(max_age("includesubdomains; max-age = \"60\""), Some(60));
        assert_eq!(max_age("max-age=0"), Some(0));
        assert_eq!(max_age("includesubdomains"), None);
    }
}
