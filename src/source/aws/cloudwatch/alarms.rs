//! The source of CloudWatch's alarms, metric and composite.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::AlarmType;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::alarm_decode::{self, Known};
use super::history;
use super::reader::Reader;
use crate::clock::Now;
use crate::config::{CloudWatch, Config, Service, source_at};
use crate::source::aws::connect::Connection;
use crate::source::aws::meter::Price;
use crate::source::{
    Alert, AlertState, Ask, Cadence, Name, Payload, Reading, Readings, Source, SourceError, SourceErrorKind, Subject,
};
use crate::text::Text;

/// Alarms in one DescribeAlarms page, the API's limit.
const ALARMS_A_PAGE: i32 = 100;

/// Pages that are read of one prefix. A list that is cut could hide a firing alarm, so more is an error.
const PAGES: usize = 20;

/// Reads the alarms whose names begin with the configured prefixes. Its subject is the alerts of `cloudwatch`.
pub struct Alarms {
    name: Name,
    connection: Arc<Connection>,
    settings: CloudWatch,
    known: Vec<Known>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
    /// The states at the last poll; none before the first.
    states: Mutex<Option<States>>,
}

type States = BTreeMap<Text, AlertState>;

impl Alarms {
    /// A source named `cloudwatch-alarms`.
    pub fn new(connection: Arc<Connection>, settings: CloudWatch, config: &Config) -> Self {
        let subjects = vec![Subject::Alerts { source: Name::from("cloudwatch") }];
        let name = Name::from("cloudwatch-alarms");
        Self {
            name,
            connection,
            settings,
            known: known(config, None),
            subjects,
            reader: OnceCell::new(),
            states: Mutex::default(),
        }
    }

    /// The same for a place: named after it, as are the alerts, which are about services of that place.
    pub fn at(self, place: Option<&Name>, config: &Config) -> Self {
        let subjects = vec![Subject::Alerts { source: source_at("cloudwatch", place) }];
        Self { name: source_at("cloudwatch-alarms", place), subjects, known: known(config, place), ..self }
    }
}

impl Source for Alarms {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.settings.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.settings.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let deadline = self.settings.polling.timeout;
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, deadline)).await;
            let outcome = alarms(reader, &self.settings.alarm_prefixes, &self.known).await;
            let changed = outcome.as_ref().is_ok_and(|alarms| self.changed(alarms));
            let outcome = outcome.map(Payload::Alerts);
            for subject in &self.subjects {
                let _ = out.send(Reading { subject: subject.clone(), outcome: outcome.clone() }).await;
            }
            if changed {
                self.tell_why(reader, ask.now, out).await;
            }
        })
    }
}

impl Alarms {
    /// Whether the states are others than at the last poll. The first poll can't know.
    fn changed(&self, alarms: &[Alert]) -> bool {
        let states: States = alarms.iter().map(|alarm| (alarm.name.clone(), alarm.state)).collect();
        let mut known = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = known.as_ref().is_some_and(|known| *known != states);
        *known = Some(states);
        changed
    }

    /// Reads the history at once, which is otherwise read rarely: a state has just changed.
    async fn tell_why(&self, reader: &Reader, now: Now, out: &Readings) {
        let told = history::history(reader, &self.settings.alarm_prefixes, now.wall).await.map(Payload::AlarmHistory);
        for subject in &self.subjects {
            if let Subject::Alerts { source } = subject {
                let subject = Subject::AlarmHistory { source: source.clone() };
                let _ = out.send(Reading { subject, outcome: told.clone() }).await;
            }
        }
    }
}

/// The alarms that fire for `service`, fresh. Without configured alarms there is nothing that could fire.
pub(in crate::source::aws) async fn firing(
    connection: &Connection,
    (config, place): (&Config, Option<&Name>),
    service: &Name,
    deadline: Duration,
) -> Result<Vec<Alert>, SourceError> {
    let prefixes = config.cloudwatch.as_ref().map(|settings| settings.alarm_prefixes.as_slice()).unwrap_or_default();
    if prefixes.is_empty() {
        return Ok(Vec::new());
    }
    let reader = Reader::new(connection, deadline).await;
    let alarms = alarms(&reader, prefixes, &known(config, place)).await?;
    let fires = |alarm: &Alert| alarm.state == AlertState::Firing && alarm.service.as_ref() == Some(service);
    Ok(alarms.into_iter().filter(fires).collect())
}

/// The services that alarms of a place may be about. Where a service runs tells its own; one of the same cluster and name
/// in another place is another.
fn known(config: &Config, place: Option<&Name>) -> Vec<Known> {
    let here = |service: &&Service| service.ecs.as_ref().is_none_or(|ecs| ecs.place.as_ref() == place);
    let services = config.services.iter().filter(here);
    services.map(|service| Known { name: service.name.clone(), ecs: service.ecs.clone() }).collect()
}

/// All alarms of all prefixes, each once, by name.
async fn alarms(reader: &Reader, prefixes: &[String], known: &[Known]) -> Result<Vec<Alert>, SourceError> {
    let mut found = BTreeMap::new();
    for prefix in prefixes {
        for page in pages(reader, prefix).await? {
            let metric = page.metric_alarms().iter().map(|alarm| alarm_decode::metric(alarm, known));
            let composite = page.composite_alarms().iter().map(|alarm| alarm_decode::composite(alarm, known));
            found.extend(metric.chain(composite).map(|alert| (alert.name.clone(), alert)));
        }
    }
    let mut all: Vec<Alert> = found.into_values().collect();
    inherit(&mut all);
    Ok(all)
}

/// A composite alarm that names no service is about the one that all of its alarms are about.
fn inherit(alarms: &mut [Alert]) {
    let known: BTreeMap<Text, Option<Name>> =
        alarms.iter().map(|alarm| (alarm.name.clone(), alarm.service.clone())).collect();
    for alarm in alarms.iter_mut().filter(|alarm| alarm.service.is_none() && !alarm.parts.is_empty()) {
        let services: Option<BTreeSet<&Name>> =
            alarm.parts.iter().map(|part| known.get(part).and_then(Option::as_ref)).collect();
        alarm.service =
            services.filter(|services| services.len() == 1).and_then(|one| one.first().map(|n| (*n).clone()));
    }
}

async fn pages(reader: &Reader, prefix: &str) -> Result<Vec<DescribeAlarmsOutput>, SourceError> {
    let asked = reader.asked("cloudwatch:DescribeAlarms");
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < PAGES {
        let asking = reader.client.describe_alarms().max_records(ALARMS_A_PAGE).set_next_token(token.clone());
        let asking = asking.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let asking = asking.set_alarm_name_prefix((!prefix.is_empty()).then(|| prefix.to_owned()));
        reader.meter.charge(Price::CloudWatchRequests, 1);
        let page = asking.send().await.map_err(|error| asked.failed(&error))?;
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        pages.push(page);
        if next.is_none() {
            return Ok(pages);
        }
        if next == token {
            return Err(asked.error(SourceErrorKind::Malformed, "the answer refers to itself as its next page"));
        }
        token = next;
    }
    let reason = format!("more than {} pages of alarms; narrow alarm_prefixes", PAGES);
    Err(asked.error(SourceErrorKind::Malformed, &reason))
}
