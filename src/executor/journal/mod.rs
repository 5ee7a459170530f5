//! What was intended, sent and found. SQLite, WAL, full sync: a record that was written is on the disk.

mod anchor;
mod anchor_file;
pub mod audit;
mod brief;
mod certain;
mod database;
mod debts;
mod fold;
mod follow;
mod leases;
mod ledger;
mod mark;
mod past;
mod restores;
mod seal;
mod stored;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{BreakGlass, Change, Made, Operator, Plan, Verdict};
use crate::text::Text;

pub use anchor::{Anchor, AnchorError, Head, Heads};
pub use anchor_file::{AnchorFile, SCHEMA as ANCHOR_SCHEMA};
pub use database::{Journal, JournalError, Taken};
pub use fold::{IllegalEntry, fold, state_of};
pub use follow::follow;
pub use ledger::Debt;
pub use restores::RestoreTests;

/// A run's identifier: sortable by time, short enough to type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// One record of a run. The journal is the ordered list of these; a run's state is a fold over its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the journal; order is by this, never by time.
    pub sequence: u64,
    /// The run.
    pub run: RunId,
    /// Wall time, for people.
    pub at: Timestamp,
    /// What.
    pub entry: Entry,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Guards and operator let the plan through.
    Approved {
        /// The plan.
        plan: Box<Plan>,
        /// Its digest.
        digest: String,
        /// Who confirmed.
        by: Box<Operator>,
        /// Until when it may be used.
        until: Timestamp,
        /// What the guards said when the operator confirmed; none in journals of earlier versions.
        #[serde(default)]
        verdicts: Vec<Verdict>,
        /// The one guard that was skipped, and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<BreakGlass>,
    },
    /// The executor took the approval (used up from here) and the lease.
    Taken {
        /// The executor's process.
        pid: u32,
        /// The lease's epoch.
        epoch: u64,
    },
    /// Refused before anything was sent: drift, expiry, a held lease, a guard.
    Refused {
        /// Why.
        reasons: Vec<String>,
        /// What differs from the plan's fingerprint: what, planned, found.
        drift: Vec<Change>,
    },
    /// About to send a step; on the disk before it is sent. Started without an outcome is Unknown.
    Started {
        /// The step's index.
        step: usize,
    },
    /// The backend accepted the call.
    Accepted {
        /// The step's index.
        step: usize,
        /// What it answered, in one line.
        receipt: Text,
        /// The identifier of what the call made, where it made something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<String>,
    },
    /// The reply was lost, and a read-back found what the call asks for: it was applied. It is not sent again.
    FoundApplied {
        /// The step's index.
        step: usize,
        /// Why the reply is not known.
        reason: Text,
        /// What was found.
        found: Text,
        /// The identifier of what the call made, where a look can tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<String>,
    },
    /// A step that others follow is steady.
    Settled {
        /// The step's index.
        step: usize,
        /// What was found.
        found: Text,
        /// How long it took from the run's first call on, in seconds, where that is what the plan measures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_seconds: Option<u64>,
    },
    /// The change turned out badly, and the on-failure branch of the plan begins. At most once in a run.
    TurningBack {
        /// Why.
        reason: Text,
    },
    /// What a read-back found on the way.
    Progress {
        /// In words: `3 of 4 running`.
        found: Text,
    },
    /// Done and verified.
    Done {
        /// What the last read-back found.
        found: Text,
    },
    /// Failed: what is known.
    Failed {
        /// Why.
        reason: Text,
        /// Whether anything was changed, in words.
        effect: Text,
    },
    /// Done, but the health gates could not be judged: nobody knows whether it is well.
    Inconclusive {
        /// Why.
        reason: Text,
        /// What was found.
        found: Text,
    },
    /// Nobody knows (timeout, lost link, 5xx): what was read back.
    Unknown {
        /// Why it is not known.
        reason: Text,
        /// What was found.
        found: Text,
    },
    /// The lease of a run whose executor was gone was taken away. Says nothing of the outcome.
    Released {
        /// By whom.
        by: Operator,
        /// Which lease.
        epoch: u64,
    },
    /// What the run left open was accepted: it is no debt from here on. Says nothing of the outcome.
    DebtAccepted {
        /// By whom.
        by: Operator,
        /// Why.
        reason: Text,
    },
    /// An Unknown run was settled by observing.
    Resolved {
        /// By whom.
        by: Operator,
        /// What was found.
        found: Text,
    },
}

/// Where a run stands: the fold over its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Approved, not yet taken by an executor.
    Approved,
    /// Taken; being observed, sent or watched.
    Running,
    /// Done and verified.
    Done,
    /// Refused before anything was sent.
    Refused,
    /// Failed; what was changed is said, and whether the on-failure branch ran.
    Failed,
    /// Done, but nobody knows whether it is well: its health gates could not be judged.
    Inconclusive,
    /// Not known; blocks its target until it is resolved.
    Unknown,
    /// Was unknown, and was settled by observing.
    Resolved,
}

