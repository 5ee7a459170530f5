//! `quarterdeck apply`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck apply`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file that `plan --out` wrote.
    pub file: std::path::PathBuf,
    /// The target's name, typed as the confirmation.
    #[arg(long)]
    pub confirm: String,
    /// `text` or `json`.
    #[arg(long, value_enum, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
    /// Don't wait for the end.
    #[arg(long)]
    pub detach: bool,
}

/// Carry out a plan: refuse if stale, execute, watch, report.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`apply` is not there yet")
}
