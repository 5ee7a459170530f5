//! The executor process: how it is started.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::journal::{Entry, Journal, JournalError, RunId};
use crate::action::Approved;
use crate::clock::Now;
use crate::config::Config;

/// What the executor's process is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program: this one (`std::env::current_exe`).
    pub exe: PathBuf,
    /// Where it gets its configuration from.
    pub config: LaunchConfig,
    /// The state directory.
    pub state_dir: PathBuf,
}

/// Where the executor gets its configuration from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchConfig {
    /// The file that the console read.
    File(PathBuf),
    /// The built-in demo.
    Demo {
        /// The story.
        scenario: String,
        /// The seed.
        seed: u64,
    },
}

impl Launch {
    /// How to start an executor for runs of this configuration.
    pub fn of(config: &Config, exe: PathBuf, state_dir: PathBuf) -> Self {
        let from = match &config.simulator {
            Some(simulator) if config.path.as_os_str().is_empty() => {
                LaunchConfig::Demo { scenario: simulator.scenario.clone(), seed: simulator.seed }
            }
            _ => LaunchConfig::File(config.path.clone()),
        };
        Self { exe, config: from, state_dir }
    }

    /// The file that the executor of a run writes its log to.
    pub fn log_file(&self, run: &RunId) -> PathBuf {
        self.state_dir.join(format!("executor-{run}.log"))
    }
}

/// Why the executor was not started. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The approval could not be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The process could not be started.
    #[error("run {run}: the executor `{exe}` could not be started: {source}; nothing was sent")]
    Spawn {
        /// The run, which is refused.
        run: RunId,
        /// The program.
        exe: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Writes the approval down (it is on the disk when that returns), then starts the executor, detached: it makes a session of
/// its own, so that neither a closed terminal nor this process's end reaches it.
///
/// # Errors
/// Nothing was sent; where the process could not be started, the run is journalled as refused.
pub fn start(approved: Approved, journal: &Journal, launch: &Launch, now: Now) -> Result<RunId, StartError> {
    let run = journal.approve(approved, now)?;
    match spawn(launch, &run) {
        Ok(()) => Ok(run),
        Err(source) => {
            let reason = format!("the executor could not be started: {source}");
            journal.append(&run, Entry::Refused { reasons: vec![reason], drift: Vec::new() }, now.wall)?;
            Err(StartError::Spawn { run, exe: launch.exe.clone(), source })
        }
    }
}

fn spawn(launch: &Launch, run: &RunId) -> std::io::Result<()> {
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(launch.log_file(run))?;
    let mut command = Command::new(&launch.exe);
    command.arg("executor").arg(&run.0).arg("--state-dir").arg(&launch.state_dir);
    match &launch.config {
        LaunchConfig::File(path) => command.arg("--config").arg(path),
        LaunchConfig::Demo { scenario, seed } => {
            command.arg("--demo-scenario").arg(scenario).arg("--demo-seed").arg(seed.to_string())
        }
    };
    // A panic's message goes to the log file; nothing goes to the terminal.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut child = command.spawn()?;
    // Reaps the child while this process lives, so that it doesn't stay as a zombie; ends with either.
    std::thread::Builder::new().name("executor-reaper".to_owned()).spawn(move || child.wait())?;
    Ok(())
}
