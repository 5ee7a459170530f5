//! `quarterdeck runs`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::operator::operator;
use super::room::{Room, say, say_json, tell};
use super::{Global, TextOutput};
use crate::action::{Change, Effect, Scene};
use crate::clock::Now;
use crate::executor::journal::{Entry, Record, RunState, RunView};
use crate::source::{Observation, SourceErrorKind};
use crate::text::Text;

/// Arguments of `quarterdeck runs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// What to do with the journal.
#[derive(Debug, clap::Subcommand)]
pub enum RunsCommand {
    /// The newest runs; those whose outcome is unknown first.
    List {
        /// `text` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// One run with all its records.
    Show {
        /// The run, or as much of its beginning or end as names it.
        run: String,
        /// `text` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// Settle an unknown run by observing its target.
    Resolve {
        /// The run, or as much of its beginning or end as names it.
        run: String,
    },
}

/// The schema of runs as JSON.
const SCHEMA: &str = "quarterdeck.runs/1";

/// List, show and settle what was done: the journal. 2 where there is no such run, 3 where a target could not be observed.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let room = Room::open(global)?;
    match &arguments.command {
        RunsCommand::List { output } => list(&room, *output),
        RunsCommand::Show { run, output } => show(&room, run, *output),
        RunsCommand::Resolve { run } => resolve(&room, run),
    }
}

fn list(room: &Room, output: TextOutput) -> anyhow::Result<ExitCode> {
    let runs = room.journal.runs(Now::read())?;
    match output {
        TextOutput::Json => {
            say_json(&json!({ "schema": SCHEMA, "runs": runs.iter().map(brief).collect::<Vec<_>>() }))?;
        }
        TextOutput::Text if runs.is_empty() => say("no runs yet")?,
        TextOutput::Text => runs.iter().try_for_each(|view| say(&line(view)))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn line(view: &RunView) -> String {
    let summary = view.plan.summary();
    format!("{}  {:<8}  {summary}  ({})  {}", view.id, word(view.state), view.by.user, view.last_word())
}

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Approved => "approved",
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::Refused => "refused",
        RunState::Failed => "failed",
        RunState::Inconclusive => "inconclusive",
        RunState::Unknown => "UNKNOWN",
        RunState::Resolved => "resolved",
    }
}

fn show(room: &Room, run: &str, output: TextOutput) -> anyhow::Result<ExitCode> {
    let view = room.journal.run(run, Now::read())?;
    match output {
        TextOutput::Json => say_json(&json!({ "schema": SCHEMA, "run": whole(&view) }))?,
        TextOutput::Text => {
            say(&format!("run {}: {}", view.id, word(view.state)))?;
            say(&format!("{}, approved by {} at {:.0}", view.plan.summary(), view.by, view.approved))?;
            say(&view.plan.target_arn)?;
            if let Some(glass) = view.break_glass() {
                say(&format!("BREAK-GLASS: {} was skipped: {}", glass.guard, glass.reason))?;
            }
            for verdict in view.verdicts() {
                say(&format!(
                    "        {:<5}  {:<15} {}",
                    super::plan::word(verdict.decision),
                    verdict.guard,
                    verdict.evidence
                ))?;
            }
            for record in &view.records {
                say(&format!("{:>6}  {:.0}  {}", record.sequence, record.at, record.entry.sentence()))?;
            }
            let (_, drift) = refusal(&view);
            drift.iter().try_for_each(|change| say(&format!("        {change}")))?;
            say(&view.last_word())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Observes the target of an unknown run and writes down what was found. Changes nothing at the target.
fn resolve(room: &Room, run: &str) -> anyhow::Result<ExitCode> {
    let view = room.journal.run(run, Now::read())?;
    if view.state != RunState::Unknown {
        bail!("run {} is {}; only an unknown outcome is settled", view.id, word(view.state));
    }
    let world = room.world()?;
    let look = view.plan.action.look(&room.config)?;
    let found = match room.runtime.block_on(room.planner(&*world).observe(&look)) {
        Ok(found) => match view.plan.read_elsewhere(&look, &found) {
            None => shows(&view, &found),
            Some(reason) => return not_settled(&reason),
        },
        Err(error) if error.kind == SourceErrorKind::Missing => format!("the target is not there: {}", error.reason),
        Err(error) => return not_settled(&format!("the target could not be observed: {error}; {}", error.kind.hint())),
    };
    room.journal.resolve(&view.id, operator(), Text::clean(&found), Now::read())?;
    tell_others(room, &view);
    say(&format!("run {} is resolved: {found}", view.id))?;
    Ok(ExitCode::SUCCESS)
}

/// The run stays as it is, and blocks its target.
fn not_settled(reason: &str) -> anyhow::Result<ExitCode> {
    say(&format!("not settled: {reason}"))?;
    Ok(ExitCode::from(3))
}

/// Other hosts are blocked until the shared table hears of it; where it can't be told, the next look from here does so.
fn tell_others(room: &Room, view: &RunView) {
    let Some(shared) = room.journal.shared() else { return };
    if let Err(error) = room.runtime.block_on(shared.finish(&view.plan.target_arn, &view.id.0, true)) {
        tell(&format!("other hosts still see run {} as open: {error}; plan the target once more from here", view.id));
    }
}

/// Whether the step that was sent last shows at the target, and what was found.
fn shows(view: &RunView, found: &Observation) -> String {
    let (step, made) = (view.last_step().unwrap_or(0), view.made());
    let sight = view.plan.action.sight(&Scene { plan: &view.plan, step, made: &made }, found);
    let shows = if sight.effect == Effect::Shows { "the change shows" } else { "the change does not show" };
    let step = if view.plan.steps.len() > 1 { format!("step {}: ", step + 1) } else { String::new() };
    format!("{step}{shows}: {}", sight.words)
}

fn brief(view: &RunView) -> Value {
    json!({
        "id": view.id,
        "state": view.state,
        "action": view.plan.action,
        "summary": view.plan.summary(),
        "environment": view.plan.environment,
        "target_arn": view.plan.target_arn,
        "digest": view.plan.digest(),
        "by": view.by,
        "approved": view.approved,
        "took_seconds": view.took().as_secs_f64(),
        "last_word": view.last_word(),
    })
}

fn whole(view: &RunView) -> Value {
    let mut run = brief(view);
    if let Value::Object(fields) = &mut run {
        fields.insert("plan".to_owned(), json!(view.plan));
        fields.insert("records".to_owned(), view.records.iter().map(record_json).collect());
    }
    run
}

/// A record; the plan of the first is left out, it stands at the run.
pub(super) fn record_json(record: &Record) -> Value {
    let mut value = json!(record);
    if let Some(Value::Object(entry)) = value.get_mut("entry") {
        entry.remove("plan");
    }
    value
}

/// Why a run was refused, and what had drifted.
pub(super) fn refusal(view: &RunView) -> (Vec<String>, Vec<Change>) {
    match view.records.last().map(|record| &record.entry) {
        Some(Entry::Refused { reasons, drift }) => (reasons.clone(), drift.clone()),
        _ if view.state == RunState::Refused => (vec![view.last_word()], Vec::new()),
        _ => (Vec::new(), Vec::new()),
    }
}
