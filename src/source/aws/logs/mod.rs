//! CloudWatch Logs: following (`FilterLogEvents`), Insights queries, counts per five minutes.
//!
//! Needs `logs:FilterLogEvents`, `logs:StartQuery`, `logs:GetQueryResults`, `logs:StopQuery`.

mod allowance;
mod charged;
mod count;
mod decode;
mod insights;
mod read;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::Connections;
use super::cloudwatch::pacing::Projection;
use super::connect::operation_timeout;
use super::error::Asked;
use crate::clock::Now;
use crate::config::{Config, LogSource};
use crate::source::logs::{LogAsk, LogId, LogPage, LogReader, QueryAsk, QueryTicket};
use crate::source::{Name, QueryResults, SharedSource, SourceError, SourceErrorKind, Subject};

use allowance::Allowance;
use charged::Charged;
use count::Count;

pub(crate) use count::decode_any as decode_any_count;

/// The sources that the configuration asks for: one a counted log, each at its own interval.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let reader: Arc<dyn LogReader> = Arc::new(CloudWatchLogs::new(connections.clone(), config));
    let budget = config.cloudwatch.as_ref().and_then(|settings| settings.budget_usd_month);
    let usd_month = budget.map(|budget| budget - Projection::of(config).usd());
    let counts = config.services.iter().flat_map(|service| {
        let counted = service.logs.iter().filter_map(|log| Some((log, log.count.as_ref()?)));
        counted.map(|(log, count)| {
            let id = LogId { service: service.name.clone(), log: log.name.clone() };
            let subject = Subject::LogCount { service: id.service.clone(), log: id.log.clone() };
            Arc::new(Count::new(reader.clone(), id, subject, count, Allowance::new(connections.meter(), usd_month)))
                as SharedSource
        })
    });
    counts.collect()
}

/// The log groups of the configuration, read through CloudWatch Logs.
pub struct CloudWatchLogs {
    connections: Arc<Connections>,
    logs: HashMap<(Name, Name), LogSource>,
    /// A client a log, made when it is first read.
    clients: Mutex<HashMap<(Name, Name), Client>>,
    charged: Charged,
    source: Name,
}

impl CloudWatchLogs {
    /// A reader of all logs of a configuration.
    pub fn new(connections: Arc<Connections>, config: &Config) -> Self {
        let of = |service: &crate::config::Service| {
            let key = |log: &LogSource| ((service.name.clone(), log.name.clone()), log.clone());
            service.logs.iter().map(key).collect::<Vec<_>>()
        };
        let logs = config.services.iter().flat_map(of).collect();
        let charged = Charged::new(connections.meter());
        Self { connections, logs, clients: Mutex::default(), charged, source: Name::from("logs") }
    }

    fn log(&self, id: &LogId) -> Result<&LogSource, SourceError> {
        let found = self.logs.get(&(id.service.clone(), id.log.clone()));
        found.ok_or_else(|| {
            SourceError::new(&self.source, SourceErrorKind::Missing, &format!("no log {id} is configured"))
        })
    }

    async fn client(&self, id: &LogId) -> Result<(Client, &LogSource, String), SourceError> {
        let log = self.log(id)?;
        let connection = self.connections.at(log.place.as_ref());
        let mut clients = self.clients.lock().await;
        let key = (id.service.clone(), id.log.clone());
        if let Some(client) = clients.get(&key) {
            return Ok((client.clone(), log, connection.who()));
        }
        let client = Client::new(&connection.sdk_config(operation_timeout(log.polling.timeout)).await);
        clients.insert(key, client.clone());
        Ok((client, log, connection.who()))
    }

    fn asked<'a>(&'a self, operation: &'a str, who: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who }
    }
}

impl LogReader for CloudWatchLogs {
    fn interval(&self, id: &LogId) -> Duration {
        self.log(id).map_or(Duration::from_secs(2), |log| log.polling.interval)
    }

    fn read<'a>(&'a self, ask: &'a LogAsk, _now: Now) -> BoxFuture<'a, Result<LogPage, SourceError>> {
        Box::pin(async move {
            let (client, log, who) = self.client(&ask.id).await?;
            read::page(&client, log, ask, &self.asked("logs:FilterLogEvents", &who)).await
        })
    }

    fn start<'a>(&'a self, ask: &'a QueryAsk, now: Now) -> BoxFuture<'a, Result<QueryTicket, SourceError>> {
        Box::pin(async move {
            let (client, log, who) = self.client(&ask.id).await?;
            self.charged.started();
            let query = insights::start(&client, log, ask, &self.asked("logs:StartQuery", &who)).await?;
            Ok(QueryTicket { id: ask.id.clone(), query, ask: ask.clone(), started: now.wall })
        })
    }

    fn results<'a>(&'a self, ticket: &'a QueryTicket, _now: Now) -> BoxFuture<'a, Result<QueryResults, SourceError>> {
        Box::pin(async move {
            let (client, _, who) = self.client(&ticket.id).await?;
            let results = insights::results(&client, &ticket.query, &self.asked("logs:GetQueryResults", &who)).await?;
            self.charged.scanned(&ticket.query, &results);
            Ok(results)
        })
    }

    fn stop<'a>(&'a self, ticket: &'a QueryTicket) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let (client, _, who) = self.client(&ticket.id).await?;
            insights::stop(&client, &ticket.query, &self.asked("logs:StopQuery", &who)).await
        })
    }
}
