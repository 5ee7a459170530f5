//! The executor process: how it is started.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
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
    /// The configuration file that the console read.
    pub config: PathBuf,
    /// The state directory.
    pub state_dir: PathBuf,
}

impl Launch {
    /// How to start executors for this configuration, which must have come from a file.
    pub fn of(config: &Config, exe: PathBuf, state_dir: PathBuf) -> Self {
        Self { exe, config: config.path.clone(), state_dir }
    }

    /// The file that the executor of a run writes its log to.
    pub fn log_file(&self, run: &RunId) -> PathBuf {
        self.state_dir.join(format!("executor-{run}.log"))
    }
}

/// Why the executor was not started. Nothing was sent, unless it is [`StartError::Unclear`].
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
    /// It is not known whether the executor started, and the journal could not be told that it must not.
    #[error(
        "run {run}: the executor may not have started ({source}), and the journal can't be written ({journal}); \
             see `quarterdeck runs show {run}` before anything else"
    )]
    Unclear {
        /// The run.
        run: RunId,
        /// What starting said.
        source: std::io::Error,
        /// What the journal said; boxed, as it is large.
        journal: Box<JournalError>,
    },
}

/// Writes the approval down (it is on the disk when that returns), then starts the executor, detached: it makes a session of
/// its own, so that neither a closed terminal nor this process's end reaches it.
///
/// # Errors
/// Nothing was sent; where the process could not be started, the run is journalled as refused. Only after
/// [`StartError::Unclear`] is that not known.
pub fn start(approved: Approved, journal: &Journal, launch: &Launch, now: Now) -> Result<RunId, StartError> {
    let run = journal.approve(approved, now)?;
    match spawn(launch, &run) {
        Ok(()) => Ok(run),
        Err(source) => not_started(run, source, journal, launch, now),
    }
}

/// The executor seems not to have started. Where the journal takes that down, no executor can begin this run any more; where
/// it can't stand there, one has begun after all, and the run is followed as any other.
fn not_started(
    run: RunId,
    source: std::io::Error,
    journal: &Journal,
    launch: &Launch,
    now: Now,
) -> Result<RunId, StartError> {
    let reason = format!("the executor could not be started: {source}");
    match journal.append(&run, Entry::Refused { reasons: vec![reason], drift: Vec::new() }, now.wall) {
        Ok(()) => Err(StartError::Spawn { run, exe: launch.exe.clone(), source }),
        Err(JournalError::Illegal(_)) => Ok(run),
        Err(journal) => Err(StartError::Unclear { run, source, journal: Box::new(journal) }),
    }
}

/// Starts the first of two processes, in a process group of its own: from its first moment a hang-up of the terminal, which
/// goes to the foreground group, does not reach it. It starts the second, which (as no leader of a group) can make a
/// session, and ends; its exit status tells whether that went well.
fn spawn(launch: &Launch, run: &RunId) -> std::io::Result<()> {
    let mut command = command(launch, run)?;
    let status = match command.process_group(0).status() {
        // Who started us ignores SIGCHLD, and so do we: no status is kept of what was started. The journal will tell.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) => return Ok(()),
        status => status?,
    };
    if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("it ended with {status}"))) }
}

/// Starts the second of the two processes and returns at once.
///
/// # Errors
/// It can't be started.
pub fn hand_over(launch: &Launch, run: &RunId) -> std::io::Result<()> {
    command(launch, run)?.arg("--leader").spawn().map(drop)
}

/// Makes a session of its own: no terminal's hang-up reaches this process any more.
pub fn detach() {
    if let Err(error) = rustix::process::setsid() {
        // It leads a session or a group already: then nothing else's hang-up reaches it either.
        tracing::debug!(%error, "no session was made");
    }
}

fn command(launch: &Launch, run: &RunId) -> std::io::Result<Command> {
    // What it has to say, a panic's message included, goes to the log file; nothing goes to the terminal.
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(launch.log_file(run))?;
    let mut command = Command::new(&launch.exe);
    command.arg("executor").arg(&run.0).arg("--state-dir").arg(&launch.state_dir);
    command.arg("--config").arg(&launch.config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Ok(command)
}
