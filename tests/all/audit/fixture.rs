//! A journal of many runs, and an attacker who may write to its file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::plan::sha256;
use quarterdeck::clock::Now;
use quarterdeck::executor::journal::audit::{FaultKind, Report, Terms, verify, verify_export};
use quarterdeck::executor::journal::{Anchor, AnchorFile, Entry, Journal, RunId};
use quarterdeck::store::{FILE, Store};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::runs::fixture::{approved_at, now, operator};

/// A state directory with an anchor elsewhere.
pub(crate) struct Scene {
    pub(crate) dir: TempDir,
    pub(crate) anchor: AnchorFile,
    told: u64,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) sequence: i64,
    pub(crate) run: String,
    pub(crate) at: String,
    pub(crate) entry: String,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        std::fs::create_dir(dir.path().join("state")).expect("a directory");
        let anchor = AnchorFile::new(dir.path().join("anchor.jsonl"));
        Self { dir, anchor, told: 0 }
    }

    /// A journal of `runs` runs that ended in all ways there are.
    pub(crate) fn of(runs: u64) -> Self {
        let mut scene = Self::new();
        scene.tell(runs);
        scene
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.state().join(FILE)
    }

    pub(crate) fn journal(&self) -> Journal {
        let store = Store::open(&self.state()).expect("a store");
        Journal::new(Arc::new(store)).anchored(Some(Arc::new(self.anchor.clone())), "bastion".into())
    }

    /// More runs, a minute apart.
    pub(crate) fn tell(&mut self, runs: u64) {
        let journal = self.journal();
        for number in self.told..self.told + runs {
            run(&journal, number, now().plus(Duration::from_secs(200 * number)));
        }
        self.told += runs;
    }

    /// The runs that follow are others, of a later time.
    pub(crate) fn skip_to(&mut self, number: u64) {
        self.told = number;
    }

    /// Long after the last run.
    pub(crate) fn later(&self) -> Now {
        now().plus(Duration::from_secs(200 * self.told + 3_600))
    }

    pub(crate) fn verify(&self) -> Report {
        self.against(Some(&self.anchor))
    }

    pub(crate) fn verify_alone(&self) -> Report {
        self.against(None)
    }

    fn against(&self, anchor: Option<&dyn Anchor>) -> Report {
        verify(&self.file(), &Terms { anchor, now: self.later().wall }).expect("it can be read")
    }

    pub(crate) fn verify_export(&self, file: &Path, anchored: bool) -> Report {
        let anchor = anchored.then_some(&self.anchor as &dyn Anchor);
        verify_export(file, &Terms { anchor, now: self.later().wall }).expect("it can be read")
    }

    /// Writes to the file behind the program's back, and leaves no other trace than what `act` does: the triggers that keep
    /// the journal append-only are put back as they were.
    pub(crate) fn attack(&self, act: impl FnOnce(&Connection)) {
        let raw = Connection::open(self.file()).expect("a file");
        raw.pragma_update(None, "foreign_keys", false).expect("a pragma");
        let triggers: Vec<(String, String)> = all(&raw, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'");
        for (name, _) in &triggers {
            raw.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped");
        }
        act(&raw);
        for (_, sql) in &triggers {
            raw.execute_batch(sql).expect("put back");
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(&Connection::open(self.file()).expect("a file"))
    }

    /// A copy of the whole file as it is now.
    pub(crate) fn copy(&self) -> Vec<u8> {
        let to = self.dir.path().join("copy.db");
        let raw = Connection::open(self.file()).expect("a file");
        raw.execute("VACUUM INTO ?1", [to.to_str()]).expect("a copy");
        let bytes = std::fs::read(&to).expect("the copy");
        std::fs::remove_file(to).expect("removed");
        bytes
    }

    /// Puts another file in the journal's place.
    pub(crate) fn put(&self, bytes: &[u8]) {
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(self.state().join(format!("{FILE}{more}")));
        }
        std::fs::write(self.file(), bytes).expect("written");
    }
}

