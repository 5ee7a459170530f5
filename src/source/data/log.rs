//! Logs: lines, and the results of queries over them.

use jiff::Timestamp;
use serde::Serialize;

use crate::text::Text;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEvent {
    /// The backend's identifier of this event, by which one that is read twice is known.
    pub id: Text,
    /// When it happened, as its writer said.
    pub at: Timestamp,
    /// The stream that it was written to.
    pub stream: Text,
    /// How loud it is, where it says so.
    pub level: Option<LineLevel>,
    /// What it says, as it is shown: of a JSON line its message, then its other members.
    pub text: Text,
    /// Bytes of the line as it was written.
    pub bytes: usize,
    /// Whether `text` leaves out its end.
    pub cut: bool,
}

/// How loud a line is, the quietest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineLevel {
    /// Every step.
    Trace,
    /// For finding faults.
    Debug,
    /// For the record.
    Info,
    /// Should be looked at.
    Warn,
    /// Went wrong.
    Error,
    /// Ended the program.
    Fatal,
}

impl LineLevel {
    /// Its word in capitals, five letters at most.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// States of an Insights query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryState {
    /// Waits for its turn.
    Scheduled,
    /// Runs: what it has found so far is partial.
    Running,
    /// Done: its results are whole, up to its limit of rows.
    Complete,
    /// Went wrong on the side of the backend.
    Failed,
    /// Was stopped.
    Cancelled,
    /// Took longer than the backend allows (60 minutes).
    TimedOut,
    /// The backend says something that is not known here.
    Unknown,
}

impl QueryState {
    /// Whether nothing more will come.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running | Self::Unknown)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Failed => "FAILED",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "TIMED OUT",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What an Insights query has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueryResults {
    /// How far it is. Only the rows of a complete query are whole.
    pub state: QueryState,
    /// Names of the columns, as the query names them; `@ptr` is left out.
    pub columns: Vec<Text>,
    /// Rows, one cell a column; a field that a row lacks is empty.
    pub rows: Vec<Vec<Text>>,
    /// Whether there may be more rows than these: the limit of rows was reached.
    pub truncated: bool,
    /// What it took, where the backend says.
    pub statistics: Option<QueryStatistics>,
}

/// What a query took so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QueryStatistics {
    /// Events that matched.
    pub matched: f64,
    /// Events that were looked at.
    pub scanned: f64,
    /// Bytes that were looked at, which is what is billed.
    pub bytes: f64,
}

/// USD per GB scanned by Insights in us-east-1 at list price (<https://aws.amazon.com/cloudwatch/pricing/>, read 2026-11).
const USD_PER_GB: f64 = 0.005;

impl QueryStatistics {
    /// What it cost so far, in USD at list price.
    pub fn usd(&self) -> f64 {
        self.bytes / 1e9 * USD_PER_GB
    }
}
