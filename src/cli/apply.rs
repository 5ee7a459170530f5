//! `quarterdeck apply`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::operator::operator;
use super::plan_file::PlanFile;
use super::room::{Room, say, say_json};
use super::{Global, TextOutput};
use crate::action::{Approved, Arming, Change, fingerprint};
use crate::clock::Now;
use crate::executor::journal::{JournalError, Record, RunId, RunState, RunView};
use crate::executor::process::{self, Launch};

/// How often the journal is asked while the run goes on.
const EVERY: Duration = Duration::from_millis(200);

/// How many times in a row the journal may be unreadable before its outcome counts as not known.
const UNREADABLE: u32 = 50;

/// Arguments of `quarterdeck apply`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `plan --out` wrote.
    pub file: std::path::PathBuf,
    /// The target's name, typed as the confirmation.
    #[arg(long, value_name = "NAME")]
    pub confirm: String,
    /// `text` or `json`.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
    /// Don't wait for the end: 0 then means that the run was started. Follow it with `quarterdeck runs show RUN`.
    #[arg(long)]
    pub detach: bool,
}

/// Why nothing was sent.
struct Refused {
    reasons: Vec<String>,
    drift: Vec<Change>,
}

impl Refused {
    fn because(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], drift: Vec::new() }
    }
}

/// Carry out a plan: refuse if stale, execute, watch, report. 0 done and verified, 4 refused before anything was sent,
/// 5 failed, 6 not known, 2 usage or configuration.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let file = PlanFile::read(&arguments.file)?;
    let room = Room::open(global)?;
    let approved = match approve(&room, file, &arguments.confirm)? {
        Ok(approved) => approved,
        Err(refused) => return report_refused(&refused, arguments.output),
    };
    let launch = Launch::of(&room.config, std::env::current_exe()?, room.state_dir.clone());
    let run = match process::start(approved, &room.journal, &launch, Now::read()) {
        Ok(run) => run,
        Err(error) => return report_refused(&Refused::because(error.to_string()), arguments.output),
    };
    if arguments.detach {
        return report_started(&run, arguments.output);
    }
    let view = follow(&room, &run, arguments.output)?;
    report(&view, arguments.output)
}

/// The plan, as it was made, on evidence of now: the file is whole, the name is right, nothing drifted, no guard denies.
fn approve(room: &Room, file: PlanFile, confirm: &str) -> anyhow::Result<Result<Approved, Refused>> {
    if !file.is_whole() {
        return Ok(Err(Refused::because("the plan in the file is not the one that its digest was taken of")));
    }
    let plan = file.plan;
    let name = plan.action.target().clone();
    if confirm != name.as_str() {
        return Ok(Err(Refused::because(format!("--confirm `{confirm}` is not the target's name, `{name}`"))));
    }
    let now = Now::read().wall;
    if now >= plan.expires {
        return Ok(Err(Refused::because(format!("the plan expired at {:.0}; make it again", plan.expires))));
    }
    let world = room.world()?;
    let planner = room.planner(&*world);
    let observation = match room.runtime.block_on(planner.observe(&name)) {
        Ok(observation) => observation,
        Err(error) => return Ok(Err(Refused::because(format!("not observed: {error}; {}", error.kind.hint())))),
    };
    let drift = plan.drift(&fingerprint(&plan.action, &observation));
    if !drift.is_empty() {
        let reasons = vec!["the target changed since the plan was made; make it again".to_owned()];
        return Ok(Err(Refused { reasons, drift }));
    }
    let judged = room.runtime.block_on(planner.judge(plan.with_observation(observation), Arming::Confirmed));
    let reasons = judged.reasons();
    let approved = judged.approve(confirm, operator(), Now::read().wall);
    Ok(approved.map_err(|refusal| match reasons.is_empty() {
        true => Refused::because(refusal.to_string()),
        false => Refused { reasons, drift: Vec::new() },
    }))
}

/// Waits for the end of a run, saying each of its records once. The run goes on if this process ends.
fn follow(room: &Room, run: &RunId, output: TextOutput) -> anyhow::Result<RunView> {
    let mut said = 0;
    let mut unreadable = 0;
    loop {
        match room.journal.run(&run.0, Now::read()) {
            Ok(view) => {
                unreadable = 0;
                if output == TextOutput::Text {
                    view.records.iter().skip(said).try_for_each(say_record)?;
                }
                said = view.records.len();
                if !view.is_open() {
                    return Ok(view);
                }
            }
            Err(error) => unreadable = tolerate(unreadable, error)?,
        }
        std::thread::sleep(EVERY);
    }
}

fn tolerate(unreadable: u32, error: JournalError) -> Result<u32, JournalError> {
    if unreadable < UNREADABLE { Ok(unreadable + 1) } else { Err(error) }
}

fn say_record(record: &Record) -> std::io::Result<()> {
    say(&format!("{:.0}  {}", record.at, record.entry.sentence()))
}

fn report_refused(refused: &Refused, output: TextOutput) -> anyhow::Result<ExitCode> {
    let Refused { reasons, drift } = refused;
    match output {
        TextOutput::Json => say_json(&json!({
            "schema": "quarterdeck.apply/1", "run": null, "state": RunState::Refused, "reasons": reasons, "drift": drift,
            "records": [],
        }))?,
        TextOutput::Text => {
            say("refused: nothing was sent")?;
            reasons.iter().try_for_each(|reason| say(&format!("  {reason}")))?;
            drift.iter().try_for_each(|change| say(&format!("  {change}")))?;
        }
    }
    Ok(ExitCode::from(4))
}

fn report_started(run: &RunId, output: TextOutput) -> anyhow::Result<ExitCode> {
    match output {
        TextOutput::Json => say_json(&json!({
            "schema": "quarterdeck.apply/1", "run": run, "state": RunState::Approved, "reasons": [], "drift": [],
            "records": [],
        }))?,
        TextOutput::Text => say(&format!("started run {run}; follow it: `quarterdeck runs show {run}`"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn report(view: &RunView, output: TextOutput) -> anyhow::Result<ExitCode> {
    let (reasons, drift) = super::runs::refusal(view);
    match output {
        TextOutput::Json => say_json(&json!({
            "schema": "quarterdeck.apply/1", "run": view.id, "state": view.state, "reasons": reasons, "drift": drift,
            "records": view.records.iter().map(super::runs::record_json).collect::<Vec<_>>(),
        }))?,
        TextOutput::Text => {
            drift.iter().try_for_each(|change| say(&format!("  {change}")))?;
            say(&format!("run {}: {}", view.id, view.last_word()))?;
            if view.state == RunState::Unknown {
                say(&format!("look at the target, then settle it: `quarterdeck runs resolve {}`", view.id))?;
            }
        }
    }
    Ok(ExitCode::from(match view.state {
        RunState::Done => 0,
        RunState::Refused => 4,
        RunState::Failed => 5,
        _ => 6,
    }))
}
