//! A service with three revisions, and a bench that carries out any action on it.

use futures_util::future::BoxFuture;
use quarterdeck::action::{Action, CalendarRead, judge, plan_for, spec};
use quarterdeck::clock::Now;
use quarterdeck::config::{Calendar, Config, Query, Stance};
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Entry, Journal, RunId, RunState, RunView};
use quarterdeck::executor::target::Target;
use quarterdeck::source::{
    CalendarState, Candidate, Existence, Figure, Image, Look, Need, NeedKind, Needed, Needs, Number, Observation,
    Registered, Releases, Revision, Safety, ServedWell, ServiceDeployment, SharedSource, SourceError, Span, Unit,
    World,
};
use quarterdeck::text::Text;
use tempfile::TempDir;

use crate::runs::fixture::{SERVICE, context, now, observation, operator};

pub(crate) const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/rtech-app";

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:token-AbCdEf";

pub(crate) fn found(critical: u32) -> Registered {
    Registered::Found {
        digest: "sha256:0123456789abcdef".into(),
        pushed: None,
        findings: Some(vec![("CRITICAL".into(), critical)]),
        scan: Some("COMPLETE".into()),
    }
}

pub(crate) fn image(container: &str, tag: &str) -> Image {
    Image { container: container.into(), reference: format!("{REPOSITORY}:{tag}").into(), registry: found(0) }
}

pub(crate) fn revision(number: u32, tag: &str) -> Revision {
    Revision {
        id: format!("rtech-app:{number}").into(),
        status: "ACTIVE".into(),
        registered: None,
        registered_by: None,
        images: vec![image("app", tag)],
        content: Some("the same".into()),
        needs: Vec::new(),
    }
}

/// A deployment that ended (or, of another status, began) so many hours before the observation.
pub(crate) fn deployment(revision: u32, status: &str, hours: u64) -> ServiceDeployment {
    let at = now().wall.checked_sub(std::time::Duration::from_secs(hours * 3600)).expect("a time");
    ServiceDeployment {
        id: format!("d{revision}").into(),
        status: status.into(),
        reason: None,
        task_definition: Some(format!("rtech-app:{revision}").into()),
        created: Some(at),
        started: Some(at),
        finished: (status == "SUCCESSFUL").then_some(at),
        rolled_back: status.starts_with("ROLLBACK"),
    }
}

/// Revision 7 runs since 2 hours; 6 served for two days before it, 5 for five minutes.
pub(crate) fn releases(rolls_back: bool) -> Releases {
    let mut briefly = deployment(5, "SUCCESSFUL", 50);
    briefly.finished = briefly.finished.and_then(|at| at.checked_sub(std::time::Duration::from_secs(300)).ok());
    Releases {
        revisions: vec![revision(7, "v7"), revision(6, "v6"), revision(5, "v5"), revision(4, "v4")],
        deployments: vec![deployment(7, "SUCCESSFUL", 2), deployment(6, "SUCCESSFUL", 50), briefly],
        safety: Some(Safety { fails: rolls_back, rolls_back }),
        ..Releases::default()
    }
}

/// What is observed where the image of the tag `v8` is asked for.
pub(crate) fn observed(rolls_back: bool) -> Observation {
    let candidate = Candidate { reference: format!("{REPOSITORY}:v8").into(), registry: found(0) };
    let (releases, needs) = (Some(releases(rolls_back)), Some(needs(Existence::Found)));
    Observation { releases, needs, candidate: Some(candidate), ..observation() }
}

/// How the service did while revision 6 served: its error ratio on average, where it is known.
pub(crate) fn served(errors: Option<f64>) -> Vec<ServedWell> {
    let at = |hours: u64| now().wall.checked_sub(std::time::Duration::from_secs(hours * 3600)).expect("a time");
    let missing = errors.is_none().then(|| "3 of 60 samples are there".into());
    let errors = Figure { signal: "errors".into(), unit: Unit::Ratio, mean: errors, missing };
    let p95 = Figure { signal: "latency_p95".into(), unit: Unit::Seconds, mean: Some(0.12), missing: None };
    let span = Span { from: at(50), to: at(2) };
    vec![ServedWell { revision: "rtech-app:6".into(), span, figures: vec![errors, p95] }]
}

