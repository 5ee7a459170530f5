//! `quarterdeck undo`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::room::{Room, say, say_json};
use super::{Global, TextOutput};
use crate::action::{Action, Undo};
use crate::clock::Now;
use crate::executor::journal::{RunState, RunView};

/// The schema of a refusal as JSON.
const SCHEMA: &str = "quarterdeck.undo/1";

/// Arguments of `quarterdeck undo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The run, or as much of its beginning or end as names it.
    pub run: String,
    /// Write the plan to this file, for `apply`. A plan that is denied is not written.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
}

/// Plan the exact inverse of a run, through the same guards. Exits as `plan`, and 4 where the run can't be taken back.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let room = Room::open(global)?;
    let view = room.journal.run(&arguments.run, Now::read())?;
    match inverse(&room, &view)? {
        Ok(action) => super::plan::planned(&room, &action, None, (arguments.out.as_deref(), arguments.output)),
        Err(reason) => refuse(&view, &reason, arguments.output),
    }
}

/// The action that takes the run back, or why there is none.
fn inverse(room: &Room, view: &RunView) -> anyhow::Result<Result<Action, String>> {
    let ours = &room.config.environment.name;
    if view.plan.environment != *ours {
        return Ok(Err(format!("it was in {}, this configuration is of {ours}", view.plan.environment)));
    }
    if let Some(reason) = not_over(view) {
        return Ok(Err(reason));
    }
    let later = room.journal.later_runs(view, Now::read())?;
    if let Some(run) = later.first() {
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

fn refuse(view: &RunView, reason: &str, output: TextOutput) -> anyhow::Result<ExitCode> {
    match output {
        TextOutput::Json => say_json(&json!({ "schema": SCHEMA, "run": view.id, "refused": reason }))?,
        TextOutput::Text => say(&format!("run {} can't be taken back: {reason}", view.id))?,
    }
    Ok(ExitCode::from(4))
}
