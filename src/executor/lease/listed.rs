//! The leases of a state directory, for people: who holds what, and whether its process lives.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::{COLUMNS, Place, Slot, carries, columns, is_gone, read};
use crate::clock::Now;
use crate::executor::journal::RunId;
use crate::store::StoreError;

/// A lease that was not given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseView {
    /// The target: the orchestrator's identifier.
    pub target: String,
    /// The run.
    pub run: RunId,
    /// Who confirmed it.
    pub holder: String,
    /// What it does.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
    /// Which taking of the target it is.
    pub epoch: u64,
    /// What became of the executor's process.
    pub process: Process,
    /// Its number.
    pub pid: u32,
    /// How long it lasts without a heartbeat; `None`: it is over, and keeps nobody off.
    pub expires_in: Option<Duration>,
}

/// What can be said of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// It lives; where its lease is over, it was stopped, and may go on.
    Alive,
    /// It ended.
    Gone,
    /// It ran in another container, on another host or before this machine was started, where nobody here can look.
    Elsewhere,
}

/// Why a lease was not taken away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFree {
    /// It is in force.
    #[error("run {run} of {holder} holds {target}, and is at work; see `quarterdeck runs show {run}`")]
    Live {
        /// The run.
        run: String,
        /// Whose.
        holder: String,
        /// What it holds.
        target: String,
    },
    /// It ran out, but what held it may go on.
    #[error(
        "the executor of run {run}, process {pid}, still lives and may go on; end it (`kill -9 {pid}`), then release"
    )]
    Alive {
        /// The run.
        run: String,
        /// The process.
        pid: u32,
    },
    /// It ran out, and nobody here can say whether what held it lives.
    #[error(
        "the executor of run {run} ran in another container, on another host or before this machine was started, so that \
         nobody here can say whether it lives; its lease is over and keeps nobody off: there is nothing to release"
    )]
    Elsewhere {
        /// The run.
        run: String,
    },
}

impl LeaseView {
    fn of(target: String, slot: &Slot, now: Now) -> Option<Self> {
        let run = RunId(slot.run.clone()?);
        let process = process(slot, &run);
        let left = if slot.place.boot == Place::here().boot {
            slot.expires_boot.since(now.mono)
        } else {
            Duration::try_from(slot.expires.duration_since(now.wall)).unwrap_or_default()
        };
        Some(Self {
            target,
            run,
            holder: slot.held.holder.clone(),
            what: slot.held.what.clone(),
            since: slot.held.since,
            epoch: slot.epoch,
            process,
            pid: slot.pid,
            expires_in: slot.is_live(now).then_some(left),
        })
    }

    /// Whether it may be taken away.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_released(&self) -> Result<(), NotFree> {
        let run = self.run.0.clone();
        match (self.expires_in, self.process) {
            (Some(_), _) => Err(NotFree::Live { run, holder: self.holder.clone(), target: self.target.clone() }),
            (None, Process::Alive) => Err(NotFree::Alive { run, pid: self.pid }),
            (None, Process::Elsewhere) => Err(NotFree::Elsewhere { run }),
            (None, Process::Gone) => Ok(()),
        }
    }
}

/// A process of an earlier boot of this machine can't be told from one of another machine.
fn process(slot: &Slot, run: &RunId) -> Process {
    if slot.place != *Place::here() || slot.place.boot.is_empty() {
        return Process::Elsewhere;
    }
    if is_gone(slot.pid) || !(slot.pid == std::process::id() || carries(slot.pid, run)) {
        return Process::Gone;
    }
    Process::Alive
}

/// The leases that were not given back, by target.
pub(in crate::executor) fn list(connection: &Connection, now: Now) -> Result<Vec<LeaseView>, StoreError> {
    let sql = format!("SELECT target, {COLUMNS} FROM leases WHERE run IS NOT NULL ORDER BY target");
    let mut query = connection.prepare_cached(&sql)?;
    let rows = query.query_map([], |row| Ok((row.get("target")?, columns(row)?)))?;
    let views = rows.map(|row| {
        let (target, columns): (String, _) = row?;
        Ok(LeaseView::of(target, &columns.slot()?, now))
    });
    views.filter_map(Result::transpose).collect()
}

/// One of them.
pub(in crate::executor) fn one(
    connection: &Connection,
    target: &str,
    now: Now,
) -> Result<Option<LeaseView>, StoreError> {
    Ok(read(connection, target)?.and_then(|slot| LeaseView::of(target.to_owned(), &slot, now)))
}

/// Takes it away: the row stays with its epoch, so that a holder that wakes up finds it lost.
pub(in crate::executor) fn take_away(connection: &Connection, lease: &LeaseView) -> Result<(), StoreError> {
    let sql = "UPDATE leases SET run = NULL WHERE target = ?1 AND epoch = ?2";
    connection.execute(sql, rusqlite::params![lease.target, lease.epoch])?;
    Ok(())
}