/// What all four revisions need: roles that are there, and a secret.
pub(crate) fn needs(secret: Existence) -> Needs {
    let of: Vec<Text> = (4..=7).map(|number| format!("rtech-app:{number}").into()).collect();
    let needed = |kind, what: &str, name: &str, existence| Needed {
        need: Need { kind, what: what.into(), name: name.into(), region: None },
        of: of.clone(),
        existence,
    };
    let role = |what: &str, name: &str| needed(NeedKind::Role, what, name, Existence::Found);
    let all = vec![
        role("task role", "arn:aws:iam::123456789012:role/app"),
        role("execution role", "arn:aws:iam::123456789012:role/run"),
        needed(NeedKind::LogGroup, "log group of app", "/ecs/rtech-app", Existence::Found),
        needed(NeedKind::Secret, "secret TOKEN of app", SECRET, secret),
    ];
    Needs { of, all }
}

/// The action as typed: `deploy`, `image=v8`.
pub(crate) fn action(name: &str, arguments: &[(&str, &str)]) -> Action {
    let pairs: Vec<_> = arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    (spec(name).expect("an action").parse)(&SERVICE.into(), &pairs).expect("an action")
}

/// What a function tells, whenever it is observed.
pub(crate) struct Told<F>(pub(crate) F);

impl<F: Fn() -> Observation + Send + Sync> World for Told<F> {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, _look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move { Ok(Observation { taken: now.wall, ..(self.0)() }) })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async { Ok(Number::NoData) })
    }
}

thread_local! {
    static BEGAN: tokio::time::Instant = tokio::time::Instant::now();
}

/// The time of this test: it follows tokio's, which may be paused.
pub(crate) fn clock() -> Now {
    now().plus(BEGAN.with(tokio::time::Instant::elapsed))
}

/// A journal with one approved run.
pub(crate) struct Bench {
    _dir: TempDir,
    journal: Journal,
    run: RunId,
    config: Config,
}

impl Bench {
    /// Plans the action on what the world tells, and approves it. The world counts no events: budgets have tests of their own.
    pub(crate) async fn approved(mut config: Config, action: &Action, world: &dyn World) -> Self {
        config.guards.error_budget = Stance::Allow;
        let dir = TempDir::new().expect("a directory");
        let journal = Journal::open(dir.path()).expect("a journal");
        let look = action.look(&config).expect("a look");
        let found = world.observe(&look, clock()).await.expect("observed");
        let plan = plan_for(action, &found, &config, clock().wall).expect("a plan");
        let mut known = context(&config, clock().wall);
        let open = |calendar: &Calendar| CalendarRead {
            name: calendar.name.clone(),
            state: Ok(CalendarState { open: true, next: None }),
        };
        known.facts.calendars = config.guards.calendars.iter().map(open).collect();
        let judged = judge(plan, &known);
        let name = judged.plan.action.target().to_string();
        let approved = judged.approve(&name, operator("ada"), clock().wall).expect("approved");
        let run = journal.approve(approved, clock()).expect("a run");
        Self { _dir: dir, journal, run, config }
    }

    pub(crate) async fn execute(&self, world: &dyn World, target: &dyn Target) -> RunState {
        let (journal, config) = (&self.journal, &self.config);
        let engine = Engine { journal, world, target, config, clock: &clock, pid: std::process::id() };
        engine.run(&self.run).await.expect("a run")
    }

    pub(crate) fn view(&self) -> RunView {
        self.journal.run(&self.run.0, clock()).expect("the run")
    }

    /// The kinds of the run's entries without what was found on the way.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let entries = self.view().records.into_iter().map(|record| record.entry);
        let entries = entries.filter(|entry| !matches!(entry, Entry::Progress { .. }));
        let kind = |entry| serde_json::to_value(entry).expect("JSON")["entry"].as_str().expect("a kind").to_owned();
        entries.map(kind).collect()
    }
}
