//! HTTP health endpoints: status, latency, certificate expiry, and the component tree of JSON reports.
//!
//! Lenient about what else a report holds, strict about what is concluded from it: only an endpoint that says so, in the
//! shape that is configured, is healthy. Every endpoint is a source of its own, so that a slow one delays no other.

mod aspnet;
mod checks;
mod health_json;
mod report;
mod settled;
mod shape;
mod spring;
mod terminus;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use reqwest::StatusCode;

use crate::clock::Now;
use crate::config::{Config, HealthCheck, HealthShape, HttpAuth};
use crate::source::http::{Access, Answer, DEFAULT_MAX_BODY, HttpClient, Trust};
use crate::source::{
    Ask, Cadence, Health, HealthState, Name, Payload, Reading, Readings, SharedSource, Source, SourceError,
    SourceErrorKind, Subject, Unit,
};
use crate::text::Text;

use report::Report;

/// One health endpoint as a source.
#[derive(Debug)]
pub struct HealthSource {
    check: HealthCheck,
    http: HttpClient,
    subjects: [Subject; 1],
}

/// The health endpoints of a configuration.
pub fn sources(config: &Config) -> Vec<SharedSource> {
    let all = config.services.iter().flat_map(|service| service.health.iter().map(move |check| (&service.name, check)));
    all.map(|(service, check)| Arc::new(HealthSource::new(service, check)) as SharedSource).collect()
}

impl HealthSource {
    /// The source of one endpoint of `service`.
    pub fn new(service: &Name, check: &HealthCheck) -> Self {
        let access = Access {
            auth: HttpAuth::None,
            headers: check.headers.clone(),
            trust: Trust {
                system_roots: check.url.scheme() == "https",
                ca_file: check.ca_file.clone(),
                client_cert_file: None,
            },
            timeout: check.polling.timeout,
            max_body: DEFAULT_MAX_BODY,
        };
        Self {
            http: HttpClient::new(Name::from(format!("health {service}/{}", check.name)), access),
            check: check.clone(),
            subjects: [Subject::Health { service: service.clone(), endpoint: check.name.clone() }],
        }
    }

    /// Asks the endpoint.
    ///
    /// # Errors
    /// No answer, a redirect elsewhere, a refusal to say (401, 404 …), or a success that is not a health report.
    pub async fn check(&self, now: Now) -> Result<Health, SourceError> {
        let answer = match self.check.shape {
            HealthShape::Plain => self.http.head_of(&self.check.url).await?,
            _ => self.http.get(&self.check.url).await?,
        };
        let report = self.report(&answer)?;
        Ok(self.judge(report, &answer, now))
    }

    /// What the answer says by itself, before latency and certificate are looked at.
    fn report(&self, answer: &Answer) -> Result<Report, SourceError> {
        let told = answer.status.is_success() || answer.status.is_server_error() || self.fails_with_4xx(answer);
        if !told {
            let kind = kind_of(answer.status);
            return Err(self.http.error(kind, &answer.failure()));
        }
        let parsed = shape::read(self.check.shape, answer);
        match (parsed, !answer.status.is_success()) {
            (Ok(report), false) => Ok(report),
            (Ok(report), true) => Ok(report.at_most(HealthState::Unhealthy, &answer.failure())),
            (Err(_), true) => Ok(Report::plain().at_most(HealthState::Unhealthy, &answer.failure())),
            (Err(reason), false) => Err(self.http.error(SourceErrorKind::Malformed, &reason)),
        }
    }

    /// A report may come with 4xx where it declares itself as one: the draft of health+json lets a failure be told so.
    fn fails_with_4xx(&self, answer: &Answer) -> bool {
        let of_draft = matches!(self.check.shape, HealthShape::HealthJson | HealthShape::Auto);
        of_draft && answer.status.is_client_error() && shape::declared(answer)
    }

    fn judge(&self, mut report: Report, answer: &Answer, now: Now) -> Health {
        if let Some(reason) = self.slow(answer.took) {
            report = report.at_most(HealthState::Degraded, &reason);
        }
        if let Some(reason) = self.expiring(answer, now) {
            report = report.at_most(HealthState::Degraded, &reason);
        }
        let mut components = report.components;
        components.extend(answer.header("x-health-check-duration").and_then(report::own_duration));
        Health {
            state: report.state,
            reason: report.reason.map(|reason| Text::clean(&reason)),
            http_status: answer.status.as_u16(),
            latency: answer.took,
            tls_expires: answer.tls_expires,
            version: report.version,
            components,
        }
    }

    fn slow(&self, took: Duration) -> Option<String> {
        let bound = self.check.slow.filter(|bound| took >= *bound)?;
        let shown = |duration: Duration| Unit::Seconds.format(duration.as_secs_f64());
        Some(format!("slow: {} ≥ {}", shown(took), shown(bound)))
    }

    fn expiring(&self, answer: &Answer, now: Now) -> Option<String> {
        let left = answer.tls_expires?.duration_since(now.wall);
        let bound = SignedDuration::from_hours(i64::from(self.check.tls_warning_days) * 24);
        (left < bound).then(|| format!("the certificate expires in {} days", left.as_hours() / 24))
    }
}

/// An endpoint that redirects, refuses or does not exist says nothing of health.
fn kind_of(status: StatusCode) -> SourceErrorKind {
    match status.as_u16() {
        401 | 403 | 407 => SourceErrorKind::Unauthorised,
        404 | 410 => SourceErrorKind::Missing,
        429 => SourceErrorKind::Throttled,
        _ => SourceErrorKind::Refused,
    }
}

impl Source for HealthSource {
    fn name(&self) -> &Name {
        self.http.name()
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.check.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.check.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.check(ask.now).await.map(Payload::Health);
            let [subject] = &self.subjects;
            // The receiver is gone when the poll is given up; then nobody wants the reading.
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

/// Decodes any bytes as a report of every shape, for [`crate::fuzzing`].
pub(crate) fn decode_any(body: &[u8]) {
    use crate::config::HealthShape::{Aspnet, Auto, Checks, HealthJson, Settled, Spring, Terminus};
    let answer = crate::source::http::Answer::of_body(body);
    for shape in [Settled, Checks, Spring, Aspnet, HealthJson, Terminus, Auto] {
        let _ = shape::read(shape, &answer);
    }
}
