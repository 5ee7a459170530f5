//! What can be wrong with a journal.

use serde::Serialize;

use crate::text::Text;

/// The most faults that are kept; more are counted.
const MOST: usize = 100;

/// Kinds of what can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A record, its time, its hash or another field was altered.
    Flipped,
    /// Records are not there.
    Missing,
    /// A record stands in another place than the one that it was written in.
    Reordered,
    /// A record was put in that was sealed elsewhere.
    SplicedIn,
    /// The end is cut off.
    Truncated,
    /// It ends before what was anchored: its end was cut off, or an older copy stands in its place.
    Rewound,
    /// It is another one than was anchored, or was written anew and chained again.
    Replaced,
    /// An approval, a lease and the records do not agree.
    Unmatched,
    /// A run's records are not such as an executor writes.
    Illegal,
    /// The file itself, or a line or field that can't be read.
    Damaged,
    /// The anchor was altered.
    AnchorDamaged,
    /// The anchor is older than the journal's last approval or outcome.
    AnchorBehind,
}

impl FaultKind {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Flipped => "altered",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::SplicedIn => "spliced in",
            Self::Truncated => "truncated",
            Self::Rewound => "rewound",
            Self::Replaced => "replaced",
            Self::Unmatched => "unmatched",
            Self::Illegal => "illegal",
            Self::Damaged => "damaged",
            Self::AnchorDamaged => "anchor damaged",
            Self::AnchorBehind => "anchor behind",
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// The record's sequence as it is stored, where it is about one.
    pub sequence: Option<u64>,
    /// The run, where it is about one.
    pub run: Option<Text>,
    /// What is wrong, in words.
    pub what: Text,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.word())?;
        if let Some(sequence) = self.sequence {
            write!(f, ", record {sequence}")?;
        }
        if let Some(run) = &self.run {
            write!(f, ", run {run}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub struct Faults {
    /// The first of them.
    pub(super) kept: Vec<Fault>,
    /// How many more there are.
    pub(super) more: u64,
}

impl Faults {
    /// Adds one; gives its place where it is kept.
    pub(super) fn add(
        &mut self,
        kind: FaultKind,
        sequence: Option<u64>,
        run: Option<&str>,
        what: &str,
    ) -> Option<usize> {
        if self.is_full() {
            self.more += 1;
            return None;
        }
        self.kept.push(Fault { kind, sequence, run: run.map(Text::clean), what: Text::clean(what) });
        Some(self.kept.len() - 1)
    }

    /// Whether the first hundred are full: what only explains faults further need not be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST
    }
}
