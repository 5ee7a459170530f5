//! The connection to one Prometheus: queries, a bound on how many run at once, and its clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use super::decode::{self, Limits, Reply};
use super::outcome::{Outcome, Selector};
use super::range::Range;
use crate::clock::Now;
use crate::config::{HttpBackend, PromQuery};
use crate::source::http::{Access, Answer, HttpClient, Received};
use crate::source::{Name, Number, Point, SourceError, SourceErrorKind};
use crate::text::Text;

/// Queries that run at once on one Prometheus.
const CONCURRENCY: usize = 4;

/// Clocks that differ by less are taken as equal: `Date` has whole seconds, and answers take time.
pub(super) const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// A Prometheus that is asked.
#[derive(Debug)]
pub struct Prometheus {
    http: HttpClient,
    base: Url,
    timeout: Duration,
    max_series: usize,
    parameters: Vec<(String, String)>,
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
    /// The answer is not whole: VictoriaMetrics' `isPartial`, or a warning of a store (Thanos, remote read).
    pub partial: bool,
    /// The true value is at or above this one: a quantile beyond the last bucket's bound.
    pub at_least: bool,
    /// Warnings that came with it.
    pub warnings: Vec<Text>,
}

/// A whole answer, of which each of its subjects takes its series.
#[derive(Debug)]
pub(super) struct Vector {
    outcome: Outcome,
    received: Timestamp,
    pub(super) skew: SignedDuration,
    partial: bool,
    warnings: Vec<Text>,
}

impl Vector {
    /// The value of the selected series.
    pub(super) fn value(&self, selector: &Selector) -> Result<Answered, String> {
        let valued = self.outcome.value(selector)?;
        let sampled = valued.at.map_or(self.received, |at| (at + self.skew).min(self.received));
        let (skew, partial, mut warnings) = (self.skew, self.partial, self.warnings.clone());
        warnings.extend(valued.remark.map(Text::from));
        Ok(Answered { value: valued.value, sampled, skew, partial, at_least: valued.at_least, warnings })
    }

    /// When it was answered, by the server's clock.
    pub(super) fn server_time(&self) -> Timestamp {
        self.received.checked_sub(self.skew).unwrap_or(self.received)
    }
}

/// The history of each series of an answer.
#[derive(Debug)]
pub(super) struct Matrix {
    outcome: Outcome,
    pub(super) partial: bool,
    pub(super) warnings: Vec<Text>,
}

impl Matrix {
    /// The history of the selected series, oldest first; empty where there is none.
    pub(super) fn points(&self, selector: &Selector) -> Result<Vec<Point>, String> {
        self.outcome.points(selector)
    }
}

