//! `quarterdeck plan`.

use std::process::ExitCode;

use super::Global;

/// Arguments of `quarterdeck plan`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The action, such as `scale`.
    pub action: String,
    /// Target and `key=value` arguments.
    pub arguments: Vec<String>,
    /// Write the plan to this file, for `apply`.
    #[arg(long)]
    pub out: Option<std::path::PathBuf>,
    /// `text` or `json`.
    #[arg(long, value_enum, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
}

/// Observe, plan and judge an action; changes nothing.
pub fn run(_arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`plan` is not there yet")
}
