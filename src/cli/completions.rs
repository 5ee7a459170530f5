//! `quarterdeck completions`.

use std::process::ExitCode;

use clap::CommandFactory;

use super::{Cli, Global};

/// Arguments of `quarterdeck completions`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Print shell completions, such as for `source <(quarterdeck completions bash)`.
///
/// # Errors
/// A standard output that can't be written.
pub fn run(arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "quarterdeck", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(ExitCode::SUCCESS)
}
