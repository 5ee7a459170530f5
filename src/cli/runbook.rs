//! `quarterdeck runbook`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck runbook`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: RunbookCommand,
}

/// What to do with runbooks.
#[derive(Debug, clap::Subcommand)]
pub enum RunbookCommand {
    /// All runbooks.
    List,
    /// Check runbook files, or all that the configuration names.
    Lint {
        /// Files.
        files: Vec<std::path::PathBuf>,
    },
    /// One runbook with its steps.
    Show {
        /// Its identifier.
        id: String,
    },
    /// Follow a runbook step by step: checks and waits are run; actions are planned, printed and left to `apply`.
    Run {
        /// Its identifier.
        id: String,
    },
}

/// List, lint, show and run runbooks.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`runbook` is not there yet")
}
