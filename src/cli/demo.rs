//! `quarterdeck demo`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck demo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The story.
    #[arg(long, default_value = "overload")]
    pub scenario: String,
    /// The same seed tells the same story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Open the console on a simulated fleet: no account, no network, no server.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`demo` is not there yet")
}
