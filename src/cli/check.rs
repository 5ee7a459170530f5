//! `quarterdeck check`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Ask every source once too.
    #[arg(long)]
    pub online: bool,
}

/// Check configuration, keymaps, themes and runbooks.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`check` is not there yet")
}
