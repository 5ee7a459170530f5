//! The journal in its file: schema, pages, chain, runs, approvals, leases.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row as SqlRow};

use super::anchored::{Anchored, Extent};
use super::chain::{Chain, Start};
use super::fault::{FaultKind, Faults};
use super::runs::Run;
use super::{AuditError, Report, Row, Terms, matched, schema};

/// How long a writer is waited for, in milliseconds.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// What a verification without an anchor can't find.
const NO_ANCHOR: &str = "without an anchor, a cut-off end that was tidied up, an older copy put in place, and a journal that \
    was replaced or chained anew can't be found: set `[audit] anchor` in the configuration, or name one with --anchor";

/// What was seen on the way.
#[derive(Debug, Default)]
struct Seen {
    records: u64,
    runs: u64,
    head: Option<(u64, String)>,
    heads: Option<u64>,
    unproven: Vec<String>,
}

/// Verifies the journal in the file at `path`, as it stands at one moment; writers go on.
///
/// # Errors
/// The file or the anchor can't be read. A file that can be read and is no whole journal is no error but a fault.
pub fn verify(path: &Path, terms: &Terms<'_>) -> Result<Report, AuditError> {
    let connection = open(path)?;
    let mut anchored = Anchored::open(terms)?;
    let (mut faults, mut seen) = (Faults::default(), Seen::default());
    if let Err(error) = judge(&connection, &mut anchored, terms, &mut seen, &mut faults) {
        if !is_damage(&error) {
            return Err(unreadable(path, &error));
        }
        let what = format!("the file can't be read further: {error}");
        faults.add(FaultKind::Damaged, None, None, &what);
    }
    let Seen { records, runs, head, heads, unproven } = seen;
    let place = path.display().to_string();
    Ok(Report { place, records, runs, head, heads, faults: faults.kept, more: faults.more, unproven })
}

/// The hash of the record of that sequence, as it is stored; `None` where there is no such record.
///
/// # Errors
/// The file can't be read.
pub fn hash_at(path: &Path, sequence: u64) -> Result<Option<String>, AuditError> {
    let found =
        open(path)?.query_row("SELECT hash FROM records WHERE sequence = ?1", [sequence], |row| row.get(0)).optional();
    found.map_err(|error| unreadable(path, &error))
}

/// What the state directory calls itself in a shared table, behind the host's name; `None` where it was never shared.
///
/// # Errors
/// The file can't be read.
pub fn shared_id(path: &Path) -> Result<Option<String>, AuditError> {
    let found = || {
        let connection = open(path).map_err(Ok)?;
        if !connection.table_exists(None, "shared_host").map_err(Err)? {
            return Ok(None);
        }
        connection.query_row("SELECT id FROM shared_host", [], |row| row.get(0)).optional().map_err(Err)
    };
    found().map_err(|error: Result<AuditError, rusqlite::Error>| error.unwrap_or_else(|error| unreadable(path, &error)))
}

/// Opens the file for reading only; nothing in it is run or believed.
pub(super) fn open(path: &Path) -> Result<Connection, AuditError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // One transaction: whatever is read is of one moment.
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    };
    opened().map_err(|error: rusqlite::Error| unreadable(path, &error))
}

pub(super) fn unreadable(path: &Path, error: &rusqlite::Error) -> AuditError {
    AuditError::Unreadable {
        place: path.display().to_string(),
        reason: error.to_string(),
        hint: "see that it is there and that you may read it and write beside it (`state_dir`)",
    }
}

/// What SQLite can't read because of what stands in the file, and not because of the way there.
fn is_damage(error: &rusqlite::Error) -> bool {
    let of_the_way = |code| {
        matches!(
            code,
            ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
        )
    };
    !error.sqlite_error_code().is_some_and(of_the_way)
}

