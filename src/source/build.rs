//! From a configuration to the backends of its environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::clock::Now;
use crate::config::{self, Config, Query, ReadBack};
use crate::simulator;
use crate::source::alertmanager::{self, AlertSource};
use crate::source::aws::{self, Connections};
use crate::source::cloudflare;
use crate::source::declared;
use crate::source::health;
use crate::source::json_api::{self, JsonApi};
use crate::source::logs::{LogReader, NoLogs};
use crate::source::probe;
use crate::source::prometheus::{self, Prometheus};
use crate::source::served::{self, Means};
use crate::source::{
    Alert, AlertState, CalendarState, Cdn, Look, Name, Number, Observation, SeenAlerts, SeenBack, SeenDeclared,
    SharedSource, Silences, SourceError, SourceErrorKind, Span, Subject, World,
};
use crate::text::Text;

/// The real backends of one environment.
struct Backends {
    config: Arc<Config>,
    prometheus: Option<Arc<Prometheus>>,
    alerts: Option<Arc<AlertSource>>,
    http: Vec<Arc<JsonApi>>,
    aws: Option<Arc<Connections>>,
}

/// The backends of a configuration, or its simulated fleet. Returns without waiting for the network: the first frame
/// comes before any data.
///
/// # Errors
/// A backend that can't even be set up.
pub async fn world(config: Arc<Config>) -> Result<Arc<dyn World>, SourceError> {
    if config.simulator.is_some() {
        return simulated(config);
    }
    let prometheus = config.prometheus.as_ref().map(|backend| Arc::new(Prometheus::new(backend)));
    let alerts = alertmanager::source(&config, prometheus.as_ref()).map(Arc::new);
    let aws = config.aws.as_ref().map(|aws| Arc::new(Connections::open(aws)));
    let http = json_api::apis(&config);
    Ok(Arc::new(Backends { config, prometheus, alerts, http, aws }))
}

fn simulated(config: Arc<Config>) -> Result<Arc<dyn World>, SourceError> {
    let name = Name::from(simulator::SOURCE);
    let refused = |reason: String| SourceError::new(&name, SourceErrorKind::Refused, &reason);
    let state_dir = config::find::state_dir(&config).map_err(|error| refused(error.to_string()))?;
    simulator::world(config, &state_dir).map_err(|error| refused(error.to_string()))
}

