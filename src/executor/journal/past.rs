//! What was done lately: for guards that want some time between two actions.

use jiff::Timestamp;
use rusqlite::Connection;

use super::brief::{Brief, brief};
use super::database::view;
use super::{Entry, Journal, JournalError, RunId, RunView};
use crate::action::{PastRun, Undo};
use crate::clock::Now;
use crate::source::Name;

impl Journal {
    /// Runs in an environment of which the journal wrote since that moment and which sent something, or may have; `except`
    /// left out.
    ///
    /// # Errors
    /// They can't be read.
    pub fn past_runs(
        &self,
        environment: &Name,
        since: Timestamp,
        except: Option<&RunId>,
        now: Now,
    ) -> Result<Vec<PastRun>, JournalError> {
        let store = self.store().lock();
        let connection = store.unchecked_transaction()?;
        let mut past = Vec::new();
        for run in written_since(&connection, since)?.iter().filter(|run| Some(*run) != except) {
            let brief = brief(&connection, run, now)?;
            if brief.plan.environment == *environment && brief.sent {
                past.push(past_run(brief));
            }
        }
        Ok(past)
    }
}

impl Journal {
    /// Runs on the same target as `run` that were confirmed after it and sent something, or may have; the newest first.
    ///
    /// # Errors
    /// They can't be read.
    pub fn later_runs(&self, run: &RunView, now: Now) -> Result<Vec<RunView>, JournalError> {
        let store = self.store().lock();
        let connection = store.unchecked_transaction()?;
        let sql = "SELECT run FROM approvals WHERE target = ?1
                   AND rowid > (SELECT rowid FROM approvals WHERE run = ?2) ORDER BY rowid DESC";
        let mut query = connection.prepare_cached(sql)?;
        let found = query.query_map([run.plan.target_arn.as_str(), &run.id.0], |row| row.get(0).map(RunId))?;
        let runs: Vec<RunId> = found.collect::<Result<_, _>>()?;
        let views: Vec<RunView> = runs.iter().map(|run| view(&connection, run, now)).collect::<Result<_, _>>()?;
        Ok(views.into_iter().filter(RunView::sent).collect())
    }
}

/// The times are texts, which sort as the times do but for fractions of the same second: that one is taken as well.
fn written_since(connection: &Connection, since: Timestamp) -> Result<Vec<RunId>, JournalError> {
    let second = since.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut query = connection.prepare_cached("SELECT DISTINCT run FROM records WHERE at >= ?1")?;
    let runs = query.query_map([second], |row| row.get(0).map(RunId))?;
    Ok(runs.collect::<Result<_, _>>()?)
}

fn past_run(brief: Brief) -> PastRun {
    let is_open = brief.is_open();
    let Brief { id, by, began, ended, plan, .. } = brief;
    let undo = match plan.undo {
        Undo::Action { action } => Some(action),
        Undo::Impossible { .. } => None,
    };
    PastRun { id: id.0, action: plan.action.name, target: plan.target_arn, by, began, ended, is_open, undo }
}

impl RunView {
    /// Whether anything was sent, or may have been.
    pub fn sent(&self) -> bool {
        self.records.iter().any(|record| matches!(record.entry, Entry::Started { .. }))
    }
}
