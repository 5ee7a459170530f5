//! The right to change one target, held by one run. Its epoch grows with each taking, and is checked before each call.
//!
//! A lease keeps two copies of this tool off one target; what others do there (consoles, pipelines, autoscaling) is found by
//! observing again, not prevented. It runs out by the monotonic clock where the same boot reads it, so that a jump of the
//! wall clock neither frees nor prolongs it.

mod listed;

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::journal::RunId;
use crate::action::Operator;
use crate::clock::{Mono, Now};
use crate::store::StoreError;

pub use listed::{LeaseView, NotFree, Process};
pub(super) use listed::{list, one, take_away};

/// How long a lease lasts without a heartbeat. Longer than the longest call, so that a call in flight is always covered.
pub const TTL: Duration = Duration::from_secs(45);

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
    place: Place,
    pid: u32,
    expires_boot: Mono,
    expires: Timestamp,
}

/// Where a process runs: what its monotonic time and its process number can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) boot: String,
    pub(super) pids: String,
}

impl Slot {
    fn is_live(&self, now: Now) -> bool {
        let here = Place::here();
        let same_boot = !here.boot.is_empty() && self.place.boot == here.boot;
        let runs_on = if same_boot { now.mono < self.expires_boot } else { now.wall < self.expires };
        self.run.is_some() && runs_on && !(self.place == *here && same_boot && is_gone(self.pid))
    }
}

/// Takes the lease of a target for a run, if nobody holds it or the holder's heartbeat stopped.
pub(super) fn take(
    connection: &Connection,
    target: &str,
    run: &RunId,
    by: &Operator,
    what: &str,
    pid: u32,
    now: Now,
) -> Result<Result<Lease, Held>, StoreError> {
    let (slot, here) = (read(connection, target)?, Place::here());
    if let Some(slot) = slot.as_ref().filter(|slot| slot.is_live(now)) {
        return Ok(Err(slot.held.clone()));
    }
    let epoch = slot.map_or(0, |slot| slot.epoch) + 1;
    let sql = "INSERT OR REPLACE INTO leases
         (target, epoch, run, holder, what, since, boot, pids, pid, expires_boot_ms, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        target,
        epoch,
        run.0,
        by.to_string(),
        what,
        now.wall.to_string(),
        here.boot,
        here.pids,
        pid,
        boot_ms(now.mono.plus(TTL)),
        wall_end(now)
    ])?;
    Ok(Ok(Lease { target: target.to_owned(), run: run.clone(), epoch }))
}

/// The heartbeat. False if the lease is not this run's any more, or had run out: it is lost, and stays lost.
pub(super) fn renew(connection: &Connection, lease: &Lease, now: Now) -> Result<bool, StoreError> {
    let ours = |slot: &Slot| slot.epoch == lease.epoch && slot.is_live(now);
    if !read(connection, &lease.target)?.is_some_and(|slot| ours(&slot)) {
        return Ok(false);
    }
    let sql = "UPDATE leases SET expires_boot_ms = ?3, expires = ?4 WHERE target = ?1 AND epoch = ?2";
    let end = params![lease.target, lease.epoch, boot_ms(now.mono.plus(TTL)), wall_end(now)];
    Ok(connection.prepare_cached(sql)?.execute(end)? == 1)
}

/// Gives it back. The row stays, so that epochs never repeat.
pub(super) fn release(connection: &Connection, lease: &Lease) -> Result<(), StoreError> {
    let sql = "UPDATE leases SET run = NULL WHERE target = ?1 AND epoch = ?2";
    connection.prepare_cached(sql)?.execute(params![lease.target, lease.epoch])?;
    Ok(())
}

/// The run that holds a live lease of this target.
pub(super) fn holder(connection: &Connection, target: &str, now: Now) -> Result<Option<String>, StoreError> {
    Ok(read(connection, target)?.filter(|slot| slot.is_live(now)).and_then(|slot| slot.run))
}

/// The process of a run that holds no live lease any more, but lives: it was stopped, and what it had begun to send may
/// still leave when it goes on.
pub(super) fn sleeper(connection: &Connection, target: &str, run: &RunId) -> Result<Option<u32>, StoreError> {
    let slot = read(connection, target)?;
    let ours = slot.filter(|slot| slot.run.as_deref() == Some(run.0.as_str()) && slot.place == *Place::here());
    Ok(ours.map(|slot| slot.pid).filter(|&pid| carries(pid, run)))
}

/// Whether this process is the executor of the run: numbers are used again, but the run is among its arguments.
fn carries(pid: u32, run: &RunId) -> bool {
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments.split(|&byte| byte == 0).any(|argument| argument == run.0.as_bytes())
}

fn read(connection: &Connection, target: &str) -> Result<Option<Slot>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM leases WHERE target = ?1");
    let columns = connection.prepare_cached(&sql)?.query_row([target], columns).optional()?;
    columns.map(|columns| columns.slot()).transpose()
}

/// What [`columns`] reads.
const COLUMNS: &str = "epoch, run, holder, what, since, boot, pids, pid, expires_boot_ms, expires";

/// A row as it is kept.
struct Columns {
    epoch: u64,
    run: Option<String>,
    holder: String,
    what: String,
    since: String,
    place: Place,
    pid: u32,
    expires_boot_ms: u64,
    expires: String,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        epoch: row.get("epoch")?,
        run: row.get("run")?,
        holder: row.get("holder")?,
        what: row.get("what")?,
        since: row.get("since")?,
        place: Place { boot: row.get("boot")?, pids: row.get("pids")? },
        pid: row.get("pid")?,
        expires_boot_ms: row.get("expires_boot_ms")?,
        expires: row.get("expires")?,
    })
}

impl Columns {
    fn slot(self) -> Result<Slot, StoreError> {
        let since = self.since.parse()?;
        let held = Held { holder: self.holder, run: self.run.clone().unwrap_or_default(), what: self.what, since };
        let expires_boot = Mono::from_boot(Duration::from_millis(self.expires_boot_ms));
        let (epoch, run, place, pid) = (self.epoch, self.run, self.place, self.pid);
        Ok(Slot { epoch, run, held, place, pid, expires_boot, expires: self.expires.parse()? })
    }
}

fn boot_ms(mono: Mono) -> i64 {
    i64::try_from(mono.since(Mono::default()).as_millis()).unwrap_or(i64::MAX)
}

fn wall_end(now: Now) -> String {
    now.plus(TTL).wall.to_string()
}

/// Where this process runs. It stays there until it ends.
static HERE: LazyLock<Place> = LazyLock::new(|| {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let pids = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    Place { boot: boot.trim().to_owned(), pids: pids.to_string_lossy().into_owned() }
});

impl Place {
    /// Where this process runs; empty where the system doesn't say (then only wall time counts).
    pub(super) fn here() -> &'static Self {
        &HERE
    }
}

/// Whether a process of our own place certainly ended. One that ended and was not reaped is gone as well.
pub(super) fn is_gone(pid: u32) -> bool {
    if pid == std::process::id() {
        return false;
    }
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) || is_zombie(pid)
}

fn is_zombie(pid: rustix::process::Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The state stands after the command's name, which is in parentheses and may hold anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
}
