//! `quarterdeck completions`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck completions`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Print shell completions.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`completions` is not there yet")
}
