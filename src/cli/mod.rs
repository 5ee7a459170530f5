//! The command line: one file a subcommand, headless twins of what the screen can do.

pub mod apply;
pub mod check;
pub mod completions;
pub mod console;
pub mod demo;
mod doors;
pub mod executor;
mod logging;
pub mod operator;
pub mod plan;
mod plan_file;
mod room;
pub mod runbook;
pub mod runs;
pub mod snapshot;
pub mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// A terminal operations console for on-call engineers.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, about, max_term_width = 100)]
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
    /// Check configuration, keymaps, themes and runbooks.
    Check(check::Arguments),
    /// Poll everything once and print it.
    Status(status::Arguments),
    /// Observe, plan and judge an action; changes nothing.
    Plan(plan::Arguments),
    /// Carry out a plan: refuse if stale, execute, watch, report.
    Apply(apply::Arguments),
    /// List and show what was done: the journal.
    Runs(runs::Arguments),
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
        Some(Command::Runs(arguments)) => runs::run(&arguments, &cli.global),
        Some(Command::Runbook(arguments)) => runbook::run(&arguments, &cli.global),
        Some(Command::Demo(arguments)) => demo::run(&arguments, &cli.global),
        Some(Command::Snapshot(arguments)) => snapshot::run(&arguments, &cli.global),
        Some(Command::Executor(arguments)) => executor::run(&arguments, &cli.global),
        Some(Command::Completions(arguments)) => completions::run(&arguments, &cli.global),
    }
}