fn judge(
    connection: &Connection,
    anchored: &mut Option<Anchored>,
    terms: &Terms<'_>,
    seen: &mut Seen,
    faults: &mut Faults,
) -> rusqlite::Result<()> {
    schema::check(connection, faults)?;
    schema::pages(connection, faults)?;
    let mut chain = Chain::from(Start::default(), false);
    let extent = Extent::default();
    each(connection, "sequence", faults, |row, faults| {
        chain.see(row, faults);
        anchored.iter_mut().for_each(|anchored| anchored.see(row, &extent, faults));
    })?;
    if !chain.strays.is_empty() {
        each(connection, "sequence", &mut Faults::default(), |row, _| chain.strays.look(row, faults))?;
    }
    (seen.records, seen.head) = (chain.records, chain.head());
    let last = seen.head.as_ref().map_or(0, |(sequence, _)| *sequence);
    tail(connection, last, faults)?;
    let newest = runs(connection, seen, faults)?;
    matched::orphans(connection, faults)?;
    match anchored {
        None => seen.unproven.push(NO_ANCHOR.to_owned()),
        Some(anchored) => {
            anchored.end(last, &extent, faults);
            anchored.behind(newest, terms.now, faults);
            seen.heads = Some(anchored.read);
            seen.unproven.extend(not_yet_anchored(anchored.newest(), last));
        }
    }
    Ok(())
}

pub(super) fn not_yet_anchored(newest: u64, last: u64) -> Option<String> {
    (newest < last).then(|| format!("records after {newest} are not anchored yet: the anchor says nothing of them"))
}

/// SQLite remembers the highest sequence that was ever written.
fn tail(connection: &Connection, last: u64, faults: &mut Faults) -> rusqlite::Result<()> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'records'";
    let highest: Option<u64> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    match highest {
        Some(highest) if highest > last => {
            let what = format!("the journal ends at {last}, and {highest} records were written: its end was cut off");
            faults.add(FaultKind::Truncated, Some(highest), None, &what);
        }
        Some(highest) if highest == last => {}
        None if last == 0 => {}
        _ => {
            faults.add(FaultKind::Damaged, None, None, "the count of the records that were written was altered");
        }
    }
    Ok(())
}

/// All records, run by run. Gives the newest approval or outcome.
fn runs(connection: &Connection, seen: &mut Seen, faults: &mut Faults) -> rusqlite::Result<Option<(u64, Timestamp)>> {
    let mut newest: Option<(u64, Timestamp)> = None;
    let mut current: Option<(String, Run)> = None;
    let mut problem = Ok(());
    let mut counted = 0;
    each(connection, "run, sequence", &mut Faults::default(), |row, _| {
        if current.as_ref().is_none_or(|(id, _)| *id != row.run) {
            let ended = current.replace((row.run.clone(), Run::new()));
            counted += 1;
            problem = std::mem::replace(&mut problem, Ok(())).and_then(|()| matched::run(connection, ended, faults));
        }
        if let Some(at) = current.as_mut().and_then(|(_, run)| run.see(row, faults)) {
            newest = newest.max(Some((row.sequence, at)));
        }
    })?;
    problem?;
    matched::run(connection, current, faults)?;
    seen.runs = counted;
    Ok(newest)
}

/// Every record in this order. One that can't be read is a fault, and is left out.
pub(super) fn each(
    connection: &Connection,
    order: &'static str,
    faults: &mut Faults,
    mut act: impl FnMut(&Row, &mut Faults),
) -> rusqlite::Result<()> {
    let sql = format!("SELECT sequence, run, at, entry, prev, hash FROM records ORDER BY {order}");
    let mut query = connection.prepare(&sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(row) => act(&row, faults),
            Err(error) => {
                let what = format!("a record can't be read: {error}");
                faults.add(FaultKind::Damaged, row.get(0).ok(), None, &what);
            }
        }
    }
    Ok(())
}

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        sequence: row.get(0)?,
        run: row.get(1)?,
        at: row.get(2)?,
        entry: row.get(3)?,
        prev: row.get(4)?,
        hash: row.get(5)?,
    })
}
