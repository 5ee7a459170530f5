//! A run's state is a fold over its entries. Pure.

use super::{Entry, RunState};

/// Where a run stands, in more detail than people need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    Approved,
    Taken,
    Started(At),
    Applied(At),
    /// The on-failure branch is to begin, after that step.
    Turning(usize),
    Ended(RunState),
}

/// A step, and whether it is one of the on-failure branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    step: usize,
    back: bool,
}

/// An entry that can't follow what the journal says of a run: it is not written, or the journal was tampered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` can't follow `{after}` in the journal of one run")]
pub struct IllegalEntry {
    /// The entry.
    pub entry: String,
    /// What it would follow.
    pub after: String,
}

/// The state that a run's entries, oldest first, tell. It doesn't know whether its executor lives; [`state_of`] does.
///
/// # Errors
/// The entries are none, or not in an order that an executor writes.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<RunState, IllegalEntry> {
    let none = || IllegalEntry { entry: "nothing".to_owned(), after: "nothing".to_owned() };
    phase_of(entries)?.state().ok_or_else(none)
}

impl Phase {
    /// What it means to people; none where there is no entry yet.
    pub(super) fn state(self) -> Option<RunState> {
        match self {
            Self::New => None,
            Self::Approved => Some(RunState::Approved),
            Self::Taken | Self::Started(_) | Self::Applied(_) | Self::Turning(_) => Some(RunState::Running),
            Self::Ended(state) => Some(state),
        }
    }
}

/// The state of a run, given whether an executor may still be at work on it (it holds the lease, or the approval still
/// waits for one). Started without an outcome and without an executor is Unknown; without Started, nothing was sent.
///
/// # Errors
/// As [`fold`].
pub fn state_of<'a>(entries: impl IntoIterator<Item = &'a Entry>, live: bool) -> Result<RunState, IllegalEntry> {
    let entries: Vec<_> = entries.into_iter().collect();
    let state = fold(entries.iter().copied())?;
    Ok(match (phase_of(entries)?, live) {
        (Phase::Started(_) | Phase::Applied(_) | Phase::Turning(_), false) => RunState::Unknown,
        (Phase::Approved | Phase::Taken, false) => RunState::Refused,
        _ => state,
    })
}

fn phase_of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Phase, IllegalEntry> {
    entries.into_iter().try_fold(Phase::New, next)
}

/// Where a run stands after one more entry.
pub(super) fn next(phase: Phase, entry: &Entry) -> Result<Phase, IllegalEntry> {
    use Phase::{Applied, Approved, Ended, New, Started, Taken, Turning};
    Ok(match (phase, entry) {
        (New, Entry::Approved { .. }) => Approved,
        (Approved, Entry::Taken { .. }) => Taken,
        (Approved | Taken, Entry::Refused { .. }) => Ended(RunState::Refused),
        (Taken, Entry::Started { step: 0 }) => Started(At { step: 0, back: false }),
        (Applied(at), Entry::Started { step }) if *step == at.step + 1 => Started(At { step: *step, ..at }),
        (Turning(from), Entry::Started { step }) if *step > from => Started(At { step: *step, back: true }),
        // A step of the way back that has nothing to take back.
        (Turning(from), Entry::Settled { step, .. }) if *step > from => Turning(*step),
        // Of a run whose executor is gone: where it stands stays as it is.
        (Taken | Started(_) | Applied(_) | Turning(_) | Ended(_), Entry::Released { .. }) => phase,
        (Ended(ended), Entry::DebtAccepted { .. }) if ended != RunState::Refused => phase,
        (Started(at), Entry::Accepted { step, .. } | Entry::FoundApplied { step, .. }) if *step == at.step => {
            Applied(at)
        }
        (Applied(at), Entry::Settled { step, .. }) if *step == at.step => Applied(at),
        (Applied(at), Entry::TurningBack { .. }) if !at.back => Turning(at.step),
        // A later step was refused, and what earlier ones made must not stay.
        (Started(at), Entry::TurningBack { .. }) if !at.back && at.step > 0 => Turning(at.step),
        (Started(_) | Applied(_) | Turning(_), Entry::Progress { .. }) => phase,
        (Applied(at), Entry::Done { .. }) if !at.back => Ended(RunState::Done),
        (Applied(at), Entry::Inconclusive { .. }) if !at.back => Ended(RunState::Inconclusive),
        (Started(_) | Applied(_) | Turning(_), Entry::Failed { .. }) => Ended(RunState::Failed),
        (Started(_) | Applied(_) | Turning(_), Entry::Unknown { .. }) => Ended(RunState::Unknown),
        (Started(_) | Applied(_) | Turning(_) | Ended(RunState::Unknown), Entry::Resolved { .. }) => {
            Ended(RunState::Resolved)
        }
        _ => return Err(IllegalEntry { entry: name(entry).to_owned(), after: format!("{phase:?}") }),
    })
}

fn name(entry: &Entry) -> &'static str {
    match entry {
        Entry::Approved { .. } => "approved",
        Entry::Taken { .. } => "taken",
        Entry::Refused { .. } => "refused",
        Entry::Started { .. } => "started",
        Entry::Accepted { .. } => "accepted",
        Entry::FoundApplied { .. } => "found_applied",
        Entry::Settled { .. } => "settled",
        Entry::TurningBack { .. } => "turning_back",
        Entry::Progress { .. } => "progress",
        Entry::Inconclusive { .. } => "inconclusive",
        Entry::Done { .. } => "done",
        Entry::Failed { .. } => "failed",
        Entry::Unknown { .. } => "unknown",
        Entry::Released { .. } => "released",
        Entry::DebtAccepted { .. } => "debt_accepted",
        Entry::Resolved { .. } => "resolved",
    }
}
