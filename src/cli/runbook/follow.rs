//! `quarterdeck runbook run`: follows a runbook without a screen. It asks and waits; it never approves anything.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::time::{sleep, timeout};

use crate::action::Action;
use crate::clock::{Now, Stopwatch};
use crate::config::Config;
use crate::runbook::{Check, CheckResult, Runbook, Step, StepKind, check, session};
use crate::source::{Name, SourceError, SourceErrorKind, World, build};

/// Exit code of a check that did not hold.
const NOT_HELD: u8 = 1;

/// How often a wait asks.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// The longest that one question may take.
const ASK: Duration = Duration::from_secs(15);

/// How a step ended.
enum Outcome {
    /// Go on.
    Passed,
    /// A check did not hold, or gave no number.
    NotHeld,
    /// A person, or `plan` and `apply`, must go on.
    HandedOver,
}

/// What the steps need.
struct Follower<'a> {
    config: &'a Config,
    world: &'a dyn World,
    /// How this program was called, for the commands that are printed.
    program: &'a str,
}

/// Follows a runbook from a step on. `program` is how this program was called.
pub(super) fn run(
    config: Arc<Config>,
    runbook: &Runbook,
    from: usize,
    program: &str,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let count = runbook.steps.len();
    ensure!((1..=count).contains(&from), "there is no step {from}; {} has steps 1 to {count}", runbook.id);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let world = build::world(config.clone()).await?;
        writeln!(out, "{} · {} · {}", runbook.title, runbook.id, config.environment.name)?;
        Follower { config: &config, world: &*world, program }.follow(runbook, from, out).await
    })
}

impl Follower<'_> {
    async fn follow(&self, runbook: &Runbook, from: usize, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let go_on = |step| format!("`{} runbook run {} --from {step}`", self.program, runbook.id);
        for (index, step) in runbook.steps.iter().enumerate().skip(from - 1) {
            print_step(out, index, step)?;
            match self.step(step, out).await? {
                Outcome::Passed => {}
                Outcome::NotHeld => {
                    writeln!(out, "\nstopped at step {}; ask again with {}", index + 1, go_on(index + 1))?;
                    return Ok(ExitCode::from(NOT_HELD));
                }
                Outcome::HandedOver if index + 1 < runbook.steps.len() => {
                    writeln!(out, "\nthen go on with {}", go_on(index + 2))?;
                    return Ok(ExitCode::SUCCESS);
                }
                Outcome::HandedOver => return Ok(ExitCode::SUCCESS),
            }
        }
        writeln!(out, "\nall steps passed")?;
        Ok(ExitCode::SUCCESS)
    }

    async fn step(&self, step: &Step, out: &mut impl Write) -> anyhow::Result<Outcome> {
        match &step.kind {
            StepKind::Check(check) => self.verdict(out, check, &self.ask(check).await),
            StepKind::Wait { check, deadline } => self.wait(check, *deadline, out).await,
            StepKind::Action(action) => {
                writeln!(out, "   → an action: plan it, read the plan, and apply it under your own name:")?;
                writeln!(out, "     {} {} --out plan.json", self.program, plan_command(action))?;
                writeln!(out, "     {} apply plan.json --confirm {}", self.program, action.target())?;
                Ok(Outcome::HandedOver)
            }
            StepKind::Manual => by_hand(out),
        }
    }

    /// Asks until the check holds or the deadline is over; tells each reading that differs in words from the one before.
    async fn wait(&self, check: &Check, deadline: Duration, out: &mut impl Write) -> anyhow::Result<Outcome> {
        let watch = Stopwatch::start();
        let mut told = None;
        loop {
            let result = self.ask(check).await;
            if session::holds(check, &result) || watch.elapsed() >= deadline {
                return self.verdict(out, check, &result);
            }
            let reading = session::reading(self.config, check, &result);
            if told.as_ref() != Some(&reading) {
                writeln!(out, "   … {reading} ({} s of {})", watch.elapsed().as_secs(), deadline.as_secs())?;
                out.flush()?;
                told = Some(reading);
            }
            sleep(ASK_EVERY.min(deadline.saturating_sub(watch.elapsed()))).await;
        }
    }

    async fn ask(&self, check: &Check) -> CheckResult {
        let late = || {
            let reason = format!("no answer in {} s", ASK.as_secs());
            SourceError::new(&Name::from("runbook"), SourceErrorKind::Timeout, &reason)
        };
        let asked = check::ask(self.world, check, self.config, Now::read());
        timeout(ASK, asked).await.unwrap_or_else(|_| Err(late()))
    }

    fn verdict(&self, out: &mut impl Write, check: &Check, result: &CheckResult) -> anyhow::Result<Outcome> {
        let (word, outcome) = match result {
            _ if session::holds(check, result) => ("passed", Outcome::Passed),
            Ok(number) if number.finite().is_some() => ("FAILED", Outcome::NotHeld),
            _ => ("UNKNOWN", Outcome::NotHeld),
        };
        writeln!(out, "   {word}: {}", session::reading(self.config, check, result))?;
        Ok(outcome)
    }
}

/// A person does it. On a terminal they are asked whether they did; nothing else counts as yes.
fn by_hand(out: &mut impl Write) -> anyhow::Result<Outcome> {
    if !io::stdin().is_terminal() {
        writeln!(out, "   → by hand: do this")?;
        return Ok(Outcome::HandedOver);
    }
    write!(out, "   → by hand. Done? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(if matches!(answer.trim(), "y" | "Y" | "yes") { Outcome::Passed } else { Outcome::HandedOver })
}

/// The subcommand that plans an action.
pub(super) fn plan_command(action: &Action) -> String {
    format!("plan {action}")
}

/// A step's number, name and text.
pub(super) fn print_step(out: &mut impl Write, index: usize, step: &Step) -> io::Result<()> {
    writeln!(out, "\n{}. {}", index + 1, step.title)?;
    step.text.iter().try_for_each(|line| writeln!(out, "   {line}"))
}
