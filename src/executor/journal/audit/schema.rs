//! The file's own state: the tables that the journal was made with, no way round them, and pages that agree.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::fault::{FaultKind, Faults};
use crate::store;

/// What the verifier and the program read alike, and what keeps it from being changed in passing.
const RELIED_ON: &[&str] =
    &["records", "records_by_run", "records_never_change", "records_never_go", "approvals", "leases"];

/// Tables that must be as they were made: the others may have grown since.
const AS_MADE: &[&str] = &["records", "records_by_run", "records_never_change", "records_never_go"];

type Objects = BTreeMap<String, (String, String)>;

/// The tables, index and triggers of the journal must be those that Quarterdeck makes: a view in the place of a table, or an
/// index of some rows only, could show the program another journal than the verifier.
pub(super) fn check(connection: &Connection, faults: &mut Faults) -> rusqlite::Result<()> {
    let (found, made) = (objects(connection)?, objects(&store::reference()?)?);
    let mut tell = |what: String| faults.add(FaultKind::Damaged, None, None, &what);
    for name in RELIED_ON {
        match (found.get(*name), made.get(*name)) {
            (Some(found), Some(made)) if found == made => {}
            (Some(found), Some(made)) if found.0 == made.0 && !AS_MADE.contains(name) => {}
            (Some(_), _) => {
                tell(format!("{name} is not as Quarterdeck makes it"));
            }
            (None, _) => {
                tell(format!("{name} is not there: what kept the journal append-only was taken away"));
            }
        }
    }
    for (name, (kind, _)) in &found {
        if matches!(kind.as_str(), "view" | "trigger") && !made.contains_key(name) {
            tell(format!("there is a {kind} {name} that Quarterdeck does not make"));
        }
    }
    Ok(())
}

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let mut query = connection.prepare("SELECT name, type, coalesce(sql, '') FROM sqlite_master")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    rows.collect()
}

/// Every page, row and index entry agrees with the others.
pub(super) fn pages(connection: &Connection, faults: &mut Faults) -> rusqlite::Result<()> {
    let mut query = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines = query.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            faults.add(FaultKind::Damaged, None, None, &format!("SQLite: {line}"));
        }
    }
    Ok(())
}