impl RunState {
    /// Whether nothing more will be written of its outcome.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Failed | Self::Inconclusive | Self::Resolved)
    }

    /// Whether it has an outcome, be it that nobody knows.
    pub fn is_ended(self) -> bool {
        self.is_settled() || self == Self::Unknown
    }
}

/// A run as the console shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// The run.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// The plan.
    pub plan: Plan,
    /// Who confirmed.
    pub by: Operator,
    /// When it was approved.
    pub approved: Timestamp,
    /// Its records, oldest first.
    pub records: Vec<Record>,
}

impl RunView {
    /// Whether an executor may still be at work on it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, RunState::Approved | RunState::Running)
    }

    /// The last word of the journal about it, in one line.
    pub fn last_word(&self) -> String {
        let last = self.own_records().next_back().map(|record| &record.entry);
        let said = last.map_or_else(String::new, Entry::sentence);
        match (self.state, last) {
            (RunState::Unknown, Some(Entry::Unknown { .. })) | (RunState::Refused, Some(Entry::Refused { .. })) => said,
            (RunState::Unknown, _) => format!("unknown: its executor ended without an outcome, after: {said}"),
            (RunState::Refused, Some(Entry::Approved { .. })) => {
                "never started: no executor took it before the approval expired; nothing was sent".to_owned()
            }
            (RunState::Refused, _) => "its executor ended before anything was sent".to_owned(),
            _ => said,
        }
    }

    /// The records of the run itself: what became later of what it left open is none of them.
    fn own_records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().filter(|record| !matches!(record.entry, Entry::DebtAccepted { .. }))
    }

    /// The one guard that was skipped, and why.
    pub fn break_glass(&self) -> Option<&BreakGlass> {
        match self.records.first().map(|record| &record.entry) {
            Some(Entry::Approved { break_glass, .. }) => break_glass.as_ref(),
            _ => None,
        }
    }

    /// What the guards said when the operator confirmed.
    pub fn verdicts(&self) -> &[Verdict] {
        match self.records.first().map(|record| &record.entry) {
            Some(Entry::Approved { verdicts, .. }) => verdicts,
            _ => &[],
        }
    }

    /// The step that was sent last, or may have been.
    pub fn last_step(&self) -> Option<usize> {
        self.records.iter().rev().find_map(|record| match record.entry {
            Entry::Started { step } => Some(step),
            _ => None,
        })
    }

    /// What its steps made, as far as the journal knows.
    pub fn made(&self) -> Made {
        let thing = |record: &Record| match &record.entry {
            Entry::Accepted { step, made, .. } | Entry::FoundApplied { step, made, .. } => Some((*step, made.clone()?)),
            _ => None,
        };
        self.records.iter().filter_map(thing).collect()
    }

    /// How long it has been going, or took.
    pub fn took(&self) -> Duration {
        let last = self.own_records().next_back().map_or(self.approved, |record| record.at);
        Duration::try_from(last.duration_since(self.approved)).unwrap_or_default()
    }
}

impl Entry {
    /// The entry in one sentence, for lists and logs.
    pub fn sentence(&self) -> String {
        match self {
            Self::Approved { by, break_glass: Some(glass), .. } => {
                format!("approved by {}, skipping {}: {}", by.user, glass.guard, glass.reason)
            }
            Self::Approved { by, .. } => format!("approved by {}", by.user),
            Self::Taken { pid, .. } => format!("taken by executor {pid}"),
            Self::Refused { reasons, .. } => format!("refused: {}", reasons.join("; ")),
            Self::Started { step } => format!("step {} is being sent", step + 1),
            Self::Accepted { receipt, .. } => format!("accepted: {receipt}"),
            Self::FoundApplied { reason, found, .. } => format!("found applied: {found} ({reason})"),
            Self::Settled { step, found, took_seconds } => {
                let took = took_seconds.map_or(String::new(), |took| format!(", {took} s after the first call"));
                format!("step {} is steady: {found}{took}", step + 1)
            }
            Self::TurningBack { reason } => format!("taking it back, as approved: {reason}"),
            Self::Inconclusive { reason, found } => format!("inconclusive: {reason}; found {found}"),
            Self::Progress { found } => found.to_string(),
            Self::Done { found } => format!("done: {found}"),
            Self::Failed { reason, effect } => format!("failed: {reason} ({effect})"),
            Self::Unknown { reason, found } => format!("unknown: {reason}; found {found}"),
            Self::Released { by, epoch } => format!("lease {epoch} was taken away by {}", by.user),
            Self::DebtAccepted { by, reason } => format!("what it left open was accepted by {}: {reason}", by.user),
            Self::Resolved { by, found } => format!("resolved by {}: {found}", by.user),
        }
    }
}
