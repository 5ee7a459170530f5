//! The heads of the hosts' journals: what a journal is held against, kept where its host can't rewrite it unseen.

use super::Clock;
use super::item::{self, Head};
use super::leases::SharedLeases;
use super::table::{Key, PutError, Table, Unreachable};
use crate::store::StoreError;

/// Of what kind a head's row is.
const HEAD: &str = "head";

/// How often a write is tried again where another run of this host wrote in between.
const ROUNDS: usize = 3;

/// Why a head was not written.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The table can't be asked.
    #[error(transparent)]
    Table(#[from] PutError),
    /// Our own journal can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal is behind what it was: records are missing.
    #[error(
        "the journal of {host} ends with record {found}, but record {anchored} was anchored: it was rewound; \
         see `quarterdeck audit verify`"
    )]
    Rewound {
        /// Whose journal.
        host: String,
        /// Where it ends.
        found: u64,
        /// Where it ended before.
        anchored: u64,
    },
}

impl From<Unreachable> for AnchorError {
    fn from(error: Unreachable) -> Self {
        Self::Table(error.into())
    }
}

/// The head of a host's journal as the table has it: what `audit verify` holds the journal against. Nothing is written.
///
/// # Errors
/// The table can't be asked, or what is in it can't be read.
pub async fn anchored(table: &dyn Table, host: &str) -> Result<Option<Head>, Unreachable> {
    let row = table.get(Key { kind: HEAD, id: host }).await?;
    row.map(|row| item::read(table.name(), host, &row)).transpose()
}

impl SharedLeases {
    /// Writes the head of our own journal. It never goes back: a journal that is behind its head was rewound.
    ///
    /// # Errors
    /// The journal was rewound, it can't be read, or the table can't be asked.
    pub async fn anchor(&self, clock: Clock<'_>) -> Result<Option<Head>, AnchorError> {
        for _ in 0..ROUNDS {
            let Some((sequence, hash)) = self.witness.head()? else { return Ok(None) };
            let (before, version) = self.read_head(self.host()).await?;
            let head = Head { host: self.host().to_owned(), sequence, hash, at: clock().wall };
            match before {
                Some(before) if before.sequence > sequence => {
                    return Err(AnchorError::Rewound { host: head.host, found: sequence, anchored: before.sequence });
                }
                Some(before) if before.sequence == sequence && before.hash == head.hash => return Ok(Some(before)),
                _ => {}
            }
            match self.write_head(&head, version).await {
                Err(PutError::Changed) => {}
                written => return written.map(|()| Some(head)).map_err(AnchorError::from),
            }
        }
        Err(PutError::Changed.into())
    }

    /// The head of a host's journal, as it was anchored last.
    ///
    /// # Errors
    /// The table can't be asked.
    pub async fn head(&self, host: &str) -> Result<Option<Head>, Unreachable> {
        Ok(self.read_head(host).await?.0)
    }

    /// The heads of all hosts' journals.
    ///
    /// # Errors
    /// The table can't be asked.
    pub async fn heads(&self) -> Result<Vec<Head>, Unreachable> {
        let rows = self.table.list(HEAD).await?;
        rows.iter().map(|(host, row)| item::read(&self.table_name(), host, row)).collect()
    }

    async fn read_head(&self, host: &str) -> Result<(Option<Head>, u64), Unreachable> {
        match self.table.get(Key { kind: HEAD, id: host }).await? {
            None => Ok((None, 0)),
            Some(row) => Ok((Some(item::read(&self.table_name(), host, &row)?), row.version)),
        }
    }

    async fn write_head(&self, head: &Head, seen: u64) -> Result<(), PutError> {
        let body = serde_json::to_string(head).map_err(|error| self.broken(&error.to_string()))?;
        self.table.put(Key { kind: HEAD, id: &head.host }, body, seen).await
    }
}
