//! The journal against the heads that were anchored: each of them, not the newest alone.

use std::iter::Peekable;

use jiff::{SignedDuration, Timestamp};

use super::super::anchor::{AnchorError, Head, Heads};
use super::chain::Start;
use super::fault::{FaultKind, Faults};
use super::{AuditError, Row, Terms};

/// How long after an approval or an outcome its head may not be anchored yet.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Heads beside the records, both in their order.
pub(super) struct Anchored {
    place: String,
    heads: Peekable<Heads>,
    /// How many were read.
    pub(super) read: u64,
    newest: u64,
    /// The journal, once it is known: the hash of its first record.
    journal: Option<String>,
}

/// What is verified, and how much of the journal it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The journal, where an export names it: the hash of its first record.
    pub(super) journal: Option<String>,
    /// What lies before the first record.
    pub(super) start: Start,
    /// Whether records between may be left out.
    pub(super) gaps: bool,
    /// An export tells the journal as it was at this moment; later heads are not about it.
    pub(super) until: Option<Timestamp>,
}

impl Anchored {
    /// The heads of `terms`' anchor, if it has one.
    pub(super) fn open(terms: &Terms<'_>) -> Result<Option<Self>, AuditError> {
        let Some(anchor) = terms.anchor else { return Ok(None) };
        let heads = anchor.heads().map_err(|error| AuditError::Unreadable {
            place: anchor.place(),
            reason: error.to_string(),
            hint: "an anchor is written when a run is approved and when it ends; name another with --anchor",
        })?;
        Ok(Some(Self { place: anchor.place(), heads: heads.peekable(), read: 0, newest: 0, journal: None }))
    }

    /// The next record: the heads up to it.
    pub(super) fn see(&mut self, row: &Row, extent: &Extent, faults: &mut Faults) {
        if self.journal.is_none() {
            self.journal = extent.journal.clone().or_else(|| Some(row.hash.clone()));
        }
        while let Some(head) = self.next_up_to(row.sequence, faults) {
            let same = (&head.hash, head.at.to_string()) == (&row.hash, row.at.clone());
            if head.sequence == row.sequence && !same {
                let what = format!("is not the record that {} anchored: written anew and chained again", told(&head));
                faults.add(FaultKind::Replaced, Some(row.sequence), Some(&row.run), &what);
            } else if head.sequence == extent.start.sequence && head.hash != extent.start.prev {
                let what = format!("is not the record that {} anchored", told(&head));
                faults.add(FaultKind::Replaced, Some(head.sequence), None, &what);
            } else if self.journal.as_ref() != Some(&head.journal) {
                let what = format!("{} anchored another journal, which began with {}", told(&head), head.journal);
                faults.add(FaultKind::Replaced, Some(1), None, &what);
            } else if head.sequence < row.sequence && head.sequence > extent.start.sequence && !extent.gaps {
                let what = format!("{} anchored it, and it is not there", told(&head));
                faults.add(FaultKind::Missing, Some(head.sequence), None, &what);
            }
        }
    }

    /// The end of the journal: what was anchored behind it, and what should have been.
    pub(super) fn end(&mut self, last: u64, extent: &Extent, faults: &mut Faults) {
        while let Some(head) = self.next_up_to(u64::MAX, faults) {
            let known = extent.until.is_none_or(|until| head.at <= until);
            if head.sequence > last && known && !extent.gaps {
                let what = format!(
                    "{} anchored this record, and the journal ends at {last}: its end was cut off, or an older copy \
                     stands in its place",
                    told(&head)
                );
                faults.add(FaultKind::Rewound, Some(head.sequence), None, &what);
            }
        }
    }

    /// The newest approval or outcome must be anchored, or be as new as that it can't be yet.
    pub(super) fn behind(&self, last: Option<(u64, Timestamp)>, now: Timestamp, faults: &mut Faults) {
        let Some((sequence, at)) = last.filter(|(sequence, _)| *sequence > self.newest) else { return };
        if now.duration_since(at).abs() <= GRACE {
            return;
        }
        let what = format!(
            "{} ends at record {}: it was put back to an older copy, or could not be written since (see the log); if that \
             is explained, the next run anchors the journal again",
            self.place, self.newest
        );
        faults.add(FaultKind::AnchorBehind, Some(sequence), None, &what);
    }

    /// The newest head's sequence; 0 is none.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    fn next_up_to(&mut self, sequence: u64, faults: &mut Faults) -> Option<Head> {
        loop {
            match self.heads.next_if(|head| head.as_ref().map_or(true, |head| head.sequence <= sequence))? {
                Ok(head) => {
                    self.read += 1;
                    self.newest = self.newest.max(head.sequence);
                    return Some(head);
                }
                Err(error) => damaged(&error, faults),
            }
        }
    }
}

fn damaged(error: &AnchorError, faults: &mut Faults) {
    faults.add(FaultKind::AnchorDamaged, None, None, &error.to_string());
}

fn told(head: &Head) -> String {
    format!("{} at {:.0}", head.host, head.at)
}
