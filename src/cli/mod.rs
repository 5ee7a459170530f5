//! The command line: one file a subcommand, headless twins of what the screen can do.

pub mod apply;
pub mod approve;
pub mod audit;
pub mod break_glass;
pub mod check;
pub mod completions;
pub mod console;
pub mod debts;
pub mod demo;
mod doors;
pub mod executor;
pub mod lease;
mod logging;
pub mod logs;
pub mod operator;
pub mod plan;
pub(crate) mod plan_file;
mod room;
pub mod runbook;
pub mod runs;
pub mod snapshot;
pub mod status;
pub mod undo;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Where to begin.
const FIRST_STEPS: &str = "Without a command the console opens. It is read-only until it is armed.\n\
    Try it on a simulated fleet: quarterdeck demo";

/// A terminal operations console for on-call engineers.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, about, max_term_width = 100, after_help = FIRST_STEPS)]
pub struct Cli {
    /// What all subcommands know.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without it the console opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of all subcommands.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// The configuration file; else QUARTERDECK_CONFIG, ./quarterdeck.toml, then the XDG configuration directory.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check configuration, keymap, theme and runbooks.
    ///
    /// Exits 0 if all is well, else 2.
    Check(check::Arguments),
    /// Poll everything once and print it.
    ///
    /// Exits 0 healthy, 1 degraded or unhealthy, 2 usage or configuration, 3 not known.
    Status(status::Arguments),
    /// Observe, plan and judge an action; changes nothing.
    ///
    /// Such as `quarterdeck plan scale web desired=4 --out plan.json`. Exits 0 allowed (also where a name will have to be
    /// typed), 2 usage or configuration or nothing would change, 3 not observed, 4 denied by a guard.
    Plan(plan::Arguments),
    /// Carry out a plan: refuse if stale, execute, watch, report.
    ///
    /// Exits 0 done and verified, 2 usage or configuration, 4 refused before anything was sent, 5 failed, 6 not known. The run
    /// goes on if this command is interrupted.
    Apply(apply::Arguments),
    /// Agree to another person's plan, where two are wanted.
    ///
    /// Without --confirm the plan is only shown. Exits 0, 2 usage or configuration, 3 not observed, 4 refused.
    Approve(approve::Arguments),
    /// Plan the exact inverse of a run, through the same guards.
    ///
    /// Exits as `plan` does, and 4 where the run can't be taken back.
    Undo(undo::Arguments),
    /// List, show and settle what was done: the journal.
    Runs(runs::Arguments),
    /// List who holds which target, or take it away from a holder that is gone.
    ///
    /// Exits 0, 2 usage or configuration, 3 where the shared table can't be asked, 4 where a lease may not be taken away.
    Lease(lease::Arguments),
    /// Verify and export the journal: who, from where, what was shown, sent and found.
    Audit(audit::Arguments),
    /// List what actions left open, by whom and until when, or accept it.
    ///
    /// Exits 0 where nothing is overdue, 1 where something is, 2 usage or configuration or nothing to accept.
    Debts(debts::Arguments),
    /// Print the lines of a service's log, once or followed.
    ///
    /// Exits 0 where they were read whole, 2 usage or configuration, 3 where something was not read.
    Logs(logs::Arguments),
    /// List, lint, show and run runbooks.
    Runbook(runbook::Arguments),
    /// Open the console on a simulated fleet: no account, no network, no server.
    Demo(demo::Arguments),
    /// Print a picture of a screen, as SVG, without a terminal.
    Snapshot(snapshot::Arguments),
    /// The executor process of one run; started by the console.
    #[command(hide = true)]
    Executor(executor::Arguments),
    /// Print shell completions.
    Completions(completions::Arguments),
}

/// Output for people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table.
    Table,
    /// Versioned JSON.
    Json,
}

/// Output for people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextOutput {
    /// Text.
    Text,
    /// Versioned JSON.
    Json,
}

/// Does what the command line says.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => console::run(&cli.global),
        Some(Command::Check(arguments)) => check::run(&arguments, &cli.global),
        Some(Command::Status(arguments)) => status::run(&arguments, &cli.global),
        Some(Command::Plan(arguments)) => plan::run(&arguments, &cli.global),
        Some(Command::Apply(arguments)) => apply::run(&arguments, &cli.global),
        Some(Command::Approve(arguments)) => approve::run(&arguments, &cli.global),
        Some(Command::Undo(arguments)) => undo::run(&arguments, &cli.global),
        Some(Command::Runs(arguments)) => runs::run(&arguments, &cli.global),
        Some(Command::Lease(arguments)) => lease::run(&arguments, &cli.global),
        Some(Command::Audit(arguments)) => audit::run(&arguments, &cli.global),
        Some(Command::Debts(arguments)) => debts::run(&arguments, &cli.global),
        Some(Command::Logs(arguments)) => logs::run(&arguments, &cli.global),
        Some(Command::Runbook(arguments)) => runbook::run(&arguments, &cli.global),
        Some(Command::Demo(arguments)) => demo::run(&arguments, &cli.global),
        Some(Command::Snapshot(arguments)) => snapshot::run(&arguments, &cli.global),
        Some(Command::Executor(arguments)) => executor::run(&arguments, &cli.global),
        Some(Command::Completions(arguments)) => completions::run(&arguments, &cli.global),
    }
}
