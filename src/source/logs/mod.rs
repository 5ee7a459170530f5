//! Logs, read on demand: followed while somebody looks, queried while somebody waits.
//!
//! A [`LogReader`] is what a backend can do; [`Follower`] makes a line of single polls (each event once, in the order of
//! their times, gaps told), and [`query::run`] makes an answer of a query that must be asked for again and again, and
//! stops it where nobody waits for it any more.
//!
//! CloudWatch's own live tail (`StartLiveTail`) is not used: it is billed by the minute, its endpoint has a host prefix that
//! VPC endpoints and emulators lack, and a session ends after three hours. `FilterLogEvents` costs nothing; a line comes
//! at most one poll later.

pub mod desk;
pub mod follow;
pub mod line;
pub mod query;

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::clock::Now;
use crate::source::{LogEvent, Name, QueryResults, SourceError, SourceErrorKind};

pub use desk::LogDesk;
pub use follow::{Follower, LogBatch};

/// A log of the configuration: its service, and its name within the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogId {
    /// The service.
    pub service: Name,
    /// The log's name.
    pub log: Name,
}

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.service, self.log)
    }
}

/// What one poll of a log asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAsk {
    /// The log.
    pub id: LogId,
    /// The filter pattern; empty is everything.
    pub filter: String,
    /// From when on.
    pub from: Timestamp,
}

/// What one poll of a log gave.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// Events, in any order.
    pub events: Vec<LogEvent>,
    /// Where not all that was asked was read: the span that was, from its first to its last event. The rest was too much.
    pub read: Option<(Timestamp, Timestamp)>,
    /// Log groups that could not be read, while others could.
    pub failed: Vec<SourceError>,
}

/// What a query asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAsk {
    /// The log.
    pub id: LogId,
    /// The query's text.
    pub query: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A query that was started: by what it can be asked for and stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTicket {
    /// The log.
    pub id: LogId,
    /// The backend's identifier of the query.
    pub query: String,
    /// What was asked.
    pub ask: QueryAsk,
    /// When it was started.
    pub started: Timestamp,
}

/// A backend of logs.
pub trait LogReader: Send + Sync {
    /// How often a log is polled while it is followed.
    fn interval(&self, id: &LogId) -> Duration;

    /// Reads events from a moment on.
    fn read<'a>(&'a self, ask: &'a LogAsk, now: Now) -> BoxFuture<'a, Result<LogPage, SourceError>>;

    /// Starts a query.
    fn start<'a>(&'a self, ask: &'a QueryAsk, now: Now) -> BoxFuture<'a, Result<QueryTicket, SourceError>>;

    /// Asks what a query has found so far.
    fn results<'a>(&'a self, ticket: &'a QueryTicket, now: Now) -> BoxFuture<'a, Result<QueryResults, SourceError>>;

    /// Stops a query. That it is over already is no error.
    fn stop<'a>(&'a self, ticket: &'a QueryTicket) -> BoxFuture<'a, Result<(), SourceError>>;
}

/// Where no backend has logs.
#[derive(Debug)]
pub struct NoLogs;

impl NoLogs {
    fn none() -> SourceError {
        let reason = "no backend of this configuration has logs";
        SourceError::new(&Name::from("logs"), SourceErrorKind::Missing, reason)
    }
}

impl LogReader for NoLogs {
    fn interval(&self, _id: &LogId) -> Duration {
        Duration::from_secs(2)
    }

    fn read<'a>(&'a self, _ask: &'a LogAsk, _now: Now) -> BoxFuture<'a, Result<LogPage, SourceError>> {
        Box::pin(async { Err(Self::none()) })
    }

    fn start<'a>(&'a self, _ask: &'a QueryAsk, _now: Now) -> BoxFuture<'a, Result<QueryTicket, SourceError>> {
        Box::pin(async { Err(Self::none()) })
    }

    fn results<'a>(&'a self, _ticket: &'a QueryTicket, _now: Now) -> BoxFuture<'a, Result<QueryResults, SourceError>> {
        Box::pin(async { Err(Self::none()) })
    }

    fn stop<'a>(&'a self, _ticket: &'a QueryTicket) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async { Ok(()) })
    }
}