impl World for Backends {
    fn sources(&self) -> Vec<SharedSource> {
        let mut sources = Vec::new();
        if let Some(prometheus) = &self.prometheus {
            sources.extend(prometheus::sources(&self.config, prometheus));
        }
        sources.extend(self.alerts.clone().map(|alerts| alerts as SharedSource));
        sources.extend(health::sources(&self.config));
        sources.extend(json_api::sources(&self.config, &self.http));
        sources.extend(probe::sources(&self.config));
        sources.extend(cloudflare::sources(&self.config));
        if let Some(connections) = &self.aws {
            sources.extend(aws::sources(connections, &self.config));
        }
        sources
    }

    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move {
            let (observed, silences, answers, alerts, raised, zone, declared) = tokio::join!(
                self.on_aws(look, now),
                self.silences(look, now),
                self.answers(look, now),
                self.alerts_of(look),
                self.raised(look),
                self.zone(look),
                self.declared(look, now)
            );
            let observed = observed?;
            let cdn = zone?.or(observed.cdn.clone());
            let alerts = Observation::at(now.wall).with_alerts(alerts.as_deref());
            let firing = joined(self.alarms(observed.firing), alerts.firing);
            let paging = joined(self.alarms(observed.paging), alerts.paging);
            let (silences, answers, raised, declared) = (silences?, answers?, raised?, declared?);
            let held_back = [observed.held_back.clone(), alerts.held_back].concat();
            let seen =
                Observation { silences, alerts: raised, cdn, declared, answers, firing, paging, held_back, ..observed };
            let served = served::served(self, &self.config, (look, &seen), now).await;
            Ok(Observation { served, ..seen })
        })
    }

    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async move {
            match (query, &self.prometheus, &self.aws) {
                (Query::Prometheus(promql), Some(backend), _) => backend.whole(promql, now).await,
                (Query::Prometheus(_), None, _) => {
                    Err(missing("prometheus", "the query is PromQL, and the configuration has no [prometheus]"))
                }
                (Query::Http(query), ..) => self.api(&query.request.source)?.ask(query, now).await,
                (Query::Simulator(_), ..) => {
                    Err(missing(simulator::SOURCE, "the query is of the simulated fleet, which is not in use"))
                }
                (Query::CloudWatch(_) | Query::CloudWatchMaths { .. }, _, Some(connections)) => {
                    aws::ask(connections, query, now).await
                }
                (Query::CloudWatch(_) | Query::CloudWatchMaths { .. }, _, None) => {
                    Err(missing("cloudwatch", "the query is CloudWatch's, and the configuration has no [aws]"))
                }
            }
        })
    }

    fn means<'a>(&'a self, queries: &'a [Query], spans: &'a [Span], now: Now) -> BoxFuture<'a, Vec<Means>> {
        Box::pin(async move {
            let mut all = self.unasked(queries, spans);
            if let Some(backend) = &self.prometheus {
                backend.means((queries, spans), &mut all).await;
            }
            if let Some(connections) = &self.aws {
                aws::means(connections, (queries, spans), now, &mut all).await;
            }
            all
        })
    }

    fn calendar<'a>(
        &'a self,
        calendar: &'a config::Calendar,
        _now: Now,
    ) -> BoxFuture<'a, Result<CalendarState, SourceError>> {
        Box::pin(async move {
            match &self.aws {
                Some(connections) => aws::calendar(connections, calendar).await,
                None => Err(missing("aws", "the calendar is SSM's, and the configuration has no [aws]")),
            }
        })
    }

    fn logs(&self) -> Arc<dyn LogReader> {
        match &self.aws {
            Some(connections) => Arc::new(aws::CloudWatchLogs::new(connections.clone(), &self.config)),
            None => Arc::new(NoLogs),
        }
    }
}

impl Backends {
    /// A mean of each query over each interval, none of them asked.
    fn unasked(&self, queries: &[Query], spans: &[Span]) -> Vec<Means> {
        let none = Text::from("its source keeps no history that is asked for");
        vec![vec![Err(none); spans.len()]; queries.len()]
    }

    /// What the look asks for on AWS; nothing where it asks for nothing there.
    async fn on_aws(&self, look: &Look, now: Now) -> Result<Observation, SourceError> {
        match &self.aws {
            _ if !look.is_on_aws() => Ok(Observation::at(now.wall).with_alerts(Some(&[]))),
            Some(connections) => aws::observe(connections, &self.config, look, now).await,
            None => Err(missing("aws", &format!("{} can't be observed: the configuration has no [aws]", look.target))),
        }
    }

    /// Alertmanager's silences, where they are asked for.
    async fn silences(&self, look: &Look, now: Now) -> Result<Option<Silences>, SourceError> {
        match &self.alerts {
            _ if !look.subjects.iter().any(|subject| matches!(subject, Subject::Silences { .. })) => Ok(None),
            Some(source) => source.silences(now).await.map(Some),
            None => Err(missing("alertmanager", "silences can't be read: the configuration has no [alertmanager]")),
        }
    }

    /// All alerts that fire or are held back, where they are asked for.
    async fn raised(&self, look: &Look) -> Result<Option<SeenAlerts>, SourceError> {
        match &self.alerts {
            _ if !look.subjects.iter().any(|subject| matches!(subject, Subject::Alerts { .. })) => Ok(None),
            Some(source) => source.alerts().await.map(|alerts| Some(alerts.into())),
            None => Err(missing("alertmanager", "alerts can't be read: the configuration has no [alertmanager]")),
        }
    }

