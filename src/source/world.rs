//! Everything of one environment that can be read.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::clock::Now;
use crate::config::Query;
use crate::source::logs::{LogReader, NoLogs};
use crate::source::{Look, Number, Observation, SharedSource, SourceError};

/// The backends of one environment, read only: real ones or the simulated fleet.
pub trait World: Send + Sync {
    /// The sources to poll.
    fn sources(&self) -> Vec<SharedSource>;

    /// Reads all that a plan rests on, fresh, in one go: whole, or an error that names the part which could not be read.
    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>>;

    /// Asks one question of a runbook.
    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>>;

    /// The logs, read on demand.
    fn logs(&self) -> Arc<dyn LogReader> {
        Arc::new(NoLogs)
    }
}
