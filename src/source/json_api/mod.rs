//! Any JSON API by URL: signals that are read by JSON pointer.
//!
//! One request a distinct path and body and interval, parsed once, whoever points into the answer. An API tells what is
//! now: history grows from the first poll on, and nothing is filled in. What the pointer does not find is an error that names
//! how far it leads, and never "no data"; only `null` is that.

mod answer;
mod moments;
mod pointer;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use url::Url;

use crate::clock::{Now, Stopwatch};
use crate::config::{Config, HttpQuery, HttpRequest, HttpSource, Query};
use crate::source::http::{Access, Answer, HttpClient, under};
use crate::source::{
    Ask, Cadence, Name, Number, Payload, Reading, Readings, SharedSource, SignalData, SignalId, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

pub use moments::fill;
pub use pointer::{Astray, Pointer};

use answer::Parsed;

/// Requests that run at once on one API.
const CONCURRENCY: usize = 4;

/// What a poll may take beyond the timeouts of its requests, so that one slow request fails alone.
const GRACE: Duration = Duration::from_millis(250);

/// A JSON API that is asked.
#[derive(Debug)]
pub struct JsonApi {
    key: Name,
    http: HttpClient,
    base: Url,
    timeout: Duration,
    permits: Semaphore,
}

/// The APIs of a configuration, which its sources and its checks share; touches neither network nor disk.
pub fn apis(config: &Config) -> Vec<Arc<JsonApi>> {
    config.http.iter().map(|source| Arc::new(JsonApi::new(source))).collect()
}

impl JsonApi {
    /// The API of one `[[http]]`.
    pub fn new(source: &HttpSource) -> Self {
        Self {
            key: source.name.clone(),
            http: HttpClient::new(Name::from(format!("http {}", source.name)), Access::from(&source.backend)),
            base: source.backend.url.clone(),
            timeout: source.backend.polling.timeout,
            permits: Semaphore::new(CONCURRENCY),
        }
    }

    /// Its name in the configuration.
    pub fn key(&self) -> &Name {
        &self.key
    }

    /// One value now.
    ///
    /// # Errors
    /// What HTTP and the backend say, and answers without the value.
    pub async fn ask(&self, query: &HttpQuery, now: Now) -> Result<Number, SourceError> {
        let parsed = self.fetch(&query.request, now).await?;
        self.take(&parsed, query).map(|data| data.value.unwrap_or(Number::NoData))
    }

    /// One single value now, as text.
    ///
    /// # Errors
    /// What HTTP and the backend say, and answers without such a value.
    pub async fn text(&self, request: &HttpRequest, pointer: &Pointer, now: Now) -> Result<Text, SourceError> {
        let parsed = self.fetch(request, now).await?;
        parsed.text(pointer).map_err(|(kind, reason)| self.http.error(kind, &reason))
    }

    async fn fetch(&self, request: &HttpRequest, now: Now) -> Result<Parsed, SourceError> {
        let clock = Stopwatch::start();
        let malformed = |reason: String| self.http.error(SourceErrorKind::Malformed, &reason);
        let url = fill(&request.path, now.wall).and_then(|path| address(&self.base, &path)).map_err(malformed)?;
        let body = request.body.as_deref().map(|body| fill(body, now.wall)).transpose().map_err(malformed)?;
        let _permit = self.permits.acquire().await.map_err(|_| malformed("the source is closing".to_owned()))?;
        let answer = match &body {
            Some(body) => self.http.post_json(&url, body).await?,
            None => self.http.get(&url).await?,
        };
        let answer = self.http.accepted(answer)?;
        Parsed::of(&answer, now.plus(clock.elapsed()).wall).map_err(malformed)
    }

    fn take(&self, parsed: &Parsed, query: &HttpQuery) -> Result<SignalData, SourceError> {
        parsed.take(query).map_err(|(kind, reason)| self.http.error(kind, &reason))
    }
}

/// The URL of a path below an API's base, on the same server: credentials go nowhere else.
///
/// # Errors
/// A path that is none, or that leaves the base.
pub fn address(base: &Url, path: &str) -> Result<Url, String> {
    let relative = path.strip_prefix('/').unwrap_or(path);
    let url = under(base, &format!("./{relative}"))?;
    match url.origin() == base.origin() && url.path().starts_with(base.path()) {
        true => Ok(url),
        false => Err("leaves the URL of its source".to_owned()),
    }
}

/// What stands at a pointer of an answer, as text; for the answers to changes.
///
/// # Errors
/// What came where JSON is expected, nothing where it points, or more than one value.
pub(crate) fn text_at(answer: &Answer, pointer: &Pointer) -> Result<Text, String> {
    Parsed::of(answer, Timestamp::UNIX_EPOCH)?.text(pointer).map_err(|(_, reason)| reason)
}

/// One [`Source`]: everything of one API that is asked at the same interval.
#[derive(Debug)]
struct JsonApiSource {
    name: Name,
    every: Duration,
    api: Arc<JsonApi>,
    subjects: Vec<Subject>,
    requests: BTreeMap<HttpRequest, Vec<(Subject, HttpQuery)>>,
}

/// The sources of a configuration's JSON APIs: one an API and interval.
pub fn sources(config: &Config, apis: &[Arc<JsonApi>]) -> Vec<SharedSource> {
    let mut groups: BTreeMap<(Name, Duration), JsonApiSource> = BTreeMap::new();
    for (subject, query, every) in queries(config) {
        let Some(api) = apis.iter().find(|api| api.key == query.request.source) else { continue };
        let group = groups.entry((api.key.clone(), every)).or_insert_with(|| JsonApiSource::new(api, every));
        group.subjects.push(subject.clone());
        group.requests.entry(query.request.clone()).or_default().push((subject, query.clone()));
    }
    groups.into_values().map(|source| Arc::new(source) as SharedSource).collect()
}

fn queries(config: &Config) -> Vec<(Subject, &HttpQuery, Duration)> {
    let of_services = config.services.iter().flat_map(|service| {
        service.signals.iter().map(|signal| {
            (Subject::Signal(SignalId { service: service.name.clone(), signal: signal.name.clone() }), signal)
        })
    });
    let of_backups = config.backups.iter().flat_map(|thing| {
        thing
            .measures
            .iter()
            .map(|signal| (Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() }, signal))
    });
    let asked = of_services.chain(of_backups).filter_map(|(subject, signal)| match &signal.query {
        Query::Http(query) => Some((subject, query, signal.interval)),
        _ => None,
    });
    asked.collect()
}

