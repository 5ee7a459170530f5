//! What guards ask of runs, read without their plans' evidence: the runs of the last hour are read before each call.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Deserialize;

use super::certain::Told;
use super::database::standing;
use super::fold::told;
use super::mark::{Kind, Mark};
use super::{JournalError, RunId, RunState};
use crate::action::{Operator, Undo};
use crate::clock::Now;
use crate::source::Name;
use crate::store::StoreError;
use crate::text::Text;

/// A run without its plan and records.
#[derive(Debug)]
pub(super) struct Brief {
    pub(super) id: RunId,
    /// Where it stands.
    pub(super) state: RunState,
    /// Where its records alone say that it stands.
    told: Option<RunState>,
    /// Who confirmed it.
    pub(super) by: Operator,
    /// When it was approved.
    pub(super) began: Timestamp,
    /// When its last record was written.
    pub(super) ended: Timestamp,
    /// Whether anything was sent, or may have been.
    pub(super) sent: bool,
    /// What of its plan is asked for.
    pub(super) plan: PlanBrief,
}

/// What of a plan is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct PlanBrief {
    /// What is done.
    pub(super) action: ActionBrief,
    /// Where.
    pub(super) environment: Name,
    /// To what: the orchestrator's identifier.
    pub(super) target_arn: Text,
    /// How it is undone.
    pub(super) undo: Undo,
}

/// The action's name.
#[derive(Debug, Deserialize)]
pub(super) struct ActionBrief {
    #[serde(rename = "action")]
    pub(super) name: String,
}

/// What of an approval is asked for.
#[derive(Deserialize)]
struct ApprovalBrief {
    plan: PlanBrief,
    by: Operator,
    until: Timestamp,
}

impl Brief {
    /// Whether an executor may still be at work on it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, RunState::Approved | RunState::Running)
    }
}

impl Told for Brief {
    fn id(&self) -> &RunId {
        &self.id
    }

    fn is_inferred(&self) -> bool {
        self.told.is_some_and(|told| told != self.state)
    }
}

/// One run.
pub(super) fn brief(connection: &Connection, run: &RunId, now: Now) -> Result<Brief, JournalError> {
    let sql = "SELECT at, entry FROM records WHERE run = ?1 ORDER BY sequence";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([&run.0])?;
    let (mut approval, mut marks, mut times) = (None, Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (at, entry) = (row.get_ref(0)?, row.get_ref(1)?);
        let (at, entry) = (at.as_str().map_err(rusqlite::Error::from)?, entry.as_str().map_err(rusqlite::Error::from)?);
        let mark: Mark = serde_json::from_str(entry)?;
        if marks.is_empty() && mark.kind == Kind::Approved {
            approval = Some(serde_json::from_str::<ApprovalBrief>(entry)?);
        }
        marks.push(mark);
        times.push(at.parse::<Timestamp>().map_err(StoreError::Time)?);
    }
    let none = || JournalError::NoSuchRun(run.0.clone());
    let ApprovalBrief { plan, by, until } = approval.ok_or_else(none)?;
    let (&began, &ended) = times.first().zip(times.last()).ok_or_else(none)?;
    let state = standing(connection, run, (&plan.target_arn, until), &marks, now)?;
    let sent = marks.iter().any(|mark| mark.kind == Kind::Started);
    Ok(Brief { id: run.clone(), state, told: told(marks).ok(), by, began, ended, sent, plan })
}
