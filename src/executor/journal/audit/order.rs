//! Records in a place that is not theirs: whether they are this journal's (reordered) or another's (spliced in).

use super::super::seal::seal;
use super::Row;
use super::fault::{Fault, FaultKind, Faults};
use crate::text::Text;

/// How far from its place a record is looked for.
const FAR: u64 = 2_000;

/// A record that follows another than the one before it.
#[derive(Debug)]
struct Stray {
    /// Its place among the faults.
    at: usize,
    /// The hash that it follows.
    prev: String,
    /// Its sequence as it is stored.
    sequence: u64,
}

/// All of them that are told.
#[derive(Debug, Default)]
pub(super) struct Strays(Vec<Stray>);

impl Strays {
    /// Notes the record that the fault at `at` is about.
    pub(super) fn add(&mut self, at: Option<usize>, row: &Row) {
        let stray = at.map(|at| Stray { at, prev: row.prev.clone(), sequence: row.sequence });
        self.0.extend(stray);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sequence that a record's own hash was taken with, if it is near.
    pub(super) fn written_as(row: &Row, faults: &Faults) -> Option<u64> {
        if faults.is_full() {
            return None;
        }
        let near = row.sequence.saturating_sub(FAR).max(1)..=row.sequence.saturating_add(FAR);
        let is_its = |other: &u64| seal(&row.prev, *other, &row.run, &row.at, &row.entry) == row.hash;
        near.into_iter().filter(|other| *other != row.sequence).find(is_its)
    }

    /// A second look over the journal: what follows one of its records is its own, and was only moved.
    pub(super) fn look(&mut self, row: &Row, faults: &mut Faults) {
        for stray in self.0.extract_if(.., |stray| stray.prev == row.hash) {
            if let Some(fault) = faults.kept.get_mut(stray.at) {
                *fault = moved(fault, stray.sequence);
            }
        }
    }
}

fn moved(fault: &Fault, sequence: u64) -> Fault {
    let what =
        Text::clean(&format!("{}; it is a record of this journal that was moved to place {sequence}", fault.what));
    Fault { kind: FaultKind::Reordered, what, ..fault.clone() }
}
