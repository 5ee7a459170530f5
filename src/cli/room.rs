//! What the commands that plan, apply and settle have in common.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::Global;
use crate::clock::Now;
use crate::config::{self, Config};
use crate::executor::journal::Journal;
use crate::executor::planning::Planner;
use crate::source::{World, build};

/// The configuration with its journal.
pub(super) struct Room {
    pub(super) config: Arc<Config>,
    pub(super) state_dir: PathBuf,
    pub(super) journal: Journal,
    pub(super) runtime: Runtime,
}

impl Room {
    pub(super) fn open(global: &Global) -> anyhow::Result<Self> {
        let config = Arc::new(config::find::load(global.config.as_deref())?);
        let state_dir = config::find::state_dir(&config)?;
        let journal = Journal::open(&state_dir)?.shared_by(&config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, state_dir, journal, runtime })
    }

    /// The backends, for reading.
    pub(super) fn world(&self) -> anyhow::Result<Arc<dyn World>> {
        Ok(self.runtime.block_on(build::world(self.config.clone()))?)
    }

    pub(super) fn planner<'a>(&'a self, world: &'a dyn World) -> Planner<'a> {
        Planner { config: &self.config, world, journal: &self.journal, clock: Now::read }
    }
}

/// Prints to standard output. A reader that went away is no error: the exit code still tells how it ended.
pub(super) fn say(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Tells the operator what is no part of the answer, on standard error, if anybody listens there.
pub(super) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "quarterdeck: {text}");
}

/// Prints JSON to standard output.
pub(super) fn say_json(value: &serde_json::Value) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string_pretty(value)?)?)
}
