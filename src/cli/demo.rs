//! `quarterdeck demo`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};

use super::{Global, console};
use crate::clock::Now;
use crate::config::find;
use crate::executor::journal::Journal;
use crate::simulator::{demo_config, demo_text, scenario};

/// Arguments of `quarterdeck demo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The story: `overload` (an incident after about a minute) or `calm`.
    #[arg(long, default_value = "overload", value_parser = clap::builder::PossibleValuesParser::new(scenario::NAMES))]
    pub scenario: String,
    /// The same seed tells the same story.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=i64::MAX.unsigned_abs()))]
    pub seed: u64,
}

/// Open the console on a simulated fleet: no account, no network, no server.
///
/// Everything is kept in a directory that is thrown away at the end, unless a run still goes on in it.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    ensure!(global.config.is_none(), "the demo has a configuration of its own; leave --config away");
    let room = Room::new(arguments)?;
    let config = find::load(Some(&room.config()))?;
    let code = console::open(config);
    room.leave()?;
    code
}

/// The demo's throw-away directory.
struct Room {
    dir: PathBuf,
}

impl Room {
    /// Makes the directory, for this user only, with the demo's configuration in it: the executor's process reads it too.
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let name = format!("quarterdeck-demo-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let room = Self { dir: std::env::temp_dir().join(name) };
        demo_config(&arguments.scenario, arguments.seed, &room.dir)?;
        let made = DirBuilder::new().mode(0o700).create(&room.dir);
        made.with_context(|| format!("{} can't be made", room.dir.display()))?;
        let text = demo_text(&arguments.scenario, arguments.seed, &room.dir);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(room.config());
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("{} can't be written", room.config().display()))?;
        Ok(room)
    }

    fn config(&self) -> PathBuf {
        self.dir.join("quarterdeck.toml")
    }

    /// Throws the directory away; one in which a run still goes on stays, and is named.
    fn leave(self) -> anyhow::Result<()> {
        if has_open_run(&self.dir) {
            let mut out = std::io::stdout().lock();
            writeln!(out, "a run still goes on; its journal stays in {}", self.dir.display())?;
            writeln!(out, "see it with `quarterdeck --config {} runs list`", self.config().display())?;
            return Ok(());
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("{} can't be removed", self.dir.display()))
    }
}

/// Whether a run goes on. A journal that can't be read counts as one: it is not thrown away unread.
fn has_open_run(dir: &Path) -> bool {
    let runs = Journal::open(dir).map_err(anyhow::Error::from).and_then(|journal| Ok(journal.runs(Now::read())?));
    runs.map_or(true, |runs| runs.iter().any(crate::executor::journal::RunView::is_open))
}