impl Prometheus {
    /// The Prometheus of the configuration; touches neither network nor disk.
    pub fn new(backend: &HttpBackend) -> Self {
        Self {
            http: HttpClient::new(Name::from("prometheus"), Access::from(backend)),
            base: backend.url.clone(),
            timeout: backend.polling.timeout,
            max_series: backend.max_series,
            parameters: backend.parameters.clone(),
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

    /// What was received so far, over all queries.
    pub fn received(&self) -> Received {
        self.http.received()
    }

    /// The value of a query now: a scalar, or the one series of the answer that is meant; where there is none it is
    /// [`Number::NoData`].
    ///
    /// # Errors
    /// What HTTP and the server say, and answers of another shape.
    pub async fn instant(&self, query: &PromQuery, now: Now) -> Result<Answered, SourceError> {
        let selector = Selector::from(query);
        let labels: Vec<Name> = selector.labels().collect();
        let vector = self.vector(&query.expression, &labels, now).await?;
        vector.value(&selector).map_err(|reason| self.malformed(&reason))
    }

    /// The value of a query now, from a whole answer only: evidence must not rest on a part, nor on a bound in place of the
    /// value.
    ///
    /// # Errors
    /// As [`Prometheus::instant`], an answer that is not whole, and a quantile beyond the last bucket.
    pub async fn whole(&self, query: &PromQuery, now: Now) -> Result<Number, SourceError> {
        let answer = self.instant(query, now).await?;
        if answer.partial {
            return Err(self.malformed("the answer is not whole"));
        }
        if answer.at_least {
            let value = answer.value.finite().unwrap_or(f64::NAN);
            return Err(self.malformed(&format!(
                "the quantile lies beyond the last bucket: all that is known is that it is {value} or more; add buckets"
            )));
        }
        Ok(answer.value)
    }

    /// The whole answer to `expression` now; `labels` are those that series will be picked by.
    ///
    /// # Errors
    /// As [`Prometheus::instant`], but for what concerns single series.
    pub(super) async fn vector(&self, expression: &str, labels: &[Name], now: Now) -> Result<Vector, SourceError> {
        let clock = crate::clock::Stopwatch::start();
        let (answer, reply) = self.query("query", &[("query", expression)], labels).await?;
        let received = now.plus(clock.elapsed()).wall;
        let outcome = reply.outcome.map_err(|reason| self.malformed(&reason))?;
        let (partial, warnings) = (reply.partial, reply.warnings);
        Ok(Vector { outcome, received, skew: skew(received, &answer), partial, warnings })
    }

    /// The history of `expression`, of all its series.
    ///
    /// # Errors
    /// As [`Prometheus::vector`].
    pub(super) async fn matrix(&self, expression: &str, labels: &[Name], range: Range) -> Result<Matrix, SourceError> {
        let (start, end, step) = (range.start.to_string(), range.end.to_string(), range.step.to_string());
        let form = [("query", expression), ("start", &start), ("end", &end), ("step", &step)];
        let (_, reply) = self.query("query_range", &form, labels).await?;
        let outcome = reply.outcome.map_err(|reason| self.malformed(&reason))?;
        Ok(Matrix { outcome, partial: reply.partial, warnings: reply.warnings })
    }

    /// The exemplars of the series of `selector` between two moments in seconds since 1970.
    pub(super) async fn exemplars(&self, selector: &str, start: &str, end: &str) -> Result<Answer, SourceError> {
        self.post("query_exemplars", &[("query", selector), ("start", start), ("end", end)]).await
    }

    /// GET of another part of the API, such as `api/v1/alerts`.
    ///
    /// # Errors
    /// What HTTP and the server say.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        let mut url = self.url(path)?;
        if !self.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.parameters);
        }
        let answer = self.http.accepted(self.http.get(&url).await?)?;
        answer.json().map_err(|reason| self.malformed(&reason))
    }

    async fn query(&self, path: &str, form: &[(&str, &str)], labels: &[Name]) -> Result<(Answer, Reply), SourceError> {
        let answer = self.post(path, form).await?;
        let limits = Limits { series: self.max_series, labels };
        let reply = decode::reply(&answer, limits).map_err(|reason| self.malformed(&reason))?;
        match reply.error {
            Some(error) => Err(self.http.error(SourceErrorKind::Refused, &error)),
            None => Ok((answer, reply)),
        }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, SourceError> {
        let url = self.url(&format!("api/v1/{path}"))?;
        let _permit = self.permits.acquire().await.map_err(|_| self.malformed("the source is closing"))?;
        let further = self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let form: Vec<(&str, &str)> = form.iter().copied().chain(further).collect();
        let answer = self.http.post_form(&url, &form).await?;
        self.http.accepted(answer).map_err(query_timeout)
    }

    /// A path under the base URL, which may have a path of its own (`https://host/prometheus`).
    fn url(&self, path: &str) -> Result<Url, SourceError> {
        crate::source::http::under(&self.base, path).map_err(|reason| self.malformed(&reason))
    }

    /// An answer of another shape than is meant.
    pub(super) fn malformed(&self, reason: &str) -> SourceError {
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
