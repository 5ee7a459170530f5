//! Everything of one environment that can be read.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Now;
use crate::config::{Calendar, Objective, PromQuery, Query};
use crate::source::logs::{LogReader, NoLogs};
use crate::source::prometheus::promql_duration;
use crate::source::served::Means;
use crate::source::{
    CalendarState, Look, Number, Observation, SharedSource, SourceError, SourceErrorKind, Span, WindowCount,
};
use crate::text::Text;

/// The backends of one environment, read only: real ones or the simulated fleet.
pub trait World: Send + Sync {
    /// The sources to poll.
    fn sources(&self) -> Vec<SharedSource>;

    /// Reads all that a plan rests on, fresh, in one go: whole, or an error that names the part which could not be read.
    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>>;

    /// Asks one question of a runbook.
    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>>;

    /// Counts an objective's events over its whole period.
    fn events<'a>(&'a self, objective: &'a Objective, now: Now) -> BoxFuture<'a, Result<WindowCount, SourceError>> {
        Box::pin(async move {
            let window = objective.period;
            let (bad, valid) = (over(&objective.bad, window), over(&objective.valid, window));
            let (bad, valid) = tokio::join!(self.ask(&bad, now), self.ask(&valid, now));
            Ok(WindowCount { window, bad: bad?, valid: valid? })
        })
    }

    /// The mean of each query over each interval that is past, in the order of queries and of intervals; or why it is not known.
    fn means<'a>(&'a self, queries: &'a [Query], spans: &'a [Span], _now: Now) -> BoxFuture<'a, Vec<Means>> {
        let none = Err(Text::from("its history can't be asked for here"));
        Box::pin(async move { vec![vec![none; spans.len()]; queries.len()] })
    }

    /// Asks a change calendar what it says now.
    fn calendar<'a>(&'a self, calendar: &'a Calendar, _now: Now) -> BoxFuture<'a, Result<CalendarState, SourceError>> {
        let reason = "no calendar can be asked here";
        let error = SourceError::new(&calendar.name, SourceErrorKind::Missing, reason);
        Box::pin(async move { Err(error) })
    }

    /// The logs, read on demand.
    fn logs(&self) -> Arc<dyn LogReader> {
        Arc::new(NoLogs)
    }
}

/// The question with its `$window` filled in.
fn over(query: &Query, window: Duration) -> Query {
    match query {
        Query::Prometheus(promql) => {
            let expression = promql.expression.replace("$window", &promql_duration(window));
            Query::Prometheus(PromQuery { expression, ..promql.clone() })
        }
        other => other.clone(),
    }
}
