//! What is changed outside AWS, through the real sources, guards, journal, engine and doors, against servers on loopback.

mod commands;
mod declared;
mod purge;
mod silence;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{self, Action, Arming, Judged, PlanFailure};
use quarterdeck::clock::Now;
use quarterdeck::config::{Config, check};
use quarterdeck::executor::doors;
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Journal, RunId, RunState, RunView};
use quarterdeck::executor::planning::{Planner, PlanningError};
use quarterdeck::source::{Name, World, build};
use tempfile::TempDir;

use crate::runs::fixture::operator;

/// One environment: its backends and its journal.
struct Room {
    config: Arc<Config>,
    world: Arc<dyn World>,
    journal: Journal,
    dir: TempDir,
}

impl Room {
    /// A development environment of this configuration. Runs give up a second after their call.
    async fn new(text: &str) -> Self {
        let text = format!("[environment]\nname = \"t\"\nkind = \"development\"\n{text}");
        let secret = |_: &str| Some("hunter2-token".to_owned());
        let parsed = check::parse(&text, Path::new("t.toml"), &secret);
        let mut config = parsed.unwrap_or_else(|errors| panic!("{errors}"));
        config.guards.steady_deadline = Duration::from_secs(1);
        let config = Arc::new(config);
        let world = build::world(config.clone()).await.expect("a world");
        let dir = TempDir::new().expect("a folder");
        let journal = Journal::open(dir.path()).expect("a journal");
        Self { config, world, journal, dir }
    }

    async fn judged(&self, action: &Action) -> Result<Judged, PlanningError> {
        let (config, world, journal) = (&*self.config, &*self.world, &self.journal);
        let by = operator("ada");
        Planner { config, world, journal, clock: Now::read, by, break_glass: None }
            .judged(action, None, Arming::Confirmed)
            .await
    }

    /// Plans, confirms and carries out.
    async fn run(&self, action: &Action) -> (RunState, RunView) {
        let run = self.confirmed(action).await;
        self.carry_out(&run).await
    }

    /// Plans and confirms.
    async fn confirmed(&self, action: &Action) -> RunId {
        let judged = self.judged(action).await.expect("a plan");
        let name = action.target().to_string();
        let approved = judged.approve(&name, operator("ada"), Now::read().wall).expect("approved");
        self.journal.approve(approved, Now::read()).expect("a run")
    }

    /// Lets an executor carry a confirmed plan out.
    async fn carry_out(&self, run: &RunId) -> (RunState, RunView) {
        let target = doors::open(&self.config, self.dir.path(), Now::read).expect("doors");
        let (journal, world, config) = (&self.journal, &*self.world, &*self.config);
        let engine = Engine { journal, world, target: &*target, config, clock: &Now::read, pid: std::process::id() };
        let state = engine.run(run).await.expect("an end");
        (state, self.journal.run(&run.0, Now::read()).expect("the run"))
    }

    /// The same journal under another configuration.
    async fn redeclared(self, text: &str) -> Self {
        let other = Self::new(text).await;
        Self { journal: self.journal, dir: self.dir, ..other }
    }

    /// All that the journal holds of a run, as text.
    fn told(view: &RunView) -> String {
        view.records.iter().map(|record| format!("{:?}\n", record.entry)).collect()
    }
}

/// An action as it is typed.
fn typed(name: &str, target: &str, arguments: &[(&str, &str)]) -> Result<Action, PlanFailure> {
    let pairs: Vec<_> = arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    (action::spec(name)?.parse)(&Name::from(target), &pairs)
}

/// An action read again from what it says of itself.
fn again(action: &Action) -> Action {
    let arguments = action.arguments();
    let pairs: Vec<_> = arguments.iter().map(|(key, value)| (*key, value.as_str())).collect();
    typed(action.name(), action.target().as_str(), &pairs).expect("its own words")
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, wanted: &str) -> bool {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let in_file = |path: &Path| {
        std::fs::read(path).expect("a file").windows(wanted.len()).any(|window| window == wanted.as_bytes())
    };
    files.into_iter().any(|path| if path.is_dir() { holds(&path, wanted) } else { in_file(&path) })
}
