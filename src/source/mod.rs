//! Reads the world and cannot change it.
//!
//! A [`Source`] answers for a fixed set of [`Subject`]s. `poll` runs each source in a task of its own (interval, deadline,
//! jittered backoff) and sends one [`Reading`] a subject and poll; a failure is a reading too. Everything from outside is
//! [`Text`], bounded and sanitised where it is decoded.

pub mod alertmanager;
pub mod aws;
pub mod build;
pub mod cloudflare;
pub mod data;
pub mod declared;
pub mod health;
pub mod http;
pub mod json_api;
pub mod logs;
pub mod number;
pub mod poll;
pub mod probe;
pub mod prometheus;
pub mod served;
pub mod subject;
pub mod tracked;
pub mod world;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::clock::Now;
use crate::text::Text;

pub use data::*;
pub use number::{Number, Unit};
pub use subject::{Name, SignalId, Subject, Which};
pub use tracked::{Cadence, Measured, Tracked};
pub use world::World;

/// One answer (or one failure to answer) of one source about one subject.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What it is about.
    pub subject: Subject,
    /// What was read, or why nothing was.
    pub outcome: Result<Payload, SourceError>,
}

/// What a poll is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// The time of asking.
    pub now: Now,
    /// `Some(window)` asks for the history of that window too (the first poll, and after the time range changed).
    pub backfill: Option<Duration>,
}

/// Where a poll sends its readings, as soon as each is there. Bounded; a source waits when it is full.
pub type Readings = mpsc::Sender<Reading>;

/// A backend that is read and never changed.
pub trait Source: Send + Sync {
    /// A short name, unique in the environment, such as `prometheus` or `ecs`.
    fn name(&self) -> &Name;

    /// How often it is asked, and how old its samples may be when they arrive.
    fn cadence(&self) -> Cadence;

    /// How long after a poll that ended `now`, and that answered, there can be something new at the earliest. A source
    /// that tells this is asked then, and not earlier, even on request (but for history, and after a failure). `None`: by
    /// its cadence alone.
    fn rest(&self, _now: Now) -> Option<Duration> {
        None
    }

    /// The longest that one poll may take.
    fn deadline(&self) -> Duration;

    /// Everything one poll answers for. What is not answered by the deadline counts as failed by timeout.
    fn subjects(&self) -> &[Subject];

    /// Asks once, and sends one reading a subject.
    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()>;
}

/// A source that is shared by its poller.
pub type SharedSource = Arc<dyn Source>;

/// Why a source gave no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{source_name}: {reason}")]
pub struct SourceError {
    /// The source, such as `prometheus`.
    pub source_name: Name,
    /// What kind of failure, for the hint and for backoff.
    pub kind: SourceErrorKind,
    /// What went wrong, in one line.
    pub reason: Text,
}

/// Kinds of failure of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceErrorKind {
    /// No answer within the deadline.
    Timeout,
    /// No connection: refused, reset, no such host, TLS.
    Unreachable,
    /// 401, 403, expired or missing credentials.
    Unauthorised,
    /// 429 or the service's own throttling error.
    Throttled,
    /// Any other error answer of the backend.
    Refused,
    /// An answer that is not of the expected shape, or too large.
    Malformed,
    /// The backend answered that there is no such thing.
    Missing,
}

impl SourceErrorKind {
    /// What to do next, for the operator.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Timeout => "the backend did not answer in time; it is asked again with backoff",
            Self::Unreachable => "check the URL, DNS, VPN and TLS of the source in the configuration",
            Self::Unauthorised => "log in again, or check token, profile and role in the configuration",
            Self::Throttled => "the backend limits the rate; polling slows down by itself",
            Self::Refused => "read the reason; `quarterdeck check --online` asks each source once",
            Self::Malformed => "the address answers, but not as this source; check the URL and proxies",
            Self::Missing => "check the name in the configuration; it does not exist there",
        }
    }
}

impl SourceError {
    /// An error of `source_name`.
    pub fn new(source_name: &Name, kind: SourceErrorKind, reason: &str) -> Self {
        Self { source_name: source_name.clone(), kind, reason: Text::clean(reason) }
    }

    /// The error for whoever waits for a run: with what to do next where only a person can help.
    pub fn told(&self) -> String {
        match self.kind {
            SourceErrorKind::Unauthorised => format!("{self}; {}", self.kind.hint()),
            _ => self.to_string(),
        }
    }
}
