//! Cloudflare zones.
//!
//! <https://developers.cloudflare.com/api/resources/zones/methods/get/>. Requests, hits and errors of a zone come as
//! signals of a `[[http]]` source (docs/http.md): Cloudflare tells nothing of purges that run.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::config::{CdnId, Config, HttpAuth, Polling, Service};
use crate::source::http::{Access, HttpClient, Trust, under};
use crate::source::{
    Ask, Cadence, Cdn, Name, Payload, Reading, Readings, SharedSource, Source, SourceError, SourceErrorKind, Subject,
};
use crate::text::Text;

/// The largest answer, in bytes: one zone.
const LARGEST: usize = 256 * 1024;

/// One zone as a source.
struct Cloudflare {
    http: HttpClient,
    api: Url,
    zone: String,
    polling: Polling,
    subjects: [Subject; 1],
}

/// The zones that the configuration asks for.
pub fn sources(config: &Config) -> Vec<SharedSource> {
    config.services.iter().filter_map(source).collect()
}

/// The zone of a service, read anew; `None` where the service has none.
pub async fn fresh(service: &Service) -> Option<Result<Cdn, SourceError>> {
    let zone = zone(service)?;
    Some(zone.read().await)
}

fn source(service: &Service) -> Option<SharedSource> {
    zone(service).map(|zone| Arc::new(zone) as SharedSource)
}

fn zone(service: &Service) -> Option<Cloudflare> {
    let cdn = service.cdn.as_ref()?;
    let CdnId::Cloudflare { zone, token, api } = &cdn.id else { return None };
    let access = Access {
        auth: HttpAuth::Bearer(token.clone()),
        headers: Vec::new(),
        trust: Trust { system_roots: api.scheme() == "https", ..Trust::default() },
        timeout: cdn.polling.timeout,
        max_body: LARGEST,
    };
    Some(Cloudflare {
        http: HttpClient::new(Name::from(format!("cloudflare {}", service.name)), access),
        api: api.clone(),
        zone: zone.clone(),
        polling: cdn.polling,
        subjects: [Subject::Cdn { service: service.name.clone() }],
    })
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    result: Option<Zone>,
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Zone {
    name: String,
    status: String,
    /// Whether Cloudflare only answers DNS and passes nothing through.
    paused: bool,
    modified_on: Option<String>,
}

impl Cloudflare {
    async fn read(&self) -> Result<Cdn, SourceError> {
        let malformed = |reason: String| self.http.error(SourceErrorKind::Malformed, &reason);
        let url = under(&self.api, &format!("zones/{}", self.zone)).map_err(malformed)?;
        let answer = self.http.accepted(self.http.get(&url).await?)?;
        let envelope: Envelope = answer.json().map_err(malformed)?;
        match (envelope.success, envelope.result) {
            (true, Some(zone)) => Ok(cdn(zone)),
            _ => {
                let told = envelope.errors.into_iter().map(|error| error.message).find(|message| !message.is_empty());
                let told = told.unwrap_or_else(|| "an answer without a zone".to_owned());
                Err(self.http.error(SourceErrorKind::Refused, &told))
            }
        }
    }
}

fn cdn(zone: Zone) -> Cdn {
    Cdn {
        id: Text::clean(&zone.name),
        domain: Text::clean(&zone.name),
        aliases: Vec::new(),
        status: Text::clean(&zone.status),
        enabled: !zone.paused,
        modified: zone.modified_on.and_then(|at| at.parse::<Timestamp>().ok()),
        behaviours: Vec::new(),
        invalidations: Vec::new(),
        missing: Vec::new(),
    }
}

impl Source for Cloudflare {
    fn name(&self) -> &Name {
        self.http.name()
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, _ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read().await.map(Payload::Cdn);
            let [subject] = &self.subjects;
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

/// Decodes any bytes as an answer, for [`crate::fuzzing`].
pub(crate) fn decode_any(body: &[u8]) {
    let answer = crate::source::http::Answer::of_body(body);
    if let Some(zone) = answer.json::<Envelope>().ok().and_then(|envelope| envelope.result) {
        cdn(zone);
    }
}
