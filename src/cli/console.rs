//! The console itself.

use std::process::ExitCode;

use super::Global;

/// Opens the console.
pub fn run(_global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the console is not there yet")
}
