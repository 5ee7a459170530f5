//! `quarterdeck status`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck status`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// `table` or `json`.
    #[arg(long, value_enum, default_value_t = super::Output::Table)]
    pub output: super::Output,
    /// Go on until interrupted.
    #[arg(long)]
    pub watch: bool,
}

/// Poll everything once and print it.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`status` is not there yet")
}
