//! What the commands that plan, apply and settle have in common.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::{Global, operator};
use crate::clock::Now;
use crate::config::{self, Config, secrets};
use crate::executor::journal::{Anchor, AnchorFile, Journal};
use crate::executor::planning::Planner;
use crate::source::{World, build};
use crate::store::{Store, StoreError};
use crate::text::mask::Mask;

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
        let journal = journal(store(&state_dir, Some(&config))?.into(), &config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, state_dir, journal, runtime })
    }

    /// The backends, for reading.
    pub(super) fn world(&self) -> anyhow::Result<Arc<dyn World>> {
        Ok(self.runtime.block_on(build::world(self.config.clone()))?)
    }

    pub(super) fn planner<'a>(&'a self, world: &'a dyn World) -> Planner<'a> {
        Planner {
            config: &self.config,
            world,
            journal: &self.journal,
            clock: Now::read,
            by: operator::operator(),
            break_glass: None,
        }
    }
}

/// The store in a state directory, into which no secret of the configuration or of a variable gets.
pub(super) fn store(state_dir: &Path, config: Option<&Config>) -> Result<Store, StoreError> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut known = config.map(secrets::secrets).unwrap_or_default();
    let given = config.map(|config| secrets::given_to_commands(config, |name| std::env::var(name).ok()));
    known.extend(given.unwrap_or_default());
    let files = config.map(secrets::secret_files).unwrap_or_default();
    Ok(Store::open(state_dir)?.masking(Mask::new(known.into_iter().chain(secrets::variables(variables)), files)))
}

/// The journal in a store, as this configuration wants it kept and shared.
pub(super) fn journal(store: Arc<Store>, config: &Config) -> Result<Journal, StoreError> {
    anchored(store, config).shared_by(config)
}

/// The journal in a store, as this configuration wants it kept; not shared yet.
pub(super) fn anchored(store: Arc<Store>, config: &Config) -> Journal {
    Journal::new(store).anchored(anchor(config), operator::host())
}

/// Where heads are anchored, if anywhere.
pub(super) fn anchor(config: &Config) -> Option<Arc<dyn Anchor>> {
    let path = config.audit.anchor.clone()?;
    Some(Arc::new(AnchorFile::new(path)))
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
