//! An export, verified by itself, and against an anchor where there is one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;

use crate::action::plan::sha256;

use super::anchored::{Anchored, Extent};
use super::chain::{Chain, Start};
use super::export::{End, Header, Last, Line};
use super::fault::{FaultKind, Faults};
use super::runs::Run;
use super::stored::not_yet_anchored;
use super::{AuditError, Report, Row, SCHEMA, Terms};

/// The longest line, in bytes.
const LONGEST: u64 = 64 << 20;

/// What an export alone can't prove.
const BY_ITSELF: &str =
    "an export that was written anew as a whole is found only with an anchor: name one with --anchor";

/// What a selection can't prove.
const SELECTED: &str = "it holds the records of one run: those between are not in it, and one of its progress records \
    that was taken out is found only in the whole journal";

/// Verifies an export. Memory grows with the number of its runs, by some 200 bytes each.
///
/// # Errors
/// The file can't be read or is no export of a version that is known, or the anchor can't be read.
pub fn verify_export(path: &Path, terms: &Terms<'_>) -> Result<Report, AuditError> {
    let mut lines = Lines::open(path)?;
    let (header, first) = header(&mut lines)?;
    let mut reading = Reading::new(&header, sha256(&first), Anchored::open(terms)?);
    while let Some(text) = lines.next()? {
        reading.see(&text);
    }
    if !reading.chain.strays.is_empty() {
        let mut again = Lines::open(path)?;
        while let Some(text) = again.next()? {
            if let Some(row) = row(&text) {
                reading.chain.strays.look(&row, &mut reading.faults);
            }
        }
    }
    Ok(reading.report(path, header.exported))
}

/// The first line, and what it says.
fn header(lines: &mut Lines) -> Result<(Header, String), AuditError> {
    let first = lines.next()?.unwrap_or_default();
    let wrong = |reason: String| AuditError::Unreadable {
        place: lines.place.clone(),
        reason,
        hint: "name a file that `quarterdeck audit export` wrote, or a journal (quarterdeck.db)",
    };
    let header: Header = serde_json::from_str(&first).map_err(|error| wrong(format!("is no export: {error}")))?;
    if header.schema != SCHEMA {
        return Err(wrong(format!("has schema `{}`, this Quarterdeck reads `{SCHEMA}`", header.schema)));
    }
    Ok((header, first))
}

/// An export as far as it was read.
struct Reading {
    chain: Chain,
    extent: Extent,
    anchored: Option<Anchored>,
    /// Runs by name; `None` for those that began before the export does.
    runs: HashMap<String, Option<Run>>,
    newest: Option<(u64, Timestamp)>,
    end: Option<End>,
    /// The first line's SHA-256.
    first: String,
    faults: Faults,
}

impl Reading {
    fn new(header: &Header, first: String, anchored: Option<Anchored>) -> Self {
        let start = Start { sequence: header.after.sequence, prev: header.after.hash.clone() };
        let gaps = header.selection.run.is_some();
        let extent =
            Extent { journal: header.journal.clone(), start: start.clone(), gaps, until: Some(header.exported) };
        let chain = Chain::from(start, gaps);
        Self {
            chain,
            extent,
            anchored,
            runs: HashMap::new(),
            newest: None,
            end: None,
            first,
            faults: Faults::default(),
        }
    }

    fn see(&mut self, text: &str) {
        if self.end.is_some() {
            self.faults.add(FaultKind::SplicedIn, None, None, "there are lines behind the last one");
        } else if let Some(row) = row(text) {
            self.record(&row);
        } else if let Ok(Last { end }) = serde_json::from_str(text) {
            self.end = Some(end);
        } else {
            let what = format!("the line behind record {} can't be read", self.last());
            self.faults.add(FaultKind::Damaged, None, None, &what);
        }
    }

    fn last(&self) -> u64 {
        self.chain.head().map_or(self.extent.start.sequence, |(sequence, _)| sequence)
    }

