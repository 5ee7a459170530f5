//! The journal as JSON Lines: each record byte by byte as it is stored, so that the export can be verified by itself.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chain::Start;
use super::stored::{each, open, unreadable};
use super::{AuditError, Faults, Row, SCHEMA};
use crate::action::plan::sha256;
use crate::text::Text;

/// Which records are exported; all, where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Those of one run.
    pub run: Option<String>,
    /// The first of this moment or later, and all behind it.
    pub since: Option<Timestamp>,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) schema: String,
    /// The environment.
    pub(super) environment: Text,
    /// When it was exported.
    pub(super) exported: Timestamp,
    /// The hash of the journal's first record.
    pub(super) journal: Option<String>,
    pub(super) selection: Selection,
    /// The record before the first that is exported.
    pub(super) after: After,
}

/// What lies before a record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    pub(super) sequence: u64,
    pub(super) hash: String,
}

/// A line between.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'a> {
    pub(super) sequence: u64,
    pub(super) run: String,
    pub(super) at: String,
    /// The entry as it is stored.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<&'a RawValue>,
    /// The entry where it is no JSON on one line: what is stored is damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entry_text: Option<String>,
    pub(super) prev: String,
    pub(super) hash: String,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub(super) end: End,
}

/// What the export holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) records: u64,
    pub(super) sequence: u64,
    pub(super) hash: String,
    /// SHA-256 of the first line, without its end.
    pub(super) header: String,
}

/// Writes the journal in the file at `path` to `out`, as it stands at one moment. Gives the number of records.
///
/// # Errors
/// The journal can't be read, there is nothing of what was asked for, or `out` can't be written.
pub fn export(
    path: &Path,
    selection: &Selection,
    (environment, exported): (&str, Timestamp),
    out: &mut dyn Write,
) -> Result<u64, AuditError> {
    let connection = open(path)?;
    let read = |error: rusqlite::Error| unreadable(path, &error);
    let run = selection.run.as_deref().map(|run| whole_name(&connection, run).map_err(read)?).transpose()?;
    let selection = &Selection { run, ..selection.clone() };
    let first = connection.query_row("SELECT min(hash) FROM records WHERE sequence = 1", [], |row| row.get(0));
    let mut job = Job {
        selection,
        start: None,
        before: Start::default(),
        header: String::new(),
        records: 0,
        last: Start::default(),
        out,
    };
    let head = Header {
        schema: SCHEMA.to_owned(),
        environment: Text::clean(environment),
        exported,
        journal: first.map_err(read)?,
        selection: selection.clone(),
        after: After { sequence: 0, hash: String::new() },
    };
    let (mut written, mut faults) = (Ok(()), Faults::default());
    each(&connection, "sequence", &mut faults, |row, _| {
        if written.is_ok() {
            written = job.see(row, &head);
        }
    })
    .map_err(read)?;
    written?;
    if let Some(fault) = faults.kept.first() {
        return Err(AuditError::Nothing(format!("{fault}; nothing that can be verified was exported")));
    }
    job.end(head)
}

/// A run by as much of its beginning or end as names it, as everywhere.
fn whole_name(connection: &Connection, run: &str) -> rusqlite::Result<Result<String, AuditError>> {
    let sql = "SELECT DISTINCT run FROM records WHERE run = ?1 OR substr(run, 1, length(?1)) = ?1
               OR substr(run, -length(?1)) = ?1 ORDER BY run = ?1 DESC LIMIT 2";
    let mut query = connection.prepare(sql)?;
    let found: Vec<String> = query.query_map([run], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(match <[String; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(several) if several.first().is_some_and(|first| first == run) => Ok(run.to_owned()),
        Err(none) if none.is_empty() => Err(AuditError::Nothing(format!("there is no record of run `{run}` there"))),
        Err(_) => Err(AuditError::Nothing(format!("several runs are named so: `{run}`; give more of it"))),
    })
}

/// An export under way.
struct Job<'a> {
    selection: &'a Selection,
    /// The header was written; with what lies before the first record.
    start: Option<Start>,
    before: Start,
    /// The first line's SHA-256.
    header: String,
    records: u64,
    last: Start,
    out: &'a mut dyn Write,
}

impl Job<'_> {
    fn see(&mut self, row: &Row, head: &Header) -> Result<(), AuditError> {
        let passed = std::mem::replace(&mut self.before, Start { sequence: row.sequence, prev: row.hash.clone() });
        if !self.wants(row) {
            return Ok(());
        }
        if self.start.is_none() {
            self.begin(head, passed)?;
        }
        self.records += 1;
        self.last = self.before.clone();
        self.write(&line(row, as_stored(&row.entry)))
    }

    fn wants(&self, row: &Row) -> bool {
        let since = |since: Timestamp| row.at.parse::<Timestamp>().map_or(true, |at| at >= since);
        self.selection.run.as_ref().is_none_or(|run| *run == row.run)
            && (self.selection.run.is_none() && self.start.is_some() || self.selection.since.is_none_or(since))
    }

    /// The header, once. A selection of one run begins anywhere.
    fn begin(&mut self, head: &Header, passed: Start) -> Result<(), AuditError> {
        let start = if self.selection.run.is_some() { Start::default() } else { passed };
        let after = After { sequence: start.sequence, hash: start.prev.clone() };
        self.start = Some(start);
        let Header { schema, environment, exported, journal, selection, .. } = head;
        let header = Header {
            schema: schema.clone(),
            environment: environment.clone(),
            exported: *exported,
            journal: journal.clone(),
            selection: selection.clone(),
            after,
        };
        self.header = sha256(&serde_json::to_string(&header).map_err(std::io::Error::from)?);
        self.write(&header)
    }

    fn end(mut self, head: Header) -> Result<u64, AuditError> {
        if self.start.is_none() {
            let before = self.before.clone();
            self.last = before.clone();
            self.begin(&head, before)?;
        }
        let (sequence, hash, header) = (self.last.sequence, self.last.prev.clone(), self.header.clone());
        let end = End { records: self.records, sequence, hash, header };
        self.write(&Last { end })?;
        self.out.flush()?;
        Ok(self.records)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), AuditError> {
        serde_json::to_writer(&mut *self.out, line).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }
}

/// The entry as JSON, if that is what is stored, byte by byte, and stands on one line.
fn as_stored(entry: &str) -> Option<&RawValue> {
    let value: &RawValue = serde_json::from_str(entry).ok()?;
    (value.get() == entry && !entry.contains(['\n', '\r'])).then_some(value)
}

fn line<'a>(row: &Row, entry: Option<&'a RawValue>) -> Line<'a> {
    Line {
        sequence: row.sequence,
        run: row.run.clone(),
        at: row.at.clone(),
        entry_text: entry.is_none().then(|| row.entry.clone()),
        entry,
        prev: row.prev.clone(),
        hash: row.hash.clone(),
    }
}
