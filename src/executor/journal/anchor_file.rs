//! An anchor that is a file: JSON Lines, append-only, each line with the hash of the line before. It belongs on another mount
//! than the journal; `chattr +a` or an object lock keeps it from being cut.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::anchor::{Anchor, AnchorError, Head, Heads};
use super::seal::GENESIS;
use crate::action::plan::sha256;

/// The schema of a line.
pub const SCHEMA: &str = "quarterdeck.anchor/1";

/// The longest line that is read, in bytes; those that are written are far shorter.
const LONGEST: u64 = 4096;

/// A file of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorFile {
    path: PathBuf,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    schema: String,
    #[serde(flatten)]
    head: Head,
    /// SHA-256 of the line before, hex; zeroes in the first.
    prev: String,
    /// SHA-256 of this line with this field empty, hex.
    seal: String,
}

impl Line {
    fn new(head: &Head, prev: String) -> serde_json::Result<Self> {
        let line = Self { schema: SCHEMA.to_owned(), head: head.clone(), prev, seal: String::new() };
        let seal = sha256(&serde_json::to_string(&line)?);
        Ok(Self { seal, ..line })
    }
}

impl AnchorFile {
    /// The file at `path`; it need not be there yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn unreachable(&self, error: &std::io::Error) -> AnchorError {
        AnchorError::Unreachable { place: self.place(), reason: error.to_string() }
    }

    /// Adds a line below the last one. The lock is held: nobody else writes.
    fn add(&self, file: &mut File, head: &Head) -> std::io::Result<()> {
        let last = last_line(file)?;
        if last.as_ref().and_then(|last| parse(last).ok()).is_some_and(|line| line.head.sequence >= head.sequence) {
            return Ok(());
        }
        let prev = last.as_ref().map_or_else(|| GENESIS.to_owned(), |last| sha256(last));
        let line = Line::new(head, prev)?;
        // A line that a crash cut is ended, and stays for `verify` to tell.
        let cut = !ends_whole(file)?;
        let text = format!("{}{}\n", if cut { "\n" } else { "" }, serde_json::to_string(&line)?);
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

impl Anchor for AnchorFile {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn keep(&self, head: &Head) -> Result<(), AnchorError> {
        let open = || {
            let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o640).open(&self.path)?;
            file.lock()?;
            self.add(&mut file, head)
        };
        open().map_err(|error| self.unreachable(&error))
    }

    fn newest(&self) -> Result<Option<Head>, AnchorError> {
        let read = || match File::open(&self.path) {
            Ok(mut file) => last_line(&mut file),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let Some(last) = read().map_err(|error| self.unreachable(&error))? else { return Ok(None) };
        let damaged = |what| AnchorError::Damaged { place: format!("{}, last line", self.place()), what };
        parse(&last).map(|line| Some(line.head)).map_err(damaged)
    }

    fn heads(&self) -> Result<Heads, AnchorError> {
        let file = File::open(&self.path).map_err(|error| self.unreachable(&error))?;
        let reader = BufReader::new(file);
        Ok(Box::new(Lines {
            file: self.clone(),
            reader,
            number: 0,
            prev: GENESIS.to_owned(),
            sequence: 0,
            over: false,
        }))
    }
}

/// Heads as they are read, each line held against the one before.
struct Lines {
    file: AnchorFile,
    reader: BufReader<File>,
    number: u64,
    prev: String,
    sequence: u64,
    over: bool,
}

impl Iterator for Lines {
    type Item = Result<Head, AnchorError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let mut text = String::new();
        let read = self.reader.by_ref().take(LONGEST).read_line(&mut text);
        self.number += 1;
        match read {
            Ok(0) => None,
            Ok(_) => Some(self.checked(&text).map_err(|what| self.damaged(what))),
            Err(error) => {
                self.over = true;
                Some(Err(self.damaged(format!("can't be read: {error}"))))
            }
        }
    }
}

impl Lines {
    fn checked(&mut self, text: &str) -> Result<Head, String> {
        let (prev, sequence) = (std::mem::replace(&mut self.prev, sha256(text.trim_end_matches('\n'))), self.sequence);
        let whole = text.strip_suffix('\n').ok_or("the line is cut or too long")?;
        let line = parse(whole)?;
        self.sequence = line.head.sequence;
        if line.prev != prev {
            return Err("does not follow the line before: one was changed, taken out or put in".to_owned());
        }
        if line.head.sequence <= sequence {
            return Err(format!("record {} comes after record {sequence}", line.head.sequence));
        }
        Ok(line.head)
    }

    fn damaged(&self, what: String) -> AnchorError {
        AnchorError::Damaged { place: format!("{}, line {}", self.file.place(), self.number), what }
    }
}

fn parse(text: &str) -> Result<Line, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| format!("is no line of an anchor: {error}"))?;
    // Only what would be written again byte by byte: no key twice, none that nobody reads.
    let again = Line::new(&line.head, line.prev.clone()).and_then(|line| serde_json::to_string(&line));
    match again {
        _ if line.schema != SCHEMA => Err(format!("has schema `{}`, this Quarterdeck reads `{SCHEMA}`", line.schema)),
        Ok(again) if again == text => Ok(line),
        _ => Err("is not as it was written".to_owned()),
    }
}

/// The last line, without its end; none in an empty file.
fn last_line(file: &mut File) -> std::io::Result<Option<String>> {
    let from = file.seek(SeekFrom::End(0))?.saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    Read::by_ref(file).take(LONGEST).read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail).into_owned();
    let last = tail.strip_suffix('\n').unwrap_or(&tail).rsplit('\n').next().unwrap_or_default();
    Ok((!tail.is_empty()).then(|| last.to_owned()))
}

/// Whether the file is empty or ends with a line's end.
fn ends_whole(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
