//! What takes a run back, or why nothing does.

use super::journal::{Journal, JournalError, RunState, RunView};
use crate::action::{Action, Undo};
use crate::clock::Now;
use crate::source::Name;

/// The exact inverse of a run, to be planned and judged as any action; or why there is none.
///
/// # Errors
/// The journal can't be read.
pub fn inverse(
    journal: &Journal,
    environment: &Name,
    view: &RunView,
    now: Now,
) -> Result<Result<Action, String>, JournalError> {
    if view.plan.environment != *environment {
        return Ok(Err(format!("it was in {}, this configuration is of {environment}", view.plan.environment)));
    }
    if let Some(reason) = not_over(view) {
        return Ok(Err(reason));
    }
    if let Some(run) = journal.later_runs(view, now)?.first() {
        let summary = run.plan.summary();
        let what = format!("run {} changed the same target since ({summary}, by {})", run.id, run.by.user);
        return Ok(Err(format!("{what}; take that back first: `quarterdeck undo {}`", run.id)));
    }
    Ok(match &view.plan.undo {
        Undo::Action { action } => Ok(action.clone()),
        Undo::Impossible { reason } => Err(format!("there is no undo: {reason}")),
    })
}

/// Why there is nothing to take back yet, or at all.
fn not_over(view: &RunView) -> Option<String> {
    match view.state {
        RunState::Approved | RunState::Running => Some("it is still under way".to_owned()),
        RunState::Unknown => {
            Some(format!("its outcome is not known; settle it first: `quarterdeck runs resolve {}`", view.id))
        }
        _ if !view.sent() => Some("it sent nothing".to_owned()),
        _ => None,
    }
}