fn all(raw: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut query = raw.prepare(sql).expect("a query");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

pub(crate) fn rows(raw: &Connection) -> Vec<Row> {
    let sql = "SELECT sequence, run, at, entry, prev, hash FROM records ORDER BY sequence";
    let mut query = raw.prepare(sql).expect("a query");
    let read = |row: &rusqlite::Row<'_>| {
        let (sequence, run, at) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Row { sequence, run, at, entry: row.get(3)?, prev: row.get(4)?, hash: row.get(5)? })
    };
    query.query_map([], read).expect("rows").map(|row| row.expect("a row")).collect()
}

/// Writes all records anew.
pub(crate) fn rewrite(raw: &Connection, rows: &[Row]) {
    raw.execute("DELETE FROM records", []).expect("deleted");
    for row in rows {
        let sql = "INSERT INTO records (sequence, run, at, entry, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        raw.execute(sql, params![row.sequence, row.run, row.at, row.entry, row.prev, row.hash]).expect("inserted");
    }
    let last = rows.last().map_or(0, |row| row.sequence);
    raw.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'records'", [last]).expect("tidied up");
}

/// Numbers and seals all records anew, as the program would have.
pub(crate) fn chain(rows: &mut [Row]) {
    let mut prev = "0".repeat(64);
    for (sequence, row) in (1..).zip(rows) {
        let text = [prev.as_str(), &i64::to_string(&sequence), &row.run, &row.at, &row.entry].join("\n");
        *row = Row { sequence, prev, hash: sha256(&text), ..row.clone() };
        prev = row.hash.clone();
    }
}

pub(crate) fn kinds(report: &Report) -> BTreeSet<&'static str> {
    report.faults.iter().map(|fault| fault.kind.word()).collect()
}

/// Exactly these kinds of faults, and so not whole.
#[track_caller]
pub(crate) fn expect(report: &Report, wanted: &[FaultKind]) {
    let words: BTreeSet<_> = wanted.iter().map(|kind| kind.word()).collect();
    assert_eq!(kinds(report), words, "{:#?}", report.faults);
    assert!(!report.is_whole());
}

/// One run of a kind that depends on its number, from its approval on.
fn run(journal: &Journal, number: u64, at: Now) {
    let text = |what: &str| format!("{what} of {number}").as_str().into();
    let run = journal.approve(approved_at(4 + u32::try_from(number % 2).expect("small"), at), at).expect("approved");
    let later = |seconds| at.plus(Duration::from_secs(seconds));
    let write = |entry| journal.append(&run, entry, later(3).wall).expect("written");
    if number % 6 == 5 {
        return refuse(journal, &run, later(120));
    }
    let taken = journal.take(&run, std::process::id(), later(1)).expect("a journal").expect("taken");
    write(Entry::Started { step: 0 });
    match number % 6 {
        0 | 1 => {
            write(Entry::Accepted { step: 0, receipt: text("receipt"), made: None });
            write(Entry::Progress { found: text("progress") });
            write(Entry::Done { found: text("found") });
        }
        2 => write(Entry::Failed { reason: text("reason"), effect: text("effect") }),
        3 => write(Entry::Unknown { reason: text("reason"), found: text("found") }),
        _ => {
            write(Entry::FoundApplied { step: 0, reason: text("reason"), found: text("found"), made: None });
            write(Entry::Unknown { reason: text("reason"), found: text("found") });
        }
    }
    journal.release(taken.lease()).expect("released");
    if number % 6 == 3 {
        journal.resolve(&run, operator("bob"), text("resolved"), later(20)).expect("resolved");
    }
}

/// Taken after it expired: an outcome at once.
fn refuse(journal: &Journal, run: &RunId, at: Now) {
    assert!(journal.take(run, std::process::id(), at).expect("a journal").is_err(), "it expired");
}
