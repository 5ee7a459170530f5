//! The journal's head, kept where who can change the journal can't change it: what finds a cut-off end, an older copy put in
//! place, and a journal that was replaced and chained anew.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::store::Store;
use crate::text::Text;

/// How long a run waits for its head to be anchored. A mount that hangs must hold up no action.
const PATIENCE: Duration = Duration::from_secs(5);

/// The end of the journal at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which journal: the hash of its first record, hex.
    pub journal: String,
    /// The last record's sequence, from 1.
    pub sequence: u64,
    /// The last record's hash, hex.
    pub hash: String,
    /// The last record's time.
    pub at: Timestamp,
    /// The host that anchored it.
    pub host: Text,
}

/// Why a head was not anchored, or an anchor not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// It can't be read or written.
    #[error("{place}: {reason}; see that it is mounted and that you may write there")]
    Unreachable {
        /// Where.
        place: String,
        /// Why.
        reason: String,
    },
    /// It is not what was written.
    #[error("{place}: {what}")]
    Damaged {
        /// Where, with the line.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// It vouches for something that the journal does not hold: nothing is added, which would bless it.
    #[error("{place} vouches for record {sequence}, which the journal does not hold; see `quarterdeck audit verify`")]
    Contradicted {
        /// Where.
        place: String,
        /// The record.
        sequence: u64,
    },
    /// It did not answer.
    #[error("{place}: no answer within {} s", PATIENCE.as_secs())]
    Slow {
        /// Where.
        place: String,
    },
}

/// Heads, oldest first. One that can't be read does not end them.
pub type Heads = Box<dyn Iterator<Item = Result<Head, AnchorError>>>;

/// A place off the host that keeps heads: a file on another mount, a table that a team shares. Its calls block, and are made
/// on a thread of their own.
pub trait Anchor: fmt::Debug + Send + Sync {
    /// Where it is, for people.
    fn place(&self) -> String;

    /// Adds a head behind those that are there. One that is not newer than the newest changes nothing.
    ///
    /// # Errors
    /// It could not be written.
    fn keep(&self, head: &Head) -> Result<(), AnchorError>;

    /// The newest head, if there is one.
    ///
    /// # Errors
    /// It can't be read.
    fn newest(&self) -> Result<Option<Head>, AnchorError>;

    /// All heads.
    ///
    /// # Errors
    /// There is nothing to read.
    fn heads(&self) -> Result<Heads, AnchorError>;
}

/// Anchors the journal's head, in bounded time. What goes wrong is logged and changes nothing: `audit verify` finds that the
/// anchor stayed behind.
pub(super) fn keep_head(anchor: &Arc<dyn Anchor>, store: &Arc<Store>, host: &Text) {
    let (done, answer) = mpsc::channel();
    let (working, store, host) = (Arc::clone(anchor), Arc::clone(store), host.clone());
    std::thread::spawn(move || {
        let kept = keep(&*working, &store, &host).map_err(|error| error.to_string());
        drop(store); // before the answer: who is told that the journal is kept may close it, and must be the last to
        let _ = done.send(kept);
    });
    let slow = || Err(AnchorError::Slow { place: anchor.place() }.to_string());
    if let Err(error) = answer.recv_timeout(PATIENCE).unwrap_or_else(|_| slow()) {
        tracing::error!(%error, "the journal's head was not anchored");
    }
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn keep(anchor: &dyn Anchor, store: &Store, host: &Text) -> Result<(), KeepError> {
    let newest = anchor.newest()?;
    let connection = store.lock();
    if let Some(newest) = newest {
        holds(&connection, anchor, &newest)?;
    }
    let head = head(&connection, host)?;
    drop(connection);
    Ok(head.map_or(Ok(()), |head| anchor.keep(&head))?)
}

/// The journal must still hold what was anchored.
fn holds(connection: &Connection, anchor: &dyn Anchor, newest: &Head) -> Result<(), KeepError> {
    let first = hash_of(connection, 1)?;
    let there = hash_of(connection, newest.sequence)?;
    if first.as_deref() == Some(&newest.journal) && there.as_deref() == Some(&newest.hash) {
        return Ok(());
    }
    Err(AnchorError::Contradicted { place: anchor.place(), sequence: newest.sequence }.into())
}

fn hash_of(connection: &Connection, sequence: u64) -> Result<Option<String>, JournalError> {
    let mut query = connection.prepare_cached("SELECT hash FROM records WHERE sequence = ?1")?;
    Ok(query.query_row([sequence], |row| row.get(0)).optional()?)
}

fn head(connection: &Connection, host: &Text) -> Result<Option<Head>, JournalError> {
    let Some(journal) = hash_of(connection, 1)? else { return Ok(None) };
    let mut query =
        connection.prepare_cached("SELECT sequence, hash, at FROM records ORDER BY sequence DESC LIMIT 1")?;
    let (sequence, hash, at): (u64, String, String) =
        query.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let at = at.parse().map_err(crate::store::StoreError::Time)?;
    Ok(Some(Head { journal, sequence, hash, at, host: host.clone() }))
}
