//! What this state directory saw of the shared table: who it is there, and since when each lease stands still.
//!
//! A lease of another host is over when its row was seen unchanged for a whole term by *our* monotonic clock. No clock of another
//! host is ever compared with ours, so that it does not matter how far they are apart.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::item::Slot;
use crate::clock::{Mono, Now};
use crate::store::{Store, StoreError};
use crate::text::mask::Mask;

/// Additive: a Quarterdeck that knows nothing of them leaves them alone.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS shared_host (id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS shared_seen (
    target TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    holder TEXT NOT NULL,
    boot TEXT NOT NULL,
    since_boot_ms INTEGER NOT NULL
) STRICT;
";

/// The memory of one state directory.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    store: Arc<Store>,
    host: String,
}

/// What is remembered of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// How long its version has been the same, as far as we know.
    pub(super) still: Duration,
    /// The highest epoch that was ever seen of the target.
    pub(super) epoch: u64,
}

impl Witness {
    pub(super) fn open(store: Arc<Store>, host: &str) -> Result<Self, StoreError> {
        let id = store.write(|connection| {
            connection.execute_batch(TABLES)?;
            host_id(connection)
        })?;
        Ok(Self { store, host: format!("{host}/{id}") })
    }

    /// Covers secrets in what leaves this host.
    pub(super) fn mask(&self) -> &Mask {
        self.store.mask()
    }

    /// Who this state directory is: the host's name with a random part, since names repeat and a host may have several.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Remembers what was read of a row. `now` must be read after the answer came.
    pub(super) fn note(&self, target: &str, slot: &Slot, version: u64, now: Now) -> Result<Seen, StoreError> {
        let (boot, holder) = (boot(), slot.held.as_ref().map_or("", |held| held.run.as_str()));
        self.store.write(|connection| {
            let before = before(connection, target)?;
            let highest = before.as_ref().map_or(slot.epoch, |before| before.epoch.max(slot.epoch));
            // A table that was made anew counts versions anew: the holder must be the same too.
            let is_same = |before: &Before| {
                (before.version, before.holder.as_str(), &before.boot) == (version, holder, &boot) && !boot.is_empty()
            };
            let same = before.filter(is_same);
            let since = same.map_or(now.mono, |same| Mono::from_boot(Duration::from_millis(same.since_boot_ms)));
            connection.execute(
                "INSERT OR REPLACE INTO shared_seen (target, epoch, version, holder, boot, since_boot_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![target, highest, version, holder, boot, milliseconds(since)],
            )?;
            Ok(Seen { still: now.mono.since(since), epoch: highest })
        })
    }

    /// Whether our own journal has settled a run. None where it doesn't know it.
    pub(super) fn settled(&self, run: &str) -> Result<Option<bool>, StoreError> {
        let connection = self.store.lock();
        let mut query = connection.prepare_cached("SELECT settled FROM approvals WHERE run = ?1")?;
        Ok(query.query_row([run], |row| row.get(0)).optional()?)
    }

    /// The last record of our own journal: sequence and hash.
    pub(super) fn head(&self) -> Result<Option<(u64, String)>, StoreError> {
        let connection = self.store.lock();
        let sql = "SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1";
        Ok(connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

/// What stands there of a target.
struct Before {
    epoch: u64,
    version: u64,
    holder: String,
    boot: String,
    since_boot_ms: u64,
}

fn before(connection: &Connection, target: &str) -> Result<Option<Before>, StoreError> {
    let sql = "SELECT epoch, version, holder, boot, since_boot_ms FROM shared_seen WHERE target = ?1";
    let read = connection.prepare_cached(sql)?.query_row([target], |row| {
        let (epoch, version, holder) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Before { epoch, version, holder, boot: row.get(3)?, since_boot_ms: row.get(4)? })
    });
    Ok(read.optional()?)
}

/// Since when, rounded up: never counted longer than it was.
fn milliseconds(since: Mono) -> i64 {
    let since = since.since(Mono::default());
    i64::try_from(since.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn host_id(connection: &Connection) -> Result<String, StoreError> {
    let known = connection.query_row("SELECT id FROM shared_host", [], |row| row.get(0)).optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = random().map_err(|source| StoreError::Directory { path: "/dev/urandom".into(), source })?;
    connection.execute("INSERT INTO shared_host (id) VALUES (?1)", [&id])?;
    Ok(id)
}

fn random() -> std::io::Result<String> {
    let mut bytes = [0; 4];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