impl JsonApiSource {
    fn new(api: &Arc<JsonApi>, every: Duration) -> Self {
        Self {
            name: Name::from(format!("{} every {} s", api.http.name(), every.as_secs_f64())),
            every,
            api: api.clone(),
            subjects: Vec::new(),
            requests: BTreeMap::new(),
        }
    }

    async fn answer(&self, request: &HttpRequest, asked: &[(Subject, HttpQuery)], now: Now, out: &Readings) {
        let parsed = self.api.fetch(request, now).await;
        for (subject, query) in asked {
            let data = parsed.as_ref().map_err(Clone::clone).and_then(|parsed| self.api.take(parsed, query));
            // The receiver is gone when the poll is given up; then nobody wants the rest.
            let _ = out.send(Reading { subject: subject.clone(), outcome: data.map(Payload::Signal) }).await;
        }
    }
}

impl Source for JsonApiSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.every, lag: Duration::ZERO }
    }

    /// Requests wait for each other, some at a time.
    fn deadline(&self) -> Duration {
        let rounds = u32::try_from(self.requests.len().div_ceil(CONCURRENCY)).unwrap_or(u32::MAX);
        self.api.timeout.saturating_mul(rounds.max(1)).saturating_add(GRACE)
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            join_all(self.requests.iter().map(|(request, asked)| self.answer(request, asked, ask.now, out))).await;
        })
    }
}

/// Decodes any bytes as a pointer (up to the first newline) and the answer that it points into, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let (pointer, body) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let Ok(pointer) = Pointer::parse(&String::from_utf8_lossy(pointer)) else { return };
    let Ok(root) = crate::source::http::Answer::of_body(body).json::<serde_json::Value>() else { return };
    if let Ok(found) = pointer.find(&root) {
        let _ = value::moment(found);
        let _ = value::number(found, &crate::config::Conversion::Scaled(crate::config::Factor::ONE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_url_of_its_source() {
        let base: Url = "https://api.example.com/v2".parse().unwrap();
        let shown = |path: &str| address(&base, path).map(String::from);
        assert_eq!(shown("/monitors?id=1"), Ok("https://api.example.com/v2/monitors?id=1".to_owned()));
        assert_eq!(shown("monitors"), Ok("https://api.example.com/v2/monitors".to_owned()));
        assert_eq!(shown("https://evil.example/x"), Ok("https://api.example.com/v2/https://evil.example/x".to_owned()));
        for wrong in ["/../admin", "/%2e%2e/admin", "/..//evil.example"] {
            assert!(address(&base, wrong).is_err(), "{wrong}: {:?}", shown(wrong));
        }
        assert_eq!(address(&base, "//evil.example/x").map(|url| url.origin()), Ok(base.origin()));
    }
}
