//! The right to change one target, held by one run. Its epoch grows with each taking, and is checked before each call.
//!
//! A lease keeps two copies of this tool off one target; what others do there (consoles, pipelines, autoscaling) is found by
//! observing again, not prevented. It runs out by the monotonic clock where the same boot reads it, so that a jump of the
//! wall clock neither frees nor prolongs it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::journal::RunId;
use crate::action::Operator;
use crate::clock::{Mono, Now};
use crate::store::StoreError;

/// How long a lease lasts without a heartbeat. Longer than the longest call, so that a call in flight is always covered.
pub const TTL: Duration = Duration::from_secs(30);

/// How often it is renewed.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// A lease that is held. Not `Clone`: one run, one lease.
#[derive(Debug, PartialEq, Eq)]
pub struct Lease {
    /// The target: the orchestrator's identifier.
    pub target: String,
    /// The run.
    pub run: RunId,
    /// Which taking of this target it is.
    pub epoch: u64,
}

/// Someone else holds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: run {run} of {holder} holds the target since {since:.0}")]
pub struct Held {
    /// Whose run.
    pub holder: String,
    /// Which run.
    pub run: String,
    /// What it does.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
}

/// One row.
struct Slot {
    epoch: u64,
    run: Option<String>,
    held: Held,
    boot: String,
    expires_boot: Mono,
    expires: Timestamp,
}

impl Slot {
    fn is_live(&self, now: Now) -> bool {
        let runs_on = if self.boot == boot() { now.mono < self.expires_boot } else { now.wall < self.expires };
        self.run.is_some() && runs_on
    }
}

/// Takes the lease of a target for a run, if nobody holds it or the holder's heartbeat stopped.
pub(super) fn take(
    connection: &Connection,
    target: &str,
    run: &RunId,
    by: &Operator,
    what: &str,
    now: Now,
) -> Result<Result<Lease, Held>, StoreError> {
    let slot = read(connection, target)?;
    if let Some(slot) = slot.as_ref().filter(|slot| slot.is_live(now)) {
        return Ok(Err(slot.held.clone()));
    }
    let epoch = slot.map_or(0, |slot| slot.epoch) + 1;
    connection.execute(
        "INSERT OR REPLACE INTO leases (target, epoch, run, holder, what, since, boot, expires_boot_ms, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            target,
            epoch,
            run.0,
            by.to_string(),
            what,
            now.wall.to_string(),
            boot(),
            boot_ms(now.mono.plus(TTL)),
            wall_end(now)
        ],
    )?;
    Ok(Ok(Lease { target: target.to_owned(), run: run.clone(), epoch }))
}

/// The heartbeat. False if the lease is not this run's any more, or had run out: it is lost, and stays lost.
pub(super) fn renew(connection: &Connection, lease: &Lease, now: Now) -> Result<bool, StoreError> {
    let ours = |slot: &Slot| slot.epoch == lease.epoch && slot.is_live(now);
    if !read(connection, &lease.target)?.is_some_and(|slot| ours(&slot)) {
        return Ok(false);
    }
    let changed = connection.execute(
        "UPDATE leases SET expires_boot_ms = ?3, expires = ?4 WHERE target = ?1 AND epoch = ?2",
        params![lease.target, lease.epoch, boot_ms(now.mono.plus(TTL)), wall_end(now)],
    )?;
    Ok(changed == 1)
}

/// Gives it back. The row stays, so that epochs never repeat.
pub(super) fn release(connection: &Connection, lease: &Lease) -> Result<(), StoreError> {
    let sql = "UPDATE leases SET run = NULL WHERE target = ?1 AND epoch = ?2";
    connection.execute(sql, params![lease.target, lease.epoch])?;
    Ok(())
}

/// The run that holds a live lease of this target.
pub(super) fn holder(connection: &Connection, target: &str, now: Now) -> Result<Option<String>, StoreError> {
    Ok(read(connection, target)?.filter(|slot| slot.is_live(now)).and_then(|slot| slot.run))
}

fn read(connection: &Connection, target: &str) -> Result<Option<Slot>, StoreError> {
    let sql = "SELECT epoch, run, holder, what, since, boot, expires_boot_ms, expires FROM leases WHERE target = ?1";
    let row = connection.prepare_cached(sql)?.query_row([target], columns).optional()?;
    row.map(slot).transpose()
}

type Columns = (u64, Option<String>, String, String, String, String, i64, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
}

fn slot((epoch, run, holder, what, since, boot, expires_boot_ms, expires): Columns) -> Result<Slot, StoreError> {
    let held = Held { holder, run: run.clone().unwrap_or_default(), what, since: since.parse()? };
    let expires_boot = Mono::from_boot(Duration::from_millis(u64::try_from(expires_boot_ms).unwrap_or_default()));
    Ok(Slot { epoch, run, held, boot, expires_boot, expires: expires.parse()? })
}

fn boot_ms(mono: Mono) -> i64 {
    i64::try_from(mono.since(Mono::default()).as_millis()).unwrap_or(i64::MAX)
}

fn wall_end(now: Now) -> String {
    now.plus(TTL).wall.to_string()
}

/// What tells one boot of one machine from another; empty where the system doesn't say (then wall time counts).
fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
