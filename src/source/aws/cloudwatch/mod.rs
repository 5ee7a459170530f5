//! CloudWatch: metrics ([`Metrics`]), alarms ([`Alarms`]) and their history ([`History`]).

mod alarm_decode;
mod alarm_rule;
mod alarms;
mod answer;
mod batch;
mod history;
mod metrics;
mod reader;
mod window;

use std::time::Duration;

use jiff::Timestamp;

use super::Connections;
use super::connect::Connection;
use crate::clock::Now;
use crate::config::{Polling, Query};
use crate::source::{Name, Number, SignalData, SourceError, SourceErrorKind};

pub use alarms::Alarms;
pub(super) use alarms::firing;
pub use history::History;
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
