//! `quarterdeck snapshot`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck snapshot`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The screen: `overview`, `service`, …
    #[arg(default_value = "overview")]
    pub screen: String,
    /// Columns.
    #[arg(long, default_value_t = 120)]
    pub columns: u16,
    /// Rows.
    #[arg(long, default_value_t = 40)]
    pub rows: u16,
    /// Theme.
    #[arg(long, default_value = "dark")]
    pub theme: String,
}

/// Print a picture of a screen, as SVG, without a terminal.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`snapshot` is not there yet")
}
