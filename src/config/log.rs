//! Logs of a service.

use std::time::Duration;

use super::Polling;
use crate::source::Name;

/// Log groups that are read together (CloudWatch Logs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// Its name within the service.
    pub name: Name,
    /// Names of log groups.
    pub groups: Vec<String>,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// The filter pattern that following begins with; empty is everything.
    pub filter: String,
    /// The count per five minutes that is shown as a panel, if any.
    pub count: Option<LogCount>,
    /// Saved Insights queries.
    pub queries: Vec<SavedQuery>,
    /// How often following asks, and the deadline of one request.
    pub polling: Polling,
}

/// A count of matching events per five minutes, by an Insights query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCount {
    /// The query; its result has a time bin and a count.
    pub query: String,
    /// How often it is asked: it is billed by the bytes that it scans.
    pub interval: Duration,
}

/// A saved Insights query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its name.
    pub name: Name,
    /// Its text.
    pub query: String,
    /// The window that it looks at.
    pub window: Duration,
}
