//! `quarterdeck executor`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck executor`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The run.
    pub run: String,
    /// The state directory.
    #[arg(long)]
    pub state_dir: std::path::PathBuf,
}

/// The executor process of one run; started by the console.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`executor` is not there yet")
}
