//! The scripted AWS as the world of a run: observed for real, with no alert firing; and one run on it, to its end.

use futures_util::future::BoxFuture;
use quarterdeck::action::{Action, Plan, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Query};
use quarterdeck::executor::aws::Aws;
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Journal, RunState, RunView};
use quarterdeck::source::aws::{Connections, observe};
use quarterdeck::source::{Look, Number, Observation, SharedSource, SourceError, World};
use tempfile::TempDir;

use super::server::Server;
use super::{connection_at, settings};
use crate::runs::fixture::{context, now, operator};

/// That AWS, and nothing else.
struct OnAws<'a> {
    connections: Connections,
    config: &'a Config,
    /// What each question of a look is answered.
    answer: Option<f64>,
}

impl World for OnAws<'_> {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move {
            let mut seen = observe(&self.connections, self.config, look, now).await?;
            if let Some(answer) = self.answer {
                let asked = look.questions.iter().map(|(name, _)| (name.clone(), Number::Finite(answer)));
                seen.answers = asked.collect();
            }
            Ok(Observation { firing: Some(Vec::new()), ..seen })
        })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async { Ok(Number::NoData) })
    }
}

/// A run that has ended.
pub(super) struct Ran {
    pub(super) plan: Plan,
    pub(super) state: RunState,
    pub(super) view: RunView,
    pub(super) journal: Journal,
    _dir: TempDir,
}

impl Ran {
    pub(super) fn word(&self) -> String {
        self.view.last_word()
    }
}

/// Plans, confirms and carries out an action; each question of its look is answered so.
pub(super) async fn carry_out(server: &Server, config: &Config, action: &Action, answer: Option<f64>) -> Ran {
    let connections = Connections::single(connection_at(&settings(server)));
    let world = OnAws { connections: connections.clone(), config, answer };
    let found = world.observe(&action.look(config).expect("a look"), now()).await.expect("observed");
    let plan = plan_for(action, &found, config, now().wall).expect("a plan");
    let judged = judge(plan.clone(), &context(config, now().wall));
    let approved = judged.approve(action.target().as_str(), operator("ada"), now().wall).expect("approved");
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let run = journal.approve(approved, now()).expect("a run");
    let began = tokio::time::Instant::now();
    let clock = move || now().plus(began.elapsed());
    let (target, pid) = (Aws::new(connections), std::process::id());
    let engine = Engine { journal: &journal, world: &world, target: &target, config, clock: &clock, pid };
    let state = engine.run(&run).await.expect("it ran");
    let view = journal.run(&run.0, clock()).expect("the run");
    Ran { plan, state, view, journal, _dir: dir }
}
