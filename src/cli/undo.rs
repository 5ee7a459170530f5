//! `quarterdeck undo`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::room::{Room, say, say_json};
use super::{Global, TextOutput};
use crate::clock::Now;
use crate::executor::journal::RunView;
use crate::executor::undo::inverse;

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
    match inverse(&room.journal, &room.config.environment.name, &view, Now::read())? {
        Ok(action) => super::plan::planned(&room, &action, None, (arguments.out.as_deref(), arguments.output)),
        Err(reason) => refuse(&view, &reason, arguments.output),
    }
}

fn refuse(view: &RunView, reason: &str, output: TextOutput) -> anyhow::Result<ExitCode> {
    match output {
        TextOutput::Json => say_json(&json!({ "schema": SCHEMA, "run": view.id, "refused": reason }))?,
        TextOutput::Text => say(&format!("run {} can't be taken back: {reason}", view.id))?,
    }
    Ok(ExitCode::from(4))
}
