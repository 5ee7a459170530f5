//! A run's state is a fold over its entries. Pure.

use super::mark::{Kind, Mark};
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
    told(entries.into_iter().map(Entry::mark))
}

/// The same of their marks.
pub(super) fn told(marks: impl IntoIterator<Item = Mark>) -> Result<RunState, IllegalEntry> {
    phase_of(marks)?.state().ok_or_else(nothing)
}

fn nothing() -> IllegalEntry {
    IllegalEntry { entry: "nothing".to_owned(), after: "nothing".to_owned() }
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
    stands(entries.into_iter().map(Entry::mark), live)
}

/// The same of their marks.
pub(super) fn stands(marks: impl IntoIterator<Item = Mark>, live: bool) -> Result<RunState, IllegalEntry> {
    let phase = phase_of(marks)?;
    let state = phase.state().ok_or_else(nothing)?;
    Ok(match (phase, live) {
        (Phase::Started(_) | Phase::Applied(_) | Phase::Turning(_), false) => RunState::Unknown,
        (Phase::Approved | Phase::Taken, false) => RunState::Refused,
        _ => state,
    })
}

fn phase_of(marks: impl IntoIterator<Item = Mark>) -> Result<Phase, IllegalEntry> {
    marks.into_iter().try_fold(Phase::New, next)
}

/// Where a run stands after one more entry.
pub(super) fn next(phase: Phase, Mark { kind, step }: Mark) -> Result<Phase, IllegalEntry> {
    use Phase::{Applied, Approved, Ended, New, Started, Taken, Turning};
    Ok(match (phase, kind, step) {
        (New, Kind::Approved, _) => Approved,
        (Approved, Kind::Taken, _) => Taken,
        (Approved | Taken, Kind::Refused, _) => Ended(RunState::Refused),
        (Taken, Kind::Started, Some(0)) => Started(At { step: 0, back: false }),
        (Applied(at), Kind::Started, Some(step)) if step == at.step + 1 => Started(At { step, ..at }),
        (Turning(from), Kind::Started, Some(step)) if step > from => Started(At { step, back: true }),
        // A step of the way back that has nothing to take back.
        (Turning(from), Kind::Settled, Some(step)) if step > from => Turning(step),
        // Of a run whose executor is gone: where it stands stays as it is.
        (Taken | Started(_) | Applied(_) | Turning(_) | Ended(_), Kind::Released, _) => phase,
        (Ended(ended), Kind::DebtAccepted, _) if ended != RunState::Refused => phase,
        (Started(at), Kind::Accepted | Kind::FoundApplied, Some(step)) if step == at.step => Applied(at),
        (Applied(at), Kind::Settled, Some(step)) if step == at.step => Applied(at),
        (Applied(at), Kind::TurningBack, _) if !at.back => Turning(at.step),
        // A later step was refused, and what earlier ones made must not stay.
        (Started(at), Kind::TurningBack, _) if !at.back && at.step > 0 => Turning(at.step),
        (Started(_) | Applied(_) | Turning(_), Kind::Progress, _) => phase,
        (Applied(at), Kind::Done, _) if !at.back => Ended(RunState::Done),
        (Applied(at), Kind::Inconclusive, _) if !at.back => Ended(RunState::Inconclusive),
        (Started(_) | Applied(_) | Turning(_), Kind::Failed, _) => Ended(RunState::Failed),
        (Started(_) | Applied(_) | Turning(_), Kind::Unknown, _) => Ended(RunState::Unknown),
        (Started(_) | Applied(_) | Turning(_) | Ended(RunState::Unknown), Kind::Resolved, _) => {
            Ended(RunState::Resolved)
        }
        _ => return Err(IllegalEntry { entry: kind.name().to_owned(), after: format!("{phase:?}") }),
    })
}
