//! The connection to one Prometheus: queries, a bound on how many run at once, and its clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use super::decode::{self, Limits, Reply};
use super::range::Range;
use crate::clock::Now;
use crate::config::HttpBackend;
use crate::source::http::{Access, Answer, HttpClient};
use crate::source::{Name, Number, Point, SourceError, SourceErrorKind};
use crate::text::Text;

/// Queries that run at once on one Prometheus.
const CONCURRENCY: usize = 4;

/// Clocks that differ by less are taken as equal: `Date` has whole seconds, and answers take time.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// A Prometheus that is asked.
#[derive(Debug)]
pub struct Prometheus {
    http: HttpClient,
    base: Url,
    timeout: Duration,
    limits: Limits,
    permits: Semaphore,
}

/// The answer to one instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The value.
    pub value: Number,
    /// When it was sampled, by our own clock.
    pub sampled: Timestamp,
    /// How far our clock is ahead of the server's; zero where it is close.
    pub skew: SignedDuration,
    /// The answer is not whole (VictoriaMetrics' `isPartial`).
    pub partial: bool,
    /// Warnings and infos that came with it.
    pub warnings: Vec<Text>,
}

impl Prometheus {
    /// The Prometheus of the configuration; touches neither network nor disk.
    pub fn new(backend: &HttpBackend) -> Self {
        Self {
            http: HttpClient::new(Name::from("prometheus"), Access::from(backend)),
            base: backend.url.clone(),
            timeout: backend.polling.timeout,
            limits: Limits { series: backend.max_series },
            permits: Semaphore::new(CONCURRENCY),
        }
    }

    /// Its name, `prometheus`.
    pub fn name(&self) -> &Name {
        self.http.name()
    }

    /// The longest that one query may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The value of `expression` now: a scalar, or a vector of one series; an empty vector is [`Number::NoData`].
    ///
    /// # Errors
    /// What HTTP and the server say, and answers of another shape.
    pub async fn instant(&self, expression: &str, now: Now) -> Result<Answered, SourceError> {
        let clock = crate::clock::Stopwatch::start();
        let (answer, reply) = self.query("query", &[("query", expression)]).await?;
        let now = now.plus(clock.elapsed()).wall;
        let skew = skew(now, &answer);
        let (value, at) = reply.value.map_err(|reason| self.malformed(&reason))?;
        let sampled = at.map_or(now, |at| (at + skew).min(now));
        Ok(Answered { value, sampled, skew, partial: reply.partial, warnings: reply.warnings })
    }

    /// The history of `expression`, oldest first. Empty where there is none.
    ///
    /// # Errors
    /// As [`Prometheus::instant`].
    pub(super) async fn range(&self, expression: &str, range: Range) -> Result<Vec<Point>, SourceError> {
        let (start, end, step) = (range.start.to_string(), range.end.to_string(), range.step.to_string());
        let form = [("query", expression), ("start", &start), ("end", &end), ("step", &step)];
        let (_, reply) = self.query("query_range", &form).await?;
        reply.points.map_err(|reason| self.malformed(&reason))
    }

    /// GET of another part of the API, such as `api/v1/alerts`.
    ///
    /// # Errors
    /// What HTTP and the server say.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        let url = self.url(path)?;
        let answer = self.http.accepted(self.http.get(&url).await?)?;
        answer.json().map_err(|reason| self.malformed(&reason))
    }

    async fn query(&self, path: &str, form: &[(&str, &str)]) -> Result<(Answer, Reply), SourceError> {
        let url = self.url(&format!("api/v1/{path}"))?;
        let _permit = self.permits.acquire().await.map_err(|_| self.malformed("the source is closing"))?;
        let answer = self.http.post_form(&url, form).await?;
        let answer = self.http.accepted(answer).map_err(query_timeout)?;
        let reply = decode::reply(&answer, self.limits).map_err(|reason| self.malformed(&reason))?;
        match reply.error {
            Some(error) => Err(self.http.error(SourceErrorKind::Refused, &error)),
            None => Ok((answer, reply)),
        }
    }

    /// A path under the base URL, which may have a path of its own (`https://host/prometheus`).
    fn url(&self, path: &str) -> Result<Url, SourceError> {
        crate::source::http::under(&self.base, path).map_err(|reason| self.malformed(&reason))
    }

    fn malformed(&self, reason: &str) -> SourceError {
        self.http.error(SourceErrorKind::Malformed, reason)
    }
}

/// Prometheus answers 503 with `query timed out` when its own limit strikes.
fn query_timeout(error: SourceError) -> SourceError {
    let late = error.kind == SourceErrorKind::Refused && error.reason.contains("query timed out");
    if late { SourceError { kind: SourceErrorKind::Timeout, ..error } } else { error }
}

fn skew(now: Timestamp, answer: &Answer) -> SignedDuration {
    let skew = answer.server_time().map_or(SignedDuration::ZERO, |server| now.duration_since(server));
    if skew.abs() < SKEW { SignedDuration::ZERO } else { skew }
}