    fn record(&mut self, row: &Row) {
        self.chain.see(row, &mut self.faults);
        if row.sequence == 1 && self.extent.journal.as_ref() != Some(&row.hash) {
            self.faults.add(FaultKind::Replaced, Some(1), None, "the first line names another journal");
        }
        if let Some(anchored) = &mut self.anchored {
            anchored.see(row, &self.extent, &mut self.faults);
        }
        let cut = self.extent.start.sequence > 0 && !row.entry.starts_with(r#"{"entry":"approved""#);
        let run = self.runs.entry(row.run.clone()).or_insert_with(|| (!cut).then(Run::new));
        if let Some(at) = run.as_mut().and_then(|run| run.see(row, &mut self.faults)) {
            self.newest = self.newest.max(Some((row.sequence, at)));
        }
    }

    fn report(mut self, path: &Path, exported: Timestamp) -> Report {
        self.ended();
        let (last, mut unproven) = (self.last(), Vec::new());
        let heads = self.anchored.as_mut().map(|anchored| {
            anchored.end(last, &self.extent, &mut self.faults);
            if !self.extent.gaps {
                anchored.behind(self.newest, exported, &mut self.faults);
            }
            unproven.extend(not_yet_anchored(anchored.newest(), last));
            anchored.read
        });
        unproven.extend(self.anchored.is_none().then(|| BY_ITSELF.to_owned()));
        unproven.extend(self.extent.gaps.then(|| SELECTED.to_owned()));
        let (place, head) = (path.display().to_string(), self.chain.head());
        let (records, runs) = (self.chain.records, self.runs.len() as u64);
        Report { place, records, runs, head, heads, faults: self.faults.kept, more: self.faults.more, unproven }
    }

    /// The last line must be there, and tell what was read.
    fn ended(&mut self) {
        let (last, records) = (self.last(), self.chain.records);
        let hash = self.chain.head().map_or(self.extent.start.prev.clone(), |(_, hash)| hash);
        if self.end.as_ref().is_some_and(|end| end.header != self.first) {
            self.faults.add(FaultKind::Flipped, None, None, "the first line is not the one that was written");
        }
        match &self.end {
            None => {
                let what = "the last line is not there: the export is cut off behind this record";
                self.faults.add(FaultKind::Truncated, Some(last), None, what);
            }
            Some(end) if (end.records, end.sequence, &end.hash) == (records, last, &hash) => {}
            Some(end) => {
                let what = format!(
                    "the last line tells of {} records up to {}, and there are {records} up to {last}",
                    end.records, end.sequence
                );
                self.faults.add(FaultKind::Truncated, Some(end.sequence), None, &what);
            }
        }
    }
}

/// A record's line.
fn row(text: &str) -> Option<Row> {
    let line: Line<'_> = serde_json::from_str(text).ok()?;
    let entry = match (line.entry, line.entry_text) {
        (Some(entry), None) => entry.get().to_owned(),
        (None, Some(text)) => text,
        _ => return None,
    };
    let Line { sequence, run, at, prev, hash, .. } = line;
    Some(Row { sequence, run, at, entry, prev, hash })
}

/// Lines of bounded length.
struct Lines {
    place: String,
    reader: BufReader<File>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, AuditError> {
        let place = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self { place, reader: BufReader::new(file) }),
            Err(error) => Err(unreadable(place, &error)),
        }
    }

    /// The next line without its end. What is no UTF-8 becomes a line that can't be read.
    fn next(&mut self) -> Result<Option<String>, AuditError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
        if read.map_err(|error| unreadable(self.place.clone(), &error))? == 0 {
            return Ok(None);
        }
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        Ok(Some(String::from_utf8(line.to_vec()).unwrap_or_else(|_| "\u{fffd}".to_owned())))
    }
}

fn unreadable(place: String, error: &std::io::Error) -> AuditError {
    AuditError::Unreadable { place, reason: error.to_string(), hint: "see that it is there and that you may read it" }
}
