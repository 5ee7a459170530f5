//! Approvals and leases are not chained; what they say must agree with the records.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::RunState;
use super::fault::{FaultKind, Faults};
use super::runs::Run;

/// A row of `approvals`.
struct Approval {
    digest: String,
    target: String,
    until: String,
    taken_by: Option<u32>,
    settled: bool,
}

/// A run whose records were all seen, against its approval and its target's lease.
pub(super) fn run(connection: &Connection, ended: Option<(String, Run)>, faults: &mut Faults) -> rusqlite::Result<()> {
    let Some((id, run)) = ended else { return Ok(()) };
    let mut tell = |what: &str| {
        faults.add(FaultKind::Unmatched, None, Some(&id), what);
    };
    let Some(row) = approval(connection, &id)? else {
        tell("there are records of it, and no approval");
        return Ok(());
    };
    if let Some(approved) = &run.approval
        && (&approved.digest, &approved.target, &approved.until) != (&row.digest, &row.target, &row.until)
    {
        tell("its approval binds another plan, target or time than its records");
    }
    taken(&run, &row, &mut tell);
    if let Some(state) = run.state()
        && row.settled != state.is_settled()
    {
        tell(&format!("its approval says that it {} settled, its records say {state:?}", is(row.settled)));
    }
    lease(connection, &run, &row.target, &mut tell)
}

fn is(yes: bool) -> &'static str {
    if yes { "is" } else { "is not" }
}

/// An approval that is used up has an executor's record, and the other way round.
fn taken(run: &Run, row: &Approval, tell: &mut impl FnMut(&str)) {
    match (run.taken, row.taken_by) {
        (Some((pid, _)), Some(by)) if pid == by => {}
        (None, None) => {}
        // One that was taken and refused at once has only the refusal.
        (None, Some(_)) if matches!(run.state(), Some(RunState::Refused) | None) => {}
        (Some(_), _) => tell("its approval does not name the executor that took it"),
        (None, Some(_)) => tell("its approval was taken, and no record tells so"),
    }
}

/// A lease's epoch only grows; one that is lower than a record's was put back, and would let an old holder in.
fn lease(connection: &Connection, run: &Run, target: &str, tell: &mut impl FnMut(&str)) -> rusqlite::Result<()> {
    let Some((_, epoch)) = run.taken else { return Ok(()) };
    let sql = "SELECT epoch FROM leases WHERE target = ?1";
    let now: Option<u64> = connection.prepare_cached(sql)?.query_row([target], |row| row.get(0)).optional()?;
    match now {
        Some(now) if now >= epoch => {}
        Some(now) => tell(&format!("it held epoch {epoch} of its target's lease, which was put back to {now}")),
        None => tell(&format!("it held epoch {epoch} of its target's lease, which is not there")),
    }
    Ok(())
}

fn approval(connection: &Connection, run: &str) -> rusqlite::Result<Option<Approval>> {
    let sql = "SELECT digest, target, until, taken_by, settled FROM approvals WHERE run = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let (digest, target, until) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Approval { digest, target, until, taken_by: row.get(3)?, settled: row.get(4)? })
    };
    connection.prepare_cached(sql)?.query_row(params![run], read).optional()
}

/// Approvals and leases of runs that have no record.
pub(super) fn orphans(connection: &Connection, faults: &mut Faults) -> rusqlite::Result<()> {
    let alone = [
        ("an approval", "SELECT run FROM approvals a WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.run = a.run)"),
        (
            "a lease",
            "SELECT run FROM leases l WHERE run IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM records r WHERE r.run = l.run)",
        ),
    ];
    for (what, sql) in alone {
        let mut query = connection.prepare(sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let run: String = row.get(0)?;
            faults.add(FaultKind::Unmatched, None, Some(&run), &format!("there is {what} of it, and no record"));
        }
    }
    Ok(())
}
