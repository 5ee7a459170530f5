//! Whether the journal is whole: what `quarterdeck audit` finds out. Changes nothing, and reads a journal of any size in
//! bounded memory.
//!
//! Every record must seal itself and follow the one before; every run must be one that an executor can have written; every
//! approval must have its records and every record its approval; every head that was anchored must still be there. The
//! verifier judges what is stored, byte by byte, never a value that was read out of it and written anew, and holds *each*
//! anchored head against the journal: a newer one vouches for none that is older (CVE-2023-31439 was such a gap).

mod anchored;
mod chain;
mod export;
mod fault;
mod matched;
mod order;
mod read;
mod runs;
mod schema;
mod stored;

use jiff::Timestamp;
use serde::Serialize;

use super::Anchor;

pub use export::{Selection, export};
pub use fault::{Fault, FaultKind, Faults};
pub use read::verify_export;
pub use stored::{hash_at, shared_id, verify};

/// The schema of an export.
pub const SCHEMA: &str = "quarterdeck.audit/1";

/// Why nothing was verified or exported.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It can't be opened or read.
    #[error("{place}: {reason}; {hint}")]
    Unreadable {
        /// The file.
        place: String,
        /// Why.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// What was asked for is not there.
    #[error("{0}")]
    Nothing(String),
    /// The export can't be written.
    #[error("the export can't be written: {0}")]
    Output(#[from] std::io::Error),
}

/// What is verified against.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Where heads were anchored, if anywhere.
    pub anchor: Option<&'a dyn Anchor>,
    /// Now: an end that was written a moment ago need not be anchored yet.
    pub now: Timestamp,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was verified.
    pub place: String,
    /// How many records were read.
    pub records: u64,
    /// How many runs they tell of.
    pub runs: u64,
    /// The last record's sequence and hash, where there is one.
    pub head: Option<(u64, String)>,
    /// How many anchored heads were held against it; `None` without an anchor.
    pub heads: Option<u64>,
    /// What is wrong; the first hundred.
    pub faults: Vec<Fault>,
    /// How many more faults there are.
    pub more: u64,
    /// What this verification can't find, in words.
    pub unproven: Vec<String>,
}

impl Report {
    /// Whether nothing wrong was found.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) sequence: u64,
    pub(super) run: String,
    pub(super) at: String,
    pub(super) entry: String,
    pub(super) prev: String,
    pub(super) hash: String,
}
