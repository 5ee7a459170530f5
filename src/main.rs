//! Arguments and exit codes; no decisions.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use quarterdeck::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) if nobody_reads(&error) => ExitCode::from(NOBODY_READS),
        Err(error) => complain(&error),
    }
}

/// What a shell says of a program that SIGPIPE ended: neither success nor a failure of its own.
const NOBODY_READS: u8 = 141;

/// Whether the reader of the output went away, as `head` does when it has enough.
fn nobody_reads(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(broken)
}

/// Usage and configuration errors end with 2, as does everything that stopped a command before it could say more.
#[allow(clippy::print_stderr)] // the edge
fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("quarterdeck: {error:#}");
    ExitCode::from(2)
}
