//! Alerts and silences of Alertmanager (`GET /api/v2/alerts/groups`, `/api/v2/silences`), or the alerts of Prometheus itself
//! (`GET /api/v1/rules?type=alert`, which tells the rules that fail, too) where there is none.
//!
//! The groups hold every alert with all that `/api/v2/alerts` tells, and besides with whom it is sent and what time
//! interval mutes it, for one request.
//!
//! API: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>,
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#rules>.

mod decode;
mod rules;
mod silences;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use url::Url;

use crate::clock::Now;
use crate::config::{Config, HttpBackend};
use crate::source::http::{self, Access, HttpClient};
use crate::source::prometheus::Prometheus;
use crate::source::{
    Alert, AlertOrigin, AlertState, Ask, Cadence, Name, Payload, Reading, Readings, Silences, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

use decode::Group;
use silences::GettableSilence;

/// The alerts of one environment, but for CloudWatch's.
#[derive(Debug)]
pub struct AlertSource {
    name: Name,
    subjects: Vec<Subject>,
    every: Duration,
    timeout: Duration,
    most: usize,
    services: HashSet<Name>,
    from: From,
}

/// Who is asked.
#[derive(Debug)]
enum From {
    Alertmanager { http: Box<HttpClient>, base: Url },
    Prometheus(Arc<Prometheus>),
}

/// The alert source of a configuration: Alertmanager, else Prometheus' own rules, else none.
pub fn source(config: &Config, prometheus: Option<&Arc<Prometheus>>) -> Option<AlertSource> {
    let services = config.services.iter().map(|service| service.name.clone()).collect();
    let make = |backend: &HttpBackend, name: &str, from| {
        let name = Name::from(name);
        AlertSource {
            subjects: subjects(&name, &from),
            name,
            every: backend.polling.interval,
            timeout: backend.polling.timeout,
            most: backend.max_series,
            services,
            from,
        }
    };
    match (&config.alertmanager, &config.prometheus, prometheus) {
        (Some(backend), _, _) => {
            let http = Box::new(HttpClient::new(Name::from("alertmanager"), Access::from(backend)));
            Some(make(backend, "alertmanager", From::Alertmanager { http, base: backend.url.clone() }))
        }
        (None, Some(backend), Some(shared)) => Some(make(backend, "prometheus", From::Prometheus(shared.clone()))),
        _ => None,
    }
}

fn subjects(name: &Name, from: &From) -> Vec<Subject> {
    let silences = matches!(from, From::Alertmanager { .. }).then(|| Subject::Silences { source: name.clone() });
    std::iter::once(Subject::Alerts { source: name.clone() }).chain(silences).collect()
}

impl Source for AlertSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.every, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let each = self.subjects.iter().map(|subject| self.tell(subject, ask.now, out));
            join_all(each).await;
        })
    }
}

impl AlertSource {
    async fn tell(&self, subject: &Subject, now: Now, out: &Readings) {
        let outcome = match subject {
            Subject::Silences { .. } => self.silences(now).await.map(Payload::Silences),
            _ => self.alerts().await.map(Payload::Alerts),
        };
        // The receiver is gone when the poll is given up; then nobody wants the reading.
        let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
    }

    /// All alerts now, the worst first. When there are more than the limit, the last entry says how many are left out.
    ///
    /// # Errors
    /// What HTTP and the server say, and answers of another shape.
    pub async fn alerts(&self) -> Result<Vec<Alert>, SourceError> {
        let mut alerts = match &self.from {
            From::Alertmanager { http, base } => self.of_alertmanager(http, base).await?,
            From::Prometheus(prometheus) => self.of_prometheus(prometheus).await?,
        };
        alerts.sort_by(|a, b| (a.state, &a.name, a.since).cmp(&(b.state, &b.name, b.since)));
        if alerts.len() > self.most {
            let surplus = alerts.len() - self.most;
            alerts.truncate(self.most);
            alerts.push(left_out(surplus, self.origin()));
        }
        Ok(alerts)
    }

    fn origin(&self) -> AlertOrigin {
        match self.from {
            From::Alertmanager { .. } => AlertOrigin::Alertmanager,
            From::Prometheus(_) => AlertOrigin::Prometheus,
        }
    }

    async fn of_alertmanager(&self, http: &HttpClient, base: &Url) -> Result<Vec<Alert>, SourceError> {
        let malformed = |reason: String| http.error(SourceErrorKind::Malformed, &reason);
        let mut url = http::under(base, "api/v2/alerts/groups").map_err(malformed)?;
        url.set_query(Some("active=true&silenced=true&inhibited=true&muted=true"));
        let answer = http.accepted(http.get(&url).await?)?;
        let groups: Vec<Group> = answer.json().map_err(malformed)?;
        Ok(decode::grouped(groups, &self.services))
    }

    async fn of_prometheus(&self, prometheus: &Prometheus) -> Result<Vec<Alert>, SourceError> {
        let answer = prometheus.get("api/v1/rules?type=alert").await?;
        Ok(rules::alerts(&answer, &self.services))
    }

    /// The silences: those in force and pending, and those that ended within the last hours.
    ///
    /// # Errors
    /// What HTTP and the server say, answers of another shape, and a source that knows no silences.
    pub async fn silences(&self, now: Now) -> Result<Silences, SourceError> {
        let From::Alertmanager { http, base } = &self.from else {
            return Err(SourceError::new(&self.name, SourceErrorKind::Missing, "rules of Prometheus have no silences"));
        };
        let malformed = |reason: String| http.error(SourceErrorKind::Malformed, &reason);
        let url = http::under(base, "api/v2/silences").map_err(malformed)?;
        let answer = http.accepted(http.get(&url).await?)?;
        let raw: Vec<GettableSilence> = answer.json().map_err(malformed)?;
        Ok(silences::silences(raw, now.plus(answer.took).wall, answer.server_time()))
    }
}

fn left_out(surplus: usize, origin: AlertOrigin) -> Alert {
    let name = format!("{surplus} more alerts are not shown (`max_series`)");
    Alert::new(Text::clean(&name), origin, AlertState::Firing)
}

/// Decodes any bytes as groups, silences and alerts of rules, for [`crate::fuzzing`].
pub(crate) fn decode_any(body: &[u8]) {
    let services = std::collections::HashSet::from([Name::from("rtech-app")]);
    let answer = crate::source::http::Answer::of_body(body);
    if let Ok(groups) = answer.json() {
        decode::grouped(groups, &services);
    }
    if let Ok(told) = answer.json() {
        rules::alerts(&told, &services);
    }
    if let Ok(raw) = answer.json() {
        silences::silences(raw, jiff::Timestamp::UNIX_EPOCH, None);
    }
}
