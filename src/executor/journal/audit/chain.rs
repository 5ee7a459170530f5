//! The chain, record by record: each must be the next, seal itself, and follow the one before.

use super::super::seal::{GENESIS, seal};
use super::Row;
use super::fault::{FaultKind, Faults};
use super::order::Strays;

/// Where a chain begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    /// The sequence before the first record.
    pub(super) sequence: u64,
    /// The hash that the first record follows.
    pub(super) prev: String,
}

impl Default for Start {
    fn default() -> Self {
        Self { sequence: 0, prev: GENESIS.to_owned() }
    }
}

/// The chain as far as it was seen.
#[derive(Debug)]
pub(super) struct Chain {
    /// The sequence and hash of the last record, as they are stored.
    last: Start,
    /// What the last record's hash should be.
    sealed: String,
    /// How many were seen.
    pub(super) records: u64,
    /// Records that stand in a place that is not theirs.
    pub(super) strays: Strays,
    /// A selection: records between those that are there are not missing.
    gaps: bool,
}

impl Chain {
    /// A chain from its beginning, or from `start`; with `gaps`, of some records only.
    pub(super) fn from(start: Start, gaps: bool) -> Self {
        Self { sealed: start.prev.clone(), last: start, records: 0, strays: Strays::default(), gaps }
    }

    /// The last record's sequence and hash.
    pub(super) fn head(&self) -> Option<(u64, String)> {
        (self.records > 0).then(|| (self.last.sequence, self.last.prev.clone()))
    }

    /// The next record.
    pub(super) fn see(&mut self, row: &Row, faults: &mut Faults) {
        let sealed = seal(&row.prev, row.sequence, &row.run, &row.at, &row.entry);
        let follows = self.place(row, faults);
        if sealed == row.hash {
            self.link(row, follows, faults);
        } else {
            self.broken(row, follows, faults);
        }
        self.last = Start { sequence: row.sequence, prev: row.hash.clone() };
        self.sealed = sealed;
        self.records += 1;
    }

    /// Whether the record stands right behind the one before; tells what lies between.
    fn place(&self, row: &Row, faults: &mut Faults) -> bool {
        let expected = self.last.sequence.saturating_add(1);
        if row.sequence < expected {
            let what = format!("stands behind record {}", self.last.sequence);
            faults.add(FaultKind::Reordered, Some(row.sequence), Some(&row.run), &what);
            return false;
        }
        if row.sequence > expected && !self.gaps {
            let (first, last) = (expected, row.sequence - 1);
            let what =
                if first == last { "is not there".to_owned() } else { format!("and all up to {last} are not there") };
            faults.add(FaultKind::Missing, Some(first), None, &what);
        }
        row.sequence == expected
    }

    /// A record that seals itself must follow the stored hash of the one before. Where it follows what that hash should be,
    /// only that hash was altered, and was told already.
    fn link(&mut self, row: &Row, follows: bool, faults: &mut Faults) {
        if !follows || row.prev == self.last.prev || row.prev == self.sealed {
            return;
        }
        let what = format!("is whole, but does not follow record {}", self.last.sequence);
        let at = faults.add(FaultKind::SplicedIn, Some(row.sequence), Some(&row.run), &what);
        self.strays.add(at, row);
    }

    /// A record that does not seal itself: a field was altered, or it was written in another place.
    fn broken(&mut self, row: &Row, follows: bool, faults: &mut Faults) {
        let (sequence, run) = (Some(row.sequence), Some(row.run.as_str()));
        let with_prev = |prev: &str| seal(prev, row.sequence, &row.run, &row.at, &row.entry) == row.hash;
        if follows && row.prev != self.last.prev && with_prev(&self.last.prev) {
            faults.add(FaultKind::Flipped, sequence, run, "the hash that it follows was altered");
        } else if let Some(written) = Strays::written_as(row, faults) {
            let what = format!("was sealed as record {written}");
            let at = faults.add(FaultKind::SplicedIn, sequence, run, &what);
            self.strays.add(at, row);
        } else {
            faults.add(FaultKind::Flipped, sequence, run, "its run, time, entry or hash is not what was written");
        }
    }
}
