//! Alerts: of Alertmanager (`GET /api/v2/alerts`), or of Prometheus itself (`GET /api/v1/alerts`) where there is none.
//!
//! API: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>,
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#alerts>.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::config::{Config, HttpBackend};
use crate::source::http::{self, Access, HttpClient};
use crate::source::prometheus::Prometheus;
use crate::source::{
    Alert, AlertOrigin, AlertState, Ask, Cadence, Name, Payload, Reading, Readings, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

/// The most labels that are kept of one alert.
const MAX_LABELS: usize = 32;

/// The alerts of one environment, but for CloudWatch's.
#[derive(Debug)]
pub struct AlertSource {
    name: Name,
    subjects: [Subject; 1],
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
            subjects: [Subject::Alerts { source: name.clone() }],
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

    fn poll<'a>(&'a self, _ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.alerts().await.map(Payload::Alerts);
            let [subject] = &self.subjects;
            // The receiver is gone when the poll is given up; then nobody wants the reading.
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

impl AlertSource {
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
        let mut url = http::under(base, "api/v2/alerts").map_err(malformed)?;
        url.set_query(Some("active=true&silenced=true&inhibited=true&unprocessed=true"));
        let answer = http.accepted(http.get(&url).await?)?;
        let alerts: Vec<GettableAlert> = answer.json().map_err(malformed)?;
        Ok(alerts.into_iter().map(|alert| self.gettable(alert)).collect())
    }

    async fn of_prometheus(&self, prometheus: &Prometheus) -> Result<Vec<Alert>, SourceError> {
        let answer: RuleAlerts = prometheus.get("api/v1/alerts").await?;
        Ok(answer.data.alerts.into_iter().map(|alert| self.of_rule(alert)).collect())
    }

    fn gettable(&self, alert: GettableAlert) -> Alert {
        let suppressed = !alert.status.silenced_by.is_empty() || !alert.status.inhibited_by.is_empty();
        let state = match (suppressed, alert.status.state.as_str()) {
            (true, _) | (_, "suppressed") => AlertState::Suppressed,
            _ => AlertState::Firing,
        };
        self.alert(state, &alert.labels, &alert.annotations, alert.starts_at)
    }

    fn of_rule(&self, alert: RuleAlert) -> Alert {
        let state = match alert.state.as_str() {
            "firing" => AlertState::Firing,
            "pending" => AlertState::Pending,
            _ => AlertState::NoData,
        };
        self.alert(state, &alert.labels, &alert.annotations, alert.active_at)
    }

    fn alert(&self, state: AlertState, labels: &Words, annotations: &Words, since: Option<Timestamp>) -> Alert {
        let text = |words: &Words, keys: &[&str]| {
            keys.iter().find_map(|key| words.get(*key)).map(|word| Text::clean(word)).unwrap_or_default()
        };
        Alert {
            name: text(labels, &["alertname"]),
            origin: self.origin(),
            state,
            severity: text(labels, &["severity"]),
            summary: text(annotations, &["summary", "description", "message"]),
            since,
            service: labels.get("service").and_then(|name| self.services.get(name.as_str())).cloned(),
            runbook: runbook(annotations),
            labels: labels.iter().take(MAX_LABELS).map(|(key, value)| (Text::clean(key), Text::clean(value))).collect(),
        }
    }
}

/// The runbook that annotations name: `runbook`, or the last part of the path of `runbook_url`.
fn runbook(annotations: &Words) -> Option<Text> {
    let named = annotations.get("runbook").cloned();
    let linked = || {
        let url: Url = annotations.get("runbook_url")?.parse().ok()?;
        let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?.to_owned();
        Some(last.trim_end_matches(".md").trim_end_matches(".html").to_owned())
    };
    named.filter(|name| !name.is_empty()).or_else(linked).map(|name| Text::clean(&name))
}

fn left_out(surplus: usize, origin: AlertOrigin) -> Alert {
    Alert {
        name: Text::clean(&format!("{surplus} more alerts are not shown (`max_series`)")),
        origin,
        state: AlertState::Firing,
        severity: Text::default(),
        summary: Text::default(),
        since: None,
        service: None,
        runbook: None,
        labels: Vec::new(),
    }
}

type Words = BTreeMap<String, String>;

/// An alert of Alertmanager's API; further members are its own business.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GettableAlert {
    labels: Words,
    #[serde(default)]
    annotations: Words,
    starts_at: Option<Timestamp>,
    status: AlertStatus,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlertStatus {
    state: String,
    #[serde(default)]
    silenced_by: Vec<String>,
    #[serde(default)]
    inhibited_by: Vec<String>,
}

/// The answer of Prometheus' `/api/v1/alerts`.
#[derive(Debug, Deserialize)]
struct RuleAlerts {
    data: RuleAlertList,
}

#[derive(Debug, Deserialize)]
struct RuleAlertList {
    alerts: Vec<RuleAlert>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleAlert {
    labels: Words,
    #[serde(default)]
    annotations: Words,
    state: String,
    active_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(key: &str, value: &str) -> Option<String> {
        let words = Words::from([(key.to_owned(), value.to_owned())]);
        runbook(&words).map(|text| text.to_string())
    }

    #[test]
    fn a_runbook_is_named_or_is_the_last_part_of_its_link() {
        assert_eq!(annotated("runbook", "scale-out").as_deref(), Some("scale-out"));
        let link = "https://git.example/ops/runbooks/scale-out.md?plain=1#top";
        assert_eq!(annotated("runbook_url", link).as_deref(), Some("scale-out"));
        assert_eq!(annotated("runbook_url", "https://wiki.example/scale-out/").as_deref(), Some("scale-out"));
        assert_eq!(annotated("runbook_url", "no link"), None);
    }
}
