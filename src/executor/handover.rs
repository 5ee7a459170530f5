//! Handing a run's target over: somebody asks, the one who confirmed the run grants, and the run stops before its next call.
//! Kept in the state directory that both share.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::journal::{Journal, JournalError, RunId, RunView};
use super::shared::Wish;
use crate::action::Operator;
use crate::clock::Now;
use crate::store::StoreError;
use crate::text::Text;

/// Additive: a Quarterdeck that knows nothing of it leaves it alone, and its runs go on to their end.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS handovers (
    run TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    granted TEXT
) STRICT;
";

/// Somebody's wish to take over from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The run.
    pub run: RunId,
    /// Who asks.
    pub by: Operator,
    /// Why.
    pub reason: Text,
    /// When.
    pub at: Timestamp,
    /// When the one who confirmed the run granted it.
    pub granted: Option<Timestamp>,
}

/// Why nothing was asked for or granted.
#[derive(Debug, thiserror::Error)]
pub enum NotHandedOver {
    /// It holds nothing any more.
    #[error("run {0} is over: its target is not held by it any more")]
    Over(RunId),
    /// It is one's own.
    #[error("run {0} is your own")]
    Own(RunId),
    /// Nobody asked.
    #[error("nobody asked to take over from run {0}")]
    NotAsked(RunId),
    /// Only the holder grants.
    #[error("run {run} is {holder}'s: only they can hand it over")]
    NotTheHolder {
        /// The run.
        run: RunId,
        /// Who confirmed it.
        holder: Text,
    },
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Journal {
    /// Asks the one who confirmed `run` to hand its target over. A later wish takes an earlier one's place, unless that one
    /// was granted.
    ///
    /// # Errors
    /// The run is over or one's own, or it can't be written.
    pub fn ask_handover(&self, run: &RunView, by: &Operator, why: &Text, now: Now) -> Result<(), NotHandedOver> {
        if !run.is_open() {
            return Err(NotHandedOver::Over(run.id.clone()));
        }
        if by.is_same_person(&run.by) {
            return Err(NotHandedOver::Own(run.id.clone()));
        }
        Ok(self.write_wish(&run.id, by, why, now.wall)?)
    }

    /// Writes down what somebody on another host asked for, as if they had asked here. A wish that was granted stays.
    ///
    /// # Errors
    /// It can't be written.
    pub fn hear_wish(&self, run: &RunId, wish: &Wish) -> Result<(), JournalError> {
        self.write_wish(run, &wish.by, &wish.reason, wish.at)
    }

    fn write_wish(&self, run: &RunId, by: &Operator, why: &Text, at: Timestamp) -> Result<(), JournalError> {
        let (who, why) = (serde_json::to_string(by)?, self.store().mask().text(why));
        self.store().write(|connection| {
            connection.execute_batch(TABLE)?;
            connection.execute(
                "INSERT INTO handovers (run, by, reason, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (run) DO UPDATE
                 SET by = excluded.by, reason = excluded.reason, at = excluded.at WHERE granted IS NULL",
                params![run.0, who, why, at.to_string()],
            )?;
            Ok(())
        })
    }

    /// Grants it: the run begins no further step. What was asked for and granted, also where that was before.
    ///
    /// # Errors
    /// Nobody asked, the run is over or another's, or it can't be written.
    pub fn grant_handover(&self, run: &RunView, by: &Operator, now: Now) -> Result<Handover, NotHandedOver> {
        if !run.is_open() {
            return Err(NotHandedOver::Over(run.id.clone()));
        }
        if !by.is_same_person(&run.by) {
            return Err(NotHandedOver::NotTheHolder { run: run.id.clone(), holder: Text::clean(&run.by.to_string()) });
        }
        let granted = self.store().write(|connection| grant(connection, &run.id, now.wall))?;
        granted.ok_or_else(|| NotHandedOver::NotAsked(run.id.clone()))
    }

    /// The wish to take over from a run, if there is one.
    ///
    /// # Errors
    /// It can't be read.
    pub fn handover(&self, run: &RunId) -> Result<Option<Handover>, JournalError> {
        Ok(read(&self.store().lock(), run)?)
    }
}

/// Read and granted in one transaction: a later wish may come from another host at any moment.
fn grant(connection: &Connection, run: &RunId, at: Timestamp) -> Result<Option<Handover>, JournalError> {
    connection.execute_batch(TABLE)?;
    let sql = "UPDATE handovers SET granted = ?2 WHERE run = ?1 AND granted IS NULL";
    connection.execute(sql, params![run.0, at.to_string()])?;
    Ok(read(connection, run)?)
}

fn read(connection: &Connection, run: &RunId) -> Result<Option<Handover>, StoreError> {
    if !connection.table_exists(None, "handovers")? {
        return Ok(None);
    }
    let sql = "SELECT by, reason, at, granted FROM handovers WHERE run = ?1";
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Option<(String, String, String, Option<String>)> =
        connection.prepare_cached(sql)?.query_row([&run.0], row).optional()?;
    let Some((by, reason, at, granted)) = found else { return Ok(None) };
    Ok(Some(Handover {
        run: run.clone(),
        by: serde_json::from_str(&by)?,
        reason: Text::clean(&reason),
        at: at.parse()?,
        granted: granted.map(|granted| granted.parse()).transpose()?,
    }))
}
