//! A service in this process whose scaling and traffic can be changed: it is observed, it is changed, it counts its calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use quarterdeck::action::{Action, Call, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Query};
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Entry, Journal, RunState, RunView};
use quarterdeck::executor::target::{ApplyError, Permit, Receipt, Target};
use quarterdeck::source::{Look, Number, Observation, ScalingTarget, SharedSource, SourceError, World};
use tempfile::TempDir;

use super::fixture::{SERVICE, context, now, operator};

/// The service.
pub(crate) struct Stage {
    pub(crate) seen: Mutex<Observation>,
    pub(crate) calls: Mutex<Vec<Call>>,
    /// What the gates read, one after the other; the last goes on.
    pub(crate) gates: Mutex<VecDeque<f64>>,
}

impl Stage {
    pub(crate) fn new(seen: Observation) -> Arc<Self> {
        let gates = Mutex::new(VecDeque::from([0.0]));
        Arc::new(Self { seen: Mutex::new(seen), calls: Mutex::new(Vec::new()), gates })
    }

    /// The effect of a call.
    pub(crate) fn take(&self, call: &Call) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(set(call, &mut seen), "not a call that this service knows: {call}");
    }

    /// The calls that arrived, as they are shown.
    pub(crate) fn said(&self) -> Vec<String> {
        self.calls.lock().expect("calls").iter().map(ToString::to_string).collect()
    }
}

/// What a call about traffic or scaling sets; false where it is about something else.
pub(crate) fn set(call: &Call, seen: &mut Observation) -> bool {
    match call {
        Call::ElbSetWeights { route, weights, .. } => {
            let traffic = seen.traffic.as_mut().expect("traffic");
            let found = traffic.routes.iter_mut().find(|found| found.arn.as_str() == route).expect("a route");
            found.weights = weights.iter().map(|one| (one.name.as_str().into(), one.weight)).collect();
        }
        Call::ScalingSetBounds { min, max, .. } => {
            // Registering makes a target where there is none.
            let (min, max) = (*min, *max);
            let fresh = ScalingTarget {
                min,
                max,
                scale_in_suspended: false,
                scale_out_suspended: false,
                scheduled_suspended: false,
            };
            let target = seen.scaling.as_mut().expect("scaling").target.get_or_insert(fresh);
            (target.min, target.max) = (min, max);
        }
        Call::ScalingSetSuspended { inward, outward, scheduled, .. } => {
            let target = seen.scaling.as_mut().expect("scaling").target.as_mut().expect("a target");
            target.scale_in_suspended = *inward;
            target.scale_out_suspended = *outward;
            target.scheduled_suspended = *scheduled;
        }
        _ => return false,
    }
    true
}

impl World for Stage {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, _look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move { Ok(Observation { taken: now.wall, ..self.seen.lock().expect("seen").clone() }) })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        let mut gates = self.gates.lock().expect("gates");
        let value = if gates.len() > 1 { gates.pop_front() } else { gates.front().copied() };
        Box::pin(async move { Ok(value.map_or(Number::NoData, Number::from)) })
    }
}

impl Target for Stage {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move {
            permit.last_look()?;
            self.calls.lock().expect("calls").push(call.clone());
            self.take(call);
            Ok("accepted".into())
        })
    }
}

/// A run that was carried out, with its journal.
pub(crate) struct Ran {
    pub(crate) state: RunState,
    pub(crate) view: RunView,
    pub(crate) journal: Journal,
    _dir: TempDir,
}

impl Ran {
    /// The kinds of its entries without what was found on the way.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let entries = self.view.records.iter().map(|record| &record.entry);
        let told = entries.filter(|entry| !matches!(entry, Entry::Progress { .. }));
        told.map(|entry| serde_json::to_value(entry).expect("JSON")["entry"].as_str().expect("a kind").to_owned())
            .collect()
    }
}

/// Plans an action on what the service is, confirms it, and lets an executor send its calls to `target`.
pub(crate) async fn execute(stage: &Stage, target: &dyn Target, config: &Config, action: &Action) -> Ran {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let began = tokio::time::Instant::now();
    let clock = || now().plus(began.elapsed());
    let found = stage.observe(&action.look(config).expect("a look"), clock()).await.expect("observed");
    let plan = plan_for(action, &found, config, clock().wall).expect("a plan");
    let judged = judge(plan, &context(config, clock().wall));
    let approved = judged.approve(SERVICE, operator("ada"), clock().wall).expect("approved");
    let run = journal.approve(approved, clock()).expect("a run");
    let engine = Engine { journal: &journal, world: stage, target, config, clock: &clock, pid: std::process::id() };
    let state = engine.run(&run).await.expect("a run");
    let view = journal.run(&run.0, clock()).expect("the run");
    Ran { state, view, journal, _dir: dir }
}
