//! CloudWatch: metrics ([`Metrics`]), alarms ([`Alarms`]) and their history ([`History`]).

mod alarm_decode;
mod alarm_rule;
mod alarms;
mod answer;
mod batch;
mod history;
mod means;
mod metrics;
pub mod pacing;
mod reader;
mod window;

use std::time::Duration;

use jiff::Timestamp;

use super::Connections;
use super::connect::Connection;
use crate::clock::Now;
use crate::config::{Config, Polling, Query};
use crate::source::{Name, Number, SignalData, SignalId, SourceError, SourceErrorKind, Subject};

pub(crate) use alarm_rule::decode_any as decode_any_rule;
pub use alarms::Alarms;
pub(super) use alarms::firing;
pub use history::History;
pub(crate) use history::decode_any as decode_any_change;
pub use means::means;
pub use metrics::{Metrics, Wanted};

/// Interval and deadline of metrics where the configuration has no CloudWatch section.
pub(super) const POLLING: Polling = Polling { interval: Duration::from_secs(60), timeout: Duration::from_secs(10) };

/// The longest that a runbook's question may take.
const ASK_DEADLINE: Duration = Duration::from_secs(10);

/// Asks one question of a runbook. A check must not pass on old or incomplete evidence: a newest complete period that
/// ended more than three periods (at least five minutes) ago is [`Number::NoData`], partial data is an error.
pub async fn ask(connections: &Connections, query: &Query, now: Now) -> Result<Number, SourceError> {
    let Some(connection) = connections.exactly(place_of(query)) else {
        let reason = "the query is of a place that the configuration does not have";
        return Err(SourceError::new(&Name::from("cloudwatch"), SourceErrorKind::Missing, reason));
    };
    tokio::time::timeout(ASK_DEADLINE, answer_to(connection, query, now)).await.unwrap_or_else(|_| {
        let reason = format!("no whole answer within {} s", ASK_DEADLINE.as_secs());
        Err(SourceError::new(&Name::from("cloudwatch"), SourceErrorKind::Timeout, &reason))
    })
}

/// The place that a query is of.
pub(super) fn place_of(query: &Query) -> Option<&Name> {
    match query {
        Query::CloudWatch(metric) => metric.place.as_ref(),
        Query::CloudWatchMaths { metrics, .. } => metrics.values().next()?.place.as_ref(),
        _ => None,
    }
}

async fn answer_to(connection: &Connection, query: &Query, now: Now) -> Result<Number, SourceError> {
    let refused = |reason: &str| SourceError::new(&Name::from("cloudwatch"), SourceErrorKind::Refused, reason);
    let Some(period) = window::period_of(query) else {
        return Err(refused("not a CloudWatch query"));
    };
    let reader = reader::Reader::new(connection, ASK_DEADLINE).await;
    let batch = batch::pack([query].into_iter()).into_iter().next().ok_or_else(|| refused("not a CloudWatch query"))?;
    let answers = reader.read(&batch, window::Window::new(period, None, now.wall)).await?;
    let data = answers.into_iter().next().map(|(_, outcome)| outcome).unwrap_or_else(|| Err(refused("no answer")))?;
    if data.partial {
        return Err(refused("CloudWatch gave partial data"));
    }
    Ok(if is_fresh(&data, period, now.wall) { data.value.unwrap_or(Number::NoData) } else { Number::NoData })
}

fn is_fresh(data: &SignalData, period: u32, now: Timestamp) -> bool {
    let oldest = Duration::from_secs(u64::from(period) * 3).max(Duration::from_secs(300));
    data.sampled.is_some_and(|sampled| Duration::try_from(now.duration_since(sampled)).unwrap_or_default() <= oldest)
}

/// Signals and backup measures that CloudWatch tells.
pub(super) fn wanted(config: &Config) -> Vec<Wanted> {
    let signals = config.services.iter().flat_map(|service| {
        service.signals.iter().map(|signal| {
            let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
            Wanted { subject: Subject::Signal(id), query: signal.query.clone(), interval: signal.interval }
        })
    });
    let measures = config.backups.iter().flat_map(|protected| {
        protected.measures.iter().map(|measure| {
            let subject = Subject::Backup { protected: protected.name.clone(), measure: measure.name.clone() };
            Wanted { subject, query: measure.query.clone(), interval: measure.interval }
        })
    });
    let is_ours = |query: &Query| matches!(query, Query::CloudWatch(_) | Query::CloudWatchMaths { .. });
    signals.chain(measures).filter(|wanted| is_ours(&wanted.query)).collect()
}
