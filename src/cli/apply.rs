//! `quarterdeck apply`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::operator::operator;
use super::plan_file::PlanFile;
use super::room::{Room, say, say_json, tell};
use super::{Global, TextOutput};
use crate::action::{Approved, Arming, BreakGlass, Change, fingerprint};
use crate::clock::Now;
use crate::executor::journal::{JournalError, Record, RunId, RunState, RunView};
use crate::executor::planning::Planner;
use crate::executor::process::{self, Launch, StartError};

/// The schema of the answer.
const SCHEMA: &str = "quarterdeck.apply/1";

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
    /// An override of one guard.
    #[command(flatten)]
    pub skip: super::break_glass::Override,
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
/// 5 failed, 6 not known (also where this command was ended before the run), 2 usage or configuration.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let file = PlanFile::read(&arguments.file)?;
    let skip = arguments.skip.read()?;
    let room = Room::open(global)?;
    let approved = match approve(&room, file, &arguments.confirm, skip)? {
        Ok(approved) => approved,
        Err(refused) => return report_refused(&refused, arguments.output),
    };
    let launch = Launch::of(&room.config, std::env::current_exe()?, room.state_dir.clone());
    // From here to the end a polite request to end is noticed between two looks, never in the middle of starting.
    let mut leave = Leave::listen(&room.runtime)?;
    let run = match process::start(approved, &room.journal, &launch, Now::read()) {
        Ok(run) => run,
        Err(StartError::Unclear { run, source, journal }) => {
            let reason = StartError::Unclear { run: run.clone(), source, journal }.to_string();
            return Ok(report_lost(&run, &reason, arguments.output));
        }
        Err(error) => return report_refused(&Refused::because(error.to_string()), arguments.output),
    };
    if arguments.detach {
        return Ok(report_started(&run, arguments.output));
    }
    Ok(match room.runtime.block_on(follow(&room, &run, arguments.output, &mut leave)) {
        Ok(view) => report(&view, arguments.output),
        Err(error) => report_lost(&run, &error.to_string(), arguments.output),
    })
}

/// Ctrl-C and a polite request to end. They end this command, not the run: that is in the executor's hand.
struct Leave {
    interrupt: Signal,
    terminate: Signal,
}

impl Leave {
    fn listen(runtime: &Runtime) -> std::io::Result<Self> {
        let _context = runtime.enter();
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The plan, as it was made, on evidence of now: the file is whole, the name is right, nothing drifted, no guard denies.
fn approve(
    room: &Room,
    file: PlanFile,
    confirm: &str,
    skip: Option<BreakGlass>,
) -> anyhow::Result<Result<Approved, Refused>> {
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
    let planner = Planner { break_glass: skip, ..room.planner(&*world) };
    let observation = match room.runtime.block_on(planner.observe(&plan.action.look(&room.config)?)) {
        Ok(observation) => observation,
        Err(error) => return Ok(Err(Refused::because(format!("not observed: {error}; {}", error.kind.hint())))),
    };
    let drift = plan.drift(&fingerprint(&plan.action, &observation));
    if !drift.is_empty() {
        let reasons = vec!["the target changed since the plan was made; make it again".to_owned()];
        return Ok(Err(Refused { reasons, drift }));
    }
    let judged = room.runtime.block_on(planner.shown(plan.with_observation(observation), Arming::Confirmed));
    let reasons = judged.reasons();
    let approved = judged.approve(confirm, operator(), Now::read().wall);
    Ok(approved.map_err(|refusal| match reasons.is_empty() {
        true => Refused::because(refusal.to_string()),
        false => Refused { reasons, drift: Vec::new() },
    }))
}

/// Waits for the end of a run, saying each of its records once, or until someone asks this command to end. The run goes on
/// if this process ends, and is followed to its end even where nobody reads what is printed.
async fn follow(room: &Room, run: &RunId, output: TextOutput, leave: &mut Leave) -> Result<RunView, JournalError> {
    let mut said = 0;
    let mut unreadable = 0;
    let mut left = false;
    loop {
        match room.journal.run(&run.0, Now::read()) {
            Ok(view) => {
                unreadable = 0;
                if output == TextOutput::Text {
                    view.records.iter().skip(said).for_each(|record| printed(say_record(record)));
                }
                said = view.records.len();
                if left || !view.is_open() {
                    return Ok(view);
                }
            }
            Err(error) => unreadable = tolerate(if left { UNREADABLE } else { unreadable }, error)?,
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = leave.asked() => left = true,
        }
    }
}

/// The run is what counts: that its report could not be printed is told, and changes no exit code.
fn printed(said: std::io::Result<()>) {
    if let Err(error) = said {
        tell(&format!("standard output can't be written: {error}"));
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
            "schema": SCHEMA, "run": null, "state": RunState::Refused, "reasons": reasons, "drift": drift,
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

fn report_started(run: &RunId, output: TextOutput) -> ExitCode {
    match output {
        TextOutput::Json => print_json(&bare(run, RunState::Approved, &[])),
        TextOutput::Text => printed(say(&format!("started run {run}; follow it: `quarterdeck runs show {run}`"))),
    }
    ExitCode::SUCCESS
}

/// The run was started, or may have been, and what became of it can't be read.
fn report_lost(run: &RunId, reason: &str, output: TextOutput) -> ExitCode {
    if output == TextOutput::Json {
        print_json(&bare(run, RunState::Unknown, &[reason]));
    }
    tell(&format!("{reason}; run {run} may be going on: `quarterdeck runs show {run}`"));
    exit_code(RunState::Unknown)
}

fn bare(run: &RunId, state: RunState, reasons: &[&str]) -> Value {
    json!({
        "schema": SCHEMA, "run": run, "state": state, "reasons": reasons, "drift": [], "records": [],
    })
}

fn print_json(value: &Value) {
    if let Err(error) = say_json(value) {
        tell(&format!("standard output can't be written: {error:#}"));
    }
}

fn report(view: &RunView, output: TextOutput) -> ExitCode {
    let (reasons, drift) = super::runs::refusal(view);
    match output {
        TextOutput::Json => print_json(&json!({
            "schema": SCHEMA, "run": view.id, "state": view.state, "reasons": reasons, "drift": drift,
            "records": view.records.iter().map(super::runs::record_json).collect::<Vec<_>>(),
        })),
        TextOutput::Text => printed(say_end(view, &drift)),
    }
    if view.is_open() {
        tell(&format!("run {0} goes on without this command; follow it: `quarterdeck runs show {0}`", view.id));
    }
    exit_code(view.state)
}

fn say_end(view: &RunView, drift: &[Change]) -> std::io::Result<()> {
    drift.iter().try_for_each(|change| say(&format!("  {change}")))?;
    if !view.is_open() {
        say(&format!("run {}: {}", view.id, view.last_word()))?;
    }
    if view.state == RunState::Unknown {
        say(&format!("look at the target, then settle it: `quarterdeck runs resolve {}`", view.id))?;
    }
    Ok(())
}

/// A run that this command left before its end has no outcome that it knows of.
fn exit_code(state: RunState) -> ExitCode {
    ExitCode::from(match state {
        RunState::Done => 0,
        RunState::Refused => 4,
        RunState::Failed => 5,
        RunState::Approved | RunState::Running | RunState::Unknown | RunState::Inconclusive | RunState::Resolved => 6,
    })
}
