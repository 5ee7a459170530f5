//! The state directory: one SQLite file with journal, approvals, leases and runbook sessions.
//!
//! WAL with `synchronous = FULL`: when a write returns, it is on the disk. A failed write is an error and is never tried
//! again behind the caller's back. The journal is append-only, and each record carries the hash of the one before it.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::runbook::Session;
use crate::text::mask::Mask;

/// The version of the tables; a file with a newer one is refused, never guessed at.
const VERSION: u32 = 1;

/// The file within the state directory.
pub const FILE: &str = "quarterdeck.db";

/// How long one writer waits for another.
const BUSY: Duration = Duration::from_secs(5);

/// How long to wait before the file is opened again, where another process just makes it; and how often.
const OPENING: Duration = Duration::from_millis(20);
const OPENINGS: u32 = 100;

/// The most runbook sessions that are listed.
const SESSIONS: u32 = 100;

const TABLES: &str = "
CREATE TABLE records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES approvals (run),
    at TEXT NOT NULL,
    entry TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX records_by_run ON records (run, sequence);
CREATE TRIGGER records_never_change BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER records_never_go BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE approvals (
    run TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    until TEXT NOT NULL,
    taken_by INTEGER,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX approvals_open ON approvals (target) WHERE settled = 0;
CREATE TABLE leases (
    target TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    run TEXT,
    holder TEXT NOT NULL,
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    boot TEXT NOT NULL,
    pids TEXT NOT NULL,
    pid INTEGER NOT NULL,
    expires_boot_ms INTEGER NOT NULL,
    expires TEXT NOT NULL
) STRICT;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    began TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
";

/// The open state directory. Share it in an `Arc`; its calls are short, and block on the disk.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    dir: PathBuf,
    /// Covers secrets in all that is written.
    mask: Mask,
}

/// Why the state could not be read or written. What was not written has not happened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory.
    #[error("state directory {path}: {source}; set `state_dir` to one that you may write to")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file.
    #[error("{path}: {source}; see that the disk is not full and that you may write there, or set `state_dir`")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// SQLite.
    #[error("the journal: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer Quarterdeck wrote it.
    #[error("{path} has version {found}, this Quarterdeck knows up to {VERSION}; use the newer one")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file system gives no write-ahead log with full sync.
    #[error(
        "{path}: SQLite offers journal_mode {mode}, synchronous {sync}, not wal and 2 (full), so what is written is \
             not sure to be on the disk; set `state_dir` to a local disk"
    )]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// SQLite's journal mode.
        mode: String,
        /// SQLite's level of syncing.
        sync: u32,
    },
    /// A row that can't be read.
    #[error("the journal has a row that can't be read: {0}")]
    Row(#[from] serde_json::Error),
    /// A time that can't be read.
    #[error("the journal has a time that can't be read: {0}")]
    Time(#[from] jiff::Error),
}

impl Store {
    /// Opens the state in `dir`; makes both where they are not there yet (the directory for its owner only).
    ///
    /// # Errors
    /// The directory can't be made, the file can't be opened, or a newer version wrote it.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir).map_err(|source| StoreError::Directory { path: dir.to_owned(), source })?;
        let path = dir.join(FILE);
        let mut connection = connect(&path).map_err(|source| StoreError::Open { path: path.clone(), source })?;
        durable(&connection, &path)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Else SQLite compiles a statement anew for each value that it is given where an index is partial, as that of open runs.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        migrate(&mut connection, &path)?;
        sync_dir(dir).map_err(|source| StoreError::Directory { path: dir.to_owned(), source })?;
        Ok(Self { connection: Mutex::new(connection), dir: dir.to_owned(), mask: Mask::default() })
    }

    /// The same, with these secrets covered in all that is written from here on.
    pub fn masking(self, mask: Mask) -> Self {
        Self { mask, ..self }
    }

    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The state directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps a runbook session: replaces what was kept of it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn save_session(&self, session: &Session) -> Result<(), StoreError> {
        let mut body = serde_json::to_value(session)?;
        self.mask.cover(&mut body);
        self.lock().execute(
            "INSERT INTO sessions (id, began, body) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET body = ?3",
            params![session.id, session.began.to_string(), body.to_string()],
        )?;
        Ok(())
    }

    /// Runbook sessions, the newest first; at most 100.
    ///
    /// # Errors
    /// They could not be read.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let connection = self.lock();
        let mut query = connection.prepare_cached("SELECT body FROM sessions ORDER BY began DESC, id DESC LIMIT ?1")?;
        let bodies = query.query_map([SESSIONS], |row| row.get::<_, String>(0))?;
        bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held rolled its transaction back; the connection itself is whole.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one transaction that holds the write lock from its start, so that what it reads stays true.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(sqlite)?;
        Ok(value)
    }
}

fn sqlite(error: rusqlite::Error) -> StoreError {
    StoreError::Sqlite(error)
}

/// Opens the file with a write-ahead log. Of two processes that make the file at the same moment one finds it locked, and
/// SQLite doesn't wait there by itself.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    for _ in 0..OPENINGS {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => std::thread::sleep(OPENING),
            made => return made.map(|()| connection),
        }
    }
    Ok(connection)
}

/// Write-ahead log and full sync; asked back, because SQLite answers what it can't do with what it does instead.
fn durable(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let sync: u32 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if mode == "wal" && sync == 2 {
        return Ok(());
    }
    Err(StoreError::NotDurable { path: path.to_owned(), mode, sync })
}

fn make_dir(dir: &Path) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    dir.parent().map_or(Ok(()), sync_dir)
}

/// A new file is on the disk only when its directory is.
fn sync_dir(dir: &Path) -> std::io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    fs::File::open(dir)?.sync_all()
}

/// A file as it is made, in memory: what [`crate::executor::journal::audit`] holds a file's tables against.
pub(crate) fn reference() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
            Ok(())
        }
        VERSION => Ok(()),
        _ => Err(StoreError::Newer { path: path.to_owned(), found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_durable_is_refused() {
        // SQLite keeps no write-ahead log of what is in memory: it answers with what it does instead.
        let connection = Connection::open_in_memory().unwrap();
        let error = durable(&connection, Path::new("x.db")).unwrap_err();
        assert!(error.to_string().contains("journal_mode memory"), "{error}");
    }
}
