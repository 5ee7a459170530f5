//! The ledger of debts in the store: how far the journal was folded, and what came of it, so that no reader has to go through
//! the whole journal again. The journal stays the truth: where the two do not fit, it is folded anew.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::{self, Journal, JournalError};
use super::ledger::{Debt, Ending, Ledger, by_urgency};
use super::{Entry, Record, RunId};
use crate::action::Operator;
use crate::clock::Now;
use crate::store::StoreError;
use crate::text::Text;

/// Additive: a Quarterdeck that knows nothing of it leaves it alone.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS debts (
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (target, key)
) STRICT;
CREATE TABLE IF NOT EXISTS debts_folded (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
";

/// The records that end something of a run which has to do with debts, after one place in the journal.
const ENDINGS: &str = "
SELECT sequence, run FROM records WHERE sequence > ?1 AND json_extract(entry, '$.entry')
    IN ('done', 'inconclusive', 'failed', 'unknown', 'resolved', 'debt_accepted')
    AND EXISTS (SELECT 1 FROM records AS first WHERE first.run = records.run
        AND json_extract(first.entry, '$.plan.debt') IS NOT NULL)
ORDER BY sequence";

/// A place in the journal, and the hash that stands there.
type Place = (u64, String);

impl Journal {
    /// What is left open, the most urgent first.
    ///
    /// # Errors
    /// The journal can't be read, or the ledger can't be brought up to it.
    pub fn debts(&self) -> Result<Vec<Debt>, JournalError> {
        if let Some(known) = self.known_debts()? {
            return Ok(by_urgency(known));
        }
        let ledger = self.store().write(|connection| catch_up(connection))?;
        Ok(by_urgency(ledger.0.into_values().collect()))
    }

    /// What the table holds, if the journal has not grown since.
    fn known_debts(&self) -> Result<Option<Vec<Debt>>, JournalError> {
        let store = self.store().lock();
        let connection = store.unchecked_transaction()?;
        if !connection.table_exists(None, "debts_folded")? {
            return Ok(None);
        }
        let current = folded(&connection)? == Some(head(&connection)?);
        Ok(if current { Some(read(&connection)?.0.into_values().collect()) } else { None })
    }

    /// Accepts what a run left open: it is no debt from here on. Who and why goes to the journal.
    ///
    /// # Errors
    /// The run left nothing open (any more), or the journal can't be written.
    pub fn accept_debt(&self, run: &RunId, by: Operator, reason: Text, now: Now) -> Result<Vec<Debt>, JournalError> {
        let accepted = self.store().write(|connection| {
            let ledger = catch_up(connection)?;
            let accepted: Vec<Debt> = ledger.0.into_values().filter(|debt| debt.run == *run).collect();
            if accepted.is_empty() {
                return Err(JournalError::NoDebt(run.0.clone()));
            }
            let entry = Entry::DebtAccepted { by, reason };
            database::append(connection, self.store().mask(), run, entry, now.wall)?;
            catch_up(connection)?;
            Ok(accepted)
        })?;
        self.keep_head();
        Ok(accepted)
    }
}

/// Folds what the journal holds more than was folded before, or all of it where that does not fit.
fn catch_up(connection: &Connection) -> Result<Ledger, JournalError> {
    connection.execute_batch(TABLES)?;
    let head = head(connection)?;
    let (from, mut ledger) = match folded(connection)? {
        Some(place) if is_there(connection, &place)? => (place.0, read(connection)?),
        _ => (0, Ledger::default()),
    };
    if from == head.0 {
        return Ok(ledger);
    }
    for (sequence, run) in endings(connection, from)? {
        take(connection, &mut ledger, sequence, &RunId(run))?;
    }
    write(connection, &ledger, &head)?;
    Ok(ledger)
}

fn endings(connection: &Connection, from: u64) -> Result<Vec<(u64, String)>, JournalError> {
    let mut query = connection.prepare_cached(ENDINGS)?;
    let rows = query.query_map([from], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One ending. A run whose records are in no order that an executor writes is left out: its target is blocked anyway.
fn take(connection: &Connection, ledger: &mut Ledger, sequence: u64, run: &RunId) -> Result<(), JournalError> {
    let mut records = database::records(connection, run)?;
    records.retain(|record| record.sequence <= sequence);
    let entries: Vec<&Entry> = records.iter().map(|record| &record.entry).collect();
    let (Some(Entry::Approved { plan, by, .. }), Some(Record { at, .. })) = (entries.first(), records.last()) else {
        return Ok(());
    };
    ledger.take(&Ending { run, plan, by, entries: &entries, at: *at });
    Ok(())
}

fn head(connection: &Connection) -> Result<Place, JournalError> {
    let sql = "SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1";
    let head = connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(head.unwrap_or_default())
}

fn folded(connection: &Connection) -> Result<Option<Place>, JournalError> {
    let sql = "SELECT sequence, hash FROM debts_folded";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Whether the journal still has that record: else it is another journal than the one that was folded.
fn is_there(connection: &Connection, (sequence, hash): &Place) -> Result<bool, JournalError> {
    let sql = "SELECT 1 FROM records WHERE sequence = ?1 AND hash = ?2";
    let found: Option<i64> =
        connection.prepare_cached(sql)?.query_row(params![sequence, hash], |row| row.get(0)).optional()?;
    Ok(found.is_some() || *sequence == 0)
}

fn read(connection: &Connection) -> Result<Ledger, JournalError> {
    let mut query = connection.prepare_cached("SELECT target, key, body FROM debts")?;
    let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?)))?;
    let mut ledger = Ledger::default();
    for row in rows {
        let (place, body) = row?;
        ledger.0.insert(place, serde_json::from_str(&body)?);
    }
    Ok(ledger)
}

fn write(connection: &Connection, ledger: &Ledger, (sequence, hash): &Place) -> Result<(), JournalError> {
    connection.execute("DELETE FROM debts", [])?;
    for ((target, key), debt) in &ledger.0 {
        let body = serde_json::to_string(debt).map_err(StoreError::Row)?;
        connection.execute("INSERT INTO debts (target, key, body) VALUES (?1, ?2, ?3)", params![target, key, body])?;
    }
    connection.execute(
        "INSERT INTO debts_folded (one, sequence, hash) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET sequence = ?1, hash = ?2",
        params![sequence, hash],
    )?;
    Ok(())
}
