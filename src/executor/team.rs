//! The people who share a state directory: who holds which lease, and whose confirmation is open.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::handover::Handover;
use super::journal::{Journal, JournalError};
use super::lease::{LeaseView, Place, Process, is_gone};
use crate::action::Operator;
use crate::clock::Now;
use crate::store::StoreError;
use crate::text::Text;

/// Additive: a Quarterdeck that knows nothing of it leaves it alone.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS confirmations (
    boot TEXT NOT NULL,
    pids TEXT NOT NULL,
    pid INTEGER NOT NULL,
    by TEXT NOT NULL,
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (boot, pids, pid)
) STRICT;
";

/// The most confirmations that are listed.
const LISTED: u32 = 20;

/// After so long a confirmation of a console that nobody here can look at is left out: its plan expired.
const OLDEST_SECONDS: i64 = 1_800;

/// What everybody who shares a state directory is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
    /// The leases that were not given back, by target.
    pub leases: Vec<TeamLease>,
    /// The confirmations that are open in other consoles, the oldest first.
    pub confirming: Vec<Confirming>,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamLease {
    /// The run.
    pub run: String,
    /// Who confirmed it.
    pub holder: Text,
    /// What it does.
    pub what: Text,
    /// Since when.
    pub since: Timestamp,
    /// Whether it keeps others off; else it is over.
    pub live: bool,
    /// What became of the executor.
    pub process: Process,
    /// Who asks for the target, if anybody does.
    pub asked: Option<Handover>,
}

/// A confirmation that is open in another console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirming {
    /// Whose.
    pub by: Text,
    /// What would be done.
    pub what: Text,
    /// Since when.
    pub since: Timestamp,
}

/// A row of the table.
struct Kept {
    place: Place,
    pid: u32,
    by: String,
    what: String,
    since: String,
}

impl Journal {
    /// Tells the others what this console's operator is asked to confirm; `None`: nothing any more.
    ///
    /// # Errors
    /// The state directory can't be written.
    pub fn tell_confirming(&self, by: &Operator, what: Option<&Text>, now: Now) -> Result<(), JournalError> {
        let (here, pid) = (Place::here(), std::process::id());
        self.store().write(|connection| {
            connection.execute_batch(TABLE)?;
            let own = "DELETE FROM confirmations WHERE boot = ?1 AND pids = ?2 AND pid = ?3";
            connection.execute(own, params![here.boot, here.pids, pid])?;
            if let Some(what) = what {
                connection.execute(
                    "INSERT INTO confirmations (boot, pids, pid, by, what, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![here.boot, here.pids, pid, by.to_string(), what.as_str(), now.wall.to_string()],
                )?;
            }
            Ok(())
        })
    }

    /// What the others are about. Consoles that are gone confirm nothing.
    ///
    /// # Errors
    /// The state directory can't be read.
    pub fn team(&self, now: Now) -> Result<Team, JournalError> {
        let asked = |lease: LeaseView| Ok(team_lease(&lease, self.handover(&lease.run)?));
        let leases = self.leases(now)?.into_iter().map(asked).collect::<Result<_, JournalError>>()?;
        Ok(Team { leases, confirming: confirming(&self.store().lock(), now)? })
    }
}

fn team_lease(lease: &LeaseView, asked: Option<Handover>) -> TeamLease {
    TeamLease {
        asked,
        run: lease.run.0.clone(),
        holder: Text::clean(&lease.holder),
        what: Text::clean(&lease.what),
        since: lease.since,
        live: lease.expires_in.is_some(),
        process: lease.process,
    }
}

fn confirming(connection: &Connection, now: Now) -> Result<Vec<Confirming>, StoreError> {
    if !connection.table_exists(None, "confirmations")? {
        return Ok(Vec::new());
    }
    let sql = "SELECT boot, pids, pid, by, what, since FROM confirmations ORDER BY since LIMIT ?1";
    let mut query = connection.prepare_cached(sql)?;
    let kept: Vec<Kept> = query.query_map([LISTED], kept)?.collect::<Result<_, _>>()?;
    let mut open = Vec::new();
    for kept in kept {
        let since: Timestamp = kept.since.parse()?;
        if kept.is_open(since, now) {
            open.push(Confirming { by: Text::clean(&kept.by), what: Text::clean(&kept.what), since });
        }
    }
    Ok(open)
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let place = Place { boot: row.get(0)?, pids: row.get(1)? };
    Ok(Kept { place, pid: row.get(2)?, by: row.get(3)?, what: row.get(4)?, since: row.get(5)? })
}

impl Kept {
    /// Whether it is another console's, which lives as far as can be said.
    fn is_open(&self, since: Timestamp, now: Now) -> bool {
        if self.place == *Place::here() {
            return self.pid != std::process::id() && !is_gone(self.pid);
        }
        now.wall.as_second() - since.as_second() < OLDEST_SECONDS
    }
}
