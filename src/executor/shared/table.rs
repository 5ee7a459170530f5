//! A table of rows that change only where nobody else changed them since they were read.

use std::fmt::Debug;

use futures_util::future::BoxFuture;

use crate::text::Text;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// Of what kind: `lease`, `wish`, `approval`, `head`.
    pub kind: &'static str,
    /// Which of them.
    pub id: &'a str,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1; one more with each write.
    pub version: u64,
    /// What it says: JSON.
    pub body: String,
}

/// The one primitive that everything here rests on: a linearizable read, and a write that happens if and only if the row still
/// has the version that was read. A row never goes, so that a version never repeats.
pub trait Table: Debug + Send + Sync {
    /// What it is called, for messages.
    fn name(&self) -> &str;

    /// The row as it is now; never an older one.
    fn get<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Row>, Unreachable>>;

    /// Writes version `seen + 1`, if the row's version is still `seen` (0: if there is no row yet). Sent once: where the answer
    /// is lost, nobody knows, and that is [`PutError::Unclear`].
    fn put<'a>(&'a self, key: Key<'a>, body: String, seen: u64) -> BoxFuture<'a, Result<(), PutError>>;

    /// All rows of a kind, with their identifiers; bounded.
    fn list(&self, kind: &'static str) -> BoxFuture<'_, Result<Vec<(String, Row)>, Unreachable>>;
}

/// The table can't be asked: no network, no permission, throttled, no such table, or no answer in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shared table {table}: {reason}")]
pub struct Unreachable {
    /// Which.
    pub table: String,
    /// Why.
    pub reason: Text,
}

/// Why a row was not written, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// Somebody else wrote it since it was read. Nothing was written.
    #[error("somebody else wrote it first")]
    Changed,
    /// Nobody knows whether it was written.
    #[error(transparent)]
    Unclear(#[from] Unreachable),
}
