//! One run's records: such as an executor writes, of the plan that was approved.

use jiff::Timestamp;
use serde_json::Value;

use super::super::fold::{Phase, next};
use super::super::{Entry, RunState};
use super::Row;
use super::fault::{FaultKind, Faults};
use crate::action::plan;

/// A run as far as its records were seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    phase: Phase,
    /// Its approval, as the first record tells it.
    pub(super) approval: Option<Approval>,
    /// The process that took it, and the lease's epoch.
    pub(super) taken: Option<(u32, u64)>,
    /// A record could not stand there; what comes after is not judged.
    broken: bool,
}

/// What an approval binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) digest: String,
    pub(super) target: String,
    pub(super) until: String,
}

impl Run {
    pub(super) fn new() -> Self {
        Self { phase: Phase::New, approval: None, taken: None, broken: false }
    }

    /// Where it stands; `None` where that can't be told.
    pub(super) fn state(&self) -> Option<RunState> {
        if self.broken { None } else { self.phase.state() }
    }

    /// The run's next record. Gives its time where its head should have been anchored: an approval, or an outcome.
    pub(super) fn see(&mut self, row: &Row, faults: &mut Faults) -> Option<Timestamp> {
        let (sequence, run) = (Some(row.sequence), Some(row.run.as_str()));
        let Ok(at) = row.at.parse::<Timestamp>() else {
            faults.add(FaultKind::Damaged, sequence, run, "its time can't be read");
            return None;
        };
        match serde_json::from_str(&row.entry) {
            Ok(entry) => self.follow(row, &entry, faults),
            Err(error) => {
                self.broken = true;
                faults.add(FaultKind::Damaged, sequence, run, &format!("its entry can't be read: {error}"));
            }
        }
        let ended = matches!(self.phase, Phase::Approved | Phase::Ended(_));
        (ended && !self.broken).then_some(at)
    }

    fn follow(&mut self, row: &Row, entry: &Entry, faults: &mut Faults) {
        match next(self.phase, entry.mark()) {
            _ if self.broken => return,
            Ok(phase) => self.phase = phase,
            Err(error) => {
                self.broken = true;
                faults.add(FaultKind::Illegal, Some(row.sequence), Some(&row.run), &error.to_string());
                return;
            }
        }
        match entry {
            Entry::Approved { plan, digest, until, .. } => {
                let (target, until) = (plan.target_arn.to_string(), until.to_string());
                self.approval = Some(Approval { digest: digest.clone(), target, until });
                self.bound(row, digest, faults);
            }
            Entry::Taken { pid, epoch } => self.taken = Some((*pid, *epoch)),
            _ => {}
        }
    }

    /// The digest must be of the plan as it is stored.
    fn bound(&self, row: &Row, digest: &str, faults: &mut Faults) {
        let value: Value = serde_json::from_str(&row.entry).unwrap_or_default();
        let plan = value.get("plan").cloned().unwrap_or_default();
        if plan::digest_of(plan) != digest {
            let what = "its plan is not the one that was approved: the digest is another";
            faults.add(FaultKind::Illegal, Some(row.sequence), Some(&row.run), what);
        }
    }
}
