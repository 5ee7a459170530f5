//! `quarterdeck executor`: the process of one run.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Global, room};
use crate::clock::Now;
use crate::config::{self, Config, ConfigErrors};
use crate::executor::doors;
use crate::executor::engine::Engine;
use crate::executor::journal::{Entry, Journal, JournalError, RunId, RunState};
use crate::executor::process::{self, Launch};
use crate::source::build;

/// Arguments of `quarterdeck executor`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The run.
    pub run: String,
    /// The state directory.
    #[arg(long)]
    pub state_dir: std::path::PathBuf,
    /// Whether this is the second of the two processes, which makes a session of its own and does the work.
    #[arg(long)]
    pub leader: bool,
}

/// The executor process of one run; started by the console.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let run = RunId(arguments.run.clone());
    if !arguments.leader {
        let config = global.config.clone().context("the executor needs --config FILE")?;
        let exe = std::env::current_exe()?;
        process::hand_over(&Launch { exe, config, state_dir: arguments.state_dir.clone() }, &run)?;
        return Ok(ExitCode::SUCCESS);
    }
    process::detach();
    log_to_stderr();
    let config = config::find::load(global.config.as_deref()).map(Arc::new);
    let store = Arc::new(room::store(&arguments.state_dir, config.as_deref().ok())?);
    let journal =
        config.as_ref().map_or_else(|_| Journal::new(store.clone()), |config| room::anchored(store.clone(), config));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(work(arguments, config, &journal, &run)) {
        Ok(state) => {
            tracing::info!(%run, ?state, "ended");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            tracing::error!(%run, "{error:#}");
            // An executor that comes second leaves the run to the first.
            if !matches!(error.downcast_ref(), Some(JournalError::TakenBefore(_))) {
                refuse(&journal, &run, &error);
            }
            Err(error)
        }
    }
}

/// Standard error is the run's log file.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("QUARTERDECK_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_env_filter(filter).try_init();
}

async fn work(
    arguments: &Arguments,
    config: Result<Arc<Config>, ConfigErrors>,
    journal: &Journal,
    run: &RunId,
) -> anyhow::Result<RunState> {
    let _ignored = ignore_signals()?;
    let config = config?;
    let world = build::world(config.clone()).await?;
    let target = doors::open(&config, &arguments.state_dir, Now::read).map_err(anyhow::Error::msg)?;
    let journal = journal.clone().shared_by(&config)?;
    let engine = Engine {
        journal: &journal,
        world: &*world,
        target: &*target,
        config: &config,
        clock: &Now::read,
        pid: std::process::id(),
    };
    tracing::info!(%run, pid = engine.pid, "begins");
    Ok(engine.run(run).await?)
}

/// A hang-up or a polite request to end doesn't cut a run in half. The default of each signal is off as long as the process
/// lives; only SIGKILL ends a run early, and then the journal tells so.
fn ignore_signals() -> std::io::Result<Vec<Signal>> {
    [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()].into_iter().map(signal).collect()
}

/// Where the run had not begun, the journal says why it never will. Where it had, this entry can't stand there, and the
/// journal stays as it is.
fn refuse(journal: &Journal, run: &RunId, error: &anyhow::Error) {
    let reasons = vec![format!("the executor could not begin: {error:#}")];
    if let Err(error) = journal.append(run, Entry::Refused { reasons, drift: Vec::new() }, Now::read().wall) {
        tracing::warn!(%run, %error, "not journalled as refused");
    }
}
