//! `quarterdeck status`: everything polled once, or again and again, as a table or as versioned JSON.
//!
//! The judgement is the console's own ([`service_verdict`](crate::state::verdict::service_verdict)); the shape of the JSON
//! is documented in `docs/status.schema.json`.

mod alerts;
mod cdn;
mod cost;
mod database;
mod debts;
mod gather;
mod judge;
mod log;
mod probe;
mod recovery;
mod releases;
mod report;
mod scaling;
mod table;
mod traffic;
mod usage;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::{Global, Output};
use crate::clock::Now;
use crate::config::{self, Config};
use crate::source::build;
use crate::state::ReadingStore;
use crate::state::verdict::Level;

pub use report::{Report, SCHEMA};
pub use table::table;

/// Arguments of `quarterdeck status`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// `table` or `json`.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::Output::Table)]
    pub output: super::Output,
    /// Go on until interrupted; as JSON, one document a line.
    #[arg(long)]
    pub watch: bool,
    /// With --watch: seconds between two reports.
    #[arg(
        long, value_name = "SECONDS", default_value_t = 5, requires = "watch",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub every: u64,
}

/// Poll everything once and print it. Exits 0 healthy, 1 degraded or unhealthy, 3 not known; 2 is usage and configuration.
///
/// # Errors
/// No valid configuration, or a standard output that can't be written.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let config = Arc::new(config::find::load(global.config.as_deref())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let level = runtime.block_on(async {
        match arguments.watch {
            false => once(&config, arguments.output).await,
            true => watch(&config, arguments.output, Duration::from_secs(arguments.every)).await,
        }
    });
    // What still hangs in a blocking read must not hold the exit.
    runtime.shutdown_background();
    level.map(|level| ExitCode::from(exit_code(level)))
}

/// The exit code of a level.
pub fn exit_code(level: Level) -> u8 {
    match level {
        Level::Healthy => 0,
        Level::Degraded | Level::Unhealthy => 1,
        Level::Unknown => 3,
    }
}

async fn once(config: &Arc<Config>, output: Output) -> anyhow::Result<Level> {
    let world = build::world(config.clone()).await.context("the backends can't be set up")?;
    let mut readings = gather::once(&world.sources()).await;
    debts::learn_restore_tests(&mut readings, config);
    print(&Report::new(config, &readings, Now::read()).with_debts(config), output)
}

/// Reports until it is interrupted or nobody reads any more; the last level is the exit code.
async fn watch(config: &Arc<Config>, output: Output, every: Duration) -> anyhow::Result<Level> {
    let world = build::world(config.clone()).await.context("the backends can't be set up")?;
    let mut watched = gather::Watched::start(world.sources(), config.ui.range);
    let mut readings = ReadingStore::default();
    watched.first_round(&mut readings).await;
    loop {
        debts::learn_restore_tests(&mut readings, config);
        let report = Report::new(config, &readings, Now::read()).with_debts(config);
        if print(&report, output).is_err() {
            return Ok(report.level);
        }
        tokio::select! {
            () = watched.receive_for(&mut readings, every) => {}
            interrupted = tokio::signal::ctrl_c() => return interrupted.map(|()| report.level).map_err(Into::into),
        }
    }
}

fn print(report: &Report, output: Output) -> anyhow::Result<Level> {
    let text = match output {
        Output::Table => table(report),
        Output::Json => serde_json::to_string(report)? + "\n",
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output")?;
    Ok(report.level)
}
