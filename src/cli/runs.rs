//! `quarterdeck runs`.

use std::process::ExitCode;

use super::Global;

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
    /// The newest runs.
    List {
        /// `text` or `json`.
        #[arg(long, value_enum, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// One run with all its records.
    Show {
        /// The run.
        run: String,
        /// `text` or `json`.
        #[arg(long, value_enum, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// Settle an unknown run by observing its target.
    Resolve {
        /// The run.
        run: String,
    },
}

/// List and show what was done: the journal.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`runs` is not there yet")
}
