//! Arguments, wiring, terminal guard; no decisions.

use std::process::ExitCode;

use clap::Parser;
use quarterdeck::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

/// Usage and configuration errors end with 2, as does everything that stopped a command before it could say more.
#[allow(clippy::print_stderr)] // the edge
fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("quarterdeck: {error:#}");
    ExitCode::from(2)
}