    /// The Cloudflare zone, where one is asked for.
    async fn zone(&self, look: &Look) -> Result<Option<Cdn>, SourceError> {
        if !look.beyond_aws || !look.subjects.iter().any(|subject| matches!(subject, Subject::Cdn { .. })) {
            return Ok(None);
        }
        let none = || missing("cloudflare", &format!("the configuration has no Cloudflare zone of {}", look.target));
        let service = self.config.service(&look.target).ok_or_else(none)?;
        cloudflare::fresh(service).await.ok_or_else(none)?.map(Some)
    }

    /// The declared action, where one is looked at.
    async fn declared(&self, look: &Look, now: Now) -> Result<Option<SeenDeclared>, SourceError> {
        let Some(name) = &look.declared else { return Ok(None) };
        let action = declared::find(&self.config, &look.target, name)?;
        let read_back = match &action.read_back {
            Some(read_back) => Some(self.read_back(read_back, now).await?),
            None => None,
        };
        Ok(Some(declared::seen(action, read_back).await))
    }

    async fn read_back(&self, read_back: &ReadBack, now: Now) -> Result<SeenBack, SourceError> {
        match read_back {
            ReadBack::Value { what, request, pointer, expected } => {
                let value = self.api(&request.source)?.text(request, pointer, now).await?;
                Ok(declared::of_value(what, expected.as_ref(), value))
            }
            ReadBack::Signal { signal, .. } => {
                let none = || missing("read-back", &format!("the configuration has no signal {signal}"));
                let query = &self.config.signal(signal).ok_or_else(none)?.query;
                declared::of_signal(read_back, &self.config, self.ask(query, now).await?)
            }
        }
    }

    fn api(&self, source: &Name) -> Result<&JsonApi, SourceError> {
        let found = self.http.iter().find(|api| api.key() == source);
        found.map(Arc::as_ref).ok_or_else(|| missing("http", &format!("there is no [[http]] named {source}")))
    }

    /// The answers to the look's questions: all, or the first error.
    async fn answers(&self, look: &Look, now: Now) -> Result<BTreeMap<String, Number>, SourceError> {
        let mut answers = BTreeMap::new();
        for (name, query) in &look.questions {
            answers.insert(name.clone(), self.ask(query, now).await?);
        }
        Ok(answers)
    }

    /// CloudWatch's firing alarms: none where the configuration chooses none, `None` where they could not be read.
    fn alarms(&self, read: Option<Vec<Text>>) -> Option<Vec<Text>> {
        match &self.config.cloudwatch {
            Some(cloudwatch) if !cloudwatch.alarm_prefixes.is_empty() => read,
            _ => Some(Vec::new()),
        }
    }

    /// The alerts of a service that fire, or would if nothing held them back: none where no one raises any, `None` where they could
    /// not be read, or are not asked for.
    async fn alerts_of(&self, look: &Look) -> Option<Vec<Alert>> {
        if look.is_back {
            return None;
        }
        let service = &look.target;
        let Some(source) = &self.alerts else { return Some(Vec::new()) };
        let on = |alert: &Alert| matches!(alert.state, AlertState::Firing | AlertState::Suppressed);
        let fires = |alert: &Alert| on(alert) && alert.service.as_ref() == Some(service);
        match source.alerts().await {
            Ok(alerts) => Some(alerts.into_iter().filter(fires).collect()),
            Err(error) => {
                tracing::warn!(%service, %error, "firing alerts could not be read");
                None
            }
        }
    }
}

/// Both lists, or `None` where either is not known: half a list must not look whole.
fn joined(first: Option<Vec<Text>>, second: Option<Vec<Text>>) -> Option<Vec<Text>> {
    let (mut all, more) = (first?, second?);
    all.extend(more);
    Some(all)
}

fn missing(source: &str, reason: &str) -> SourceError {
    SourceError::new(&Name::from(source), SourceErrorKind::Missing, reason)
}
