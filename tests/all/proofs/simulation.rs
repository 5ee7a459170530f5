//! The seeded simulation: two operators act at the same time on three services, while others change them, clocks jump, calls
//! and answers are lost, and executors are killed. Each call is judged by the oracle when it leaves, each run by what is so.
//!
//! `QD_SIM_SEED` and `QD_SIM_ACTIONS` repeat and enlarge it: the first batch has that seed, each further one the next.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use quarterdeck::action::{ACTIONS, Arming, Call, Facts, GuardContext, Plan, Undo, judge, plan_for};
use quarterdeck::clock::Mono;
use quarterdeck::config::Config;
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunId, RunState};
use quarterdeck::executor::target::Permit;
use quarterdeck::source::{Look, Name};
use tempfile::TempDir;

use super::backend::{Backend, lock};
use super::dice::{chance, millis};
use super::oracle::{self, Consent};
use super::place;
use super::rows;
use super::seat::Seat;
use super::stand::{assert_truth, scratch};
use super::weather::{self, Clock};
use super::wire::{Crash, Tripwire};
use crate::runs::fixture::operator;

/// Actions of one batch: one state directory, one seed.
const BATCH: u32 = 100;

/// What the engine may take from its look to the call, by its own rule.
const LOOK_TO_CALL: Duration = Duration::from_secs(10);

/// Long enough for every approval to expire, though the wall clock was set back.
const LONG_AFTER: Duration = Duration::from_secs(1_500);

/// What came of the actions.
#[derive(Debug, Default, Clone)]
struct Tally {
    actions: u32,
    denied: u32,
    approved: u32,
    calls: u32,
    effects: u32,
    killed: u32,
    states: BTreeMap<String, u32>,
    /// How many runs of each action are done.
    done: BTreeMap<&'static str, u32>,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.actions += other.actions;
        self.denied += other.denied;
        self.approved += other.approved;
        self.calls += other.calls;
        self.effects += other.effects;
        self.killed += other.killed;
        for (state, count) in &other.states {
            *self.states.entry(state.clone()).or_default() += count;
        }
        for (action, count) in &other.done {
            *self.done.entry(action).or_default() += count;
        }
    }
}

struct Sim {
    seed: u64,
    _dir: TempDir,
    journals: [Journal; 2],
    backend: Backend,
    clock: Clock,
    config: Config,
    services: Vec<Name>,
    targets: Vec<Name>,
    consents: Mutex<BTreeMap<RunId, Consent>>,
    /// When the first call of each run left.
    sent: Mutex<BTreeMap<RunId, Mono>>,
    wrong: Mutex<Vec<String>>,
    tally: Mutex<Tally>,
}

impl Sim {
    fn new(seed: u64) -> Self {
        let (config, (services, targets)) = (place::fleet(), place::names());
        let dir = scratch();
        let journal = || Journal::open(dir.path()).expect("a journal");
        let backend = Backend::new(targets.iter().map(|name| (name.clone(), place::of(name))));
        backend.roll(fastrand::Rng::with_seed(seed ^ 0xB0));
        Self {
            seed,
            journals: [journal(), journal()],
            _dir: dir,
            backend,
            clock: Clock::new(),
            config,
            services,
            targets,
            consents: Mutex::default(),
            sent: Mutex::default(),
            wrong: Mutex::default(),
            tally: Mutex::default(),
        }
    }

    /// Both operators act once, then all is settled.
    async fn round(&self, dice: &mut fastrand::Rng) {
        weather::begin(&self.backend, &self.clock, &self.targets, dice);
        let (first, second) = (self.act(0, dice.fork()), self.act(1, dice.fork()));
        tokio::select! {
            _ = async { tokio::join!(first, second) } => {}
            () = weather::blow(&self.backend, &self.clock, &self.targets, dice.fork()) => {}
        }
        self.settle().await;
    }

    /// One operator, one action, from the look to the end of its executor.
    async fn act(&self, who: usize, mut dice: fastrand::Rng) {
        tokio::time::sleep(millis(&mut dice, 0..2_000)).await;
        let service = &self.services[if chance(&mut dice, 50) { 0 } else { dice.usize(0..3) }];
        let action = rows::any(service, &mut dice);
        let Ok(look) = action.look(&self.config) else { return };
        let Some(found) = self.backend.look(&look, self.clock.now()) else { return };
        let Ok(mut plan) = plan_for(&action, &found, &self.config, self.clock.now().wall) else { return };
        lock(&self.tally).actions += 1;
        let honest = plan.clone();
        if chance(&mut dice, 8) {
            doctor(&mut plan, dice.u32(0..6));
        }
        tokio::time::sleep(hesitation(&mut dice)).await;
        let consent =
            Consent { armed: !chance(&mut dice, 5), name_typed: !chance(&mut dice, 5), doctored: plan != honest, plan };
        let Some(run) = self.consent(who, &consent) else {
            lock(&self.tally).denied += 1;
            return;
        };
        lock(&self.tally).approved += 1;
        tokio::time::sleep(hesitation(&mut dice)).await;
        if chance(&mut dice, 5) {
            tokio::join!(self.execute(0, &run, dice.fork()), self.execute(1, &run, dice.fork()));
        } else {
            self.execute(who, &run, dice).await;
        }
    }

    /// Guards and operator, as the console and `apply` do it.
    fn consent(&self, who: usize, consent: &Consent) -> Option<RunId> {
        let (now, journal) = (self.clock.now(), &self.journals[who]);
        let other_runs = journal.open_runs(&consent.plan, None, now).into();
        let facts = Facts { other_runs, ..Facts::quiet(operator(["ada", "eve"][who])) };
        let arming = if consent.armed { Arming::Armed } else { Arming::ReadOnly };
        let context = GuardContext { config: &self.config, now: now.wall, arming, facts };
        let target = consent.plan.action.target().to_string();
        let typed = if consent.name_typed { target.as_str() } else { "rtech" };
        let judged = judge(consent.plan.clone(), &context);
        let approved = judged.approve(typed, operator(["ada", "eve"][who]), now.wall).ok()?;
        let run = journal.approve(approved, now).ok()?;
        self.backend.know(&run, &consent.plan);
        lock(&self.consents).insert(run.clone(), consent.clone());
        Some(run)
    }

    /// One executor; it may be killed at any point, or at any time.
    async fn execute(&self, who: usize, run: &RunId, mut dice: fastrand::Rng) {
        let wire = Tripwire::default();
        wire.kill_at(if chance(&mut dice, 12) { dice.usize(1..70) } else { 0 });
        let plain = || self.clock.now();
        let clock = || {
            wire.pass("the clock is read");
            self.clock.now()
        };
        let witness = |permit: &Permit<'_>, call: &Call| self.witness(permit, call);
        let seat = Seat { backend: &self.backend, wire: &wire, clock: &plain, witness: &witness };
        let (journal, config, pid) = (&self.journals[who], &self.config, std::process::id());
        let engine = Engine { journal, world: &seat, target: &seat, config, clock: &clock, pid };
        let patience = if chance(&mut dice, 8) { millis(&mut dice, 0..10_000) } else { Duration::from_secs(3600) };
        let ended = tokio::time::timeout(patience, AssertUnwindSafe(engine.run(run)).catch_unwind()).await;
        match ended {
            Err(_) => lock(&self.tally).killed += 1,
            Ok(Err(thrown)) if thrown.is::<Crash>() => lock(&self.tally).killed += 1,
            Ok(Err(thrown)) => std::panic::resume_unwind(thrown),
            Ok(Ok(Ok(RunState::Done))) => self.assert_came_true(run),
            Ok(Ok(Ok(_) | Err(JournalError::TakenBefore(_)))) => {}
            Ok(Ok(Err(error))) => self.wrong(format!("{run}: {error}")),
        }
    }

    /// Done means that what was asked for was so after the call.
    fn assert_came_true(&self, run: &RunId) {
        let plan = lock(&self.consents)[run].plan.clone();
        let left = lock(&self.sent).get(run).copied();
        let past = left.map(|left| self.backend.past(plan.action.target(), left)).unwrap_or_default();
        if !oracle::came_true(&plan, &past) {
            let view = self.journals[0].run(&run.0, self.clock.now()).expect("the run");
            let told: Vec<_> = view.records.iter().map(|record| record.entry.sentence()).collect();
            self.wrong(format!("{run} is done, and {} was not so: {told:#?}", plan.summary()));
        }
    }

    /// A call leaves: may it?
    fn witness(&self, permit: &Permit<'_>, call: &Call) {
        let (run, now) = (permit.run(), self.clock.now());
        let Some(consent) = lock(&self.consents).get(run).cloned() else {
            return self.wrong(format!("{run}: {call} without an approval"));
        };
        let view = self.journals[0].run(&run.0, now).expect("the run");
        let step = view.last_step().unwrap_or(usize::MAX);
        let due = consent.plan.step(step).and_then(|step| step.call.resolved(&view.made()));
        if due.as_ref() != Some(call) {
            self.wrong(format!("{run}: {call} is not what the journal says was started"));
        }
        let entries: Vec<_> = view.records.iter().map(|record| (&record.entry, record.at)).collect();
        match entries.as_slice() {
            [(Entry::Approved { digest, until, .. }, _), (Entry::Taken { .. }, at), ..]
                if *digest == consent.plan.digest() && at < until => {}
            _ => self.wrong(format!("{run}: {call} left without an approval of this plan that was good when taken")),
        }
        let past = self.backend.past(consent.plan.action.target(), ago(now.mono, LOOK_TO_CALL));
        if let Some(objection) = oracle::objection(&consent, step, &past, &self.config) {
            self.wrong(format!("{run}: {call} went round a guard: {objection}"));
        }
        self.assert_alone(run, &consent.plan);
        lock(&self.sent).entry(run.clone()).or_insert(now.mono);
    }

    /// No other run of the target is open, told by each run's own records: not by what the guards are told.
    fn assert_alone(&self, run: &RunId, plan: &Plan) {
        let sent: Vec<_> = lock(&self.sent).keys().filter(|other| *other != run).cloned().collect();
        let same = |other: &RunId| lock(&self.consents)[other].plan.target_arn == plan.target_arn;
        for other in sent.into_iter().filter(same) {
            let view = self.journals[0].run(&other.0, self.clock.now()).expect("the run");
            if matches!(view.state, RunState::Approved | RunState::Running | RunState::Unknown) {
                self.wrong(format!("{run} sends while {other} is {:?}", view.state));
            }
        }
    }

    fn count(&self, state: RunState, action: &'static str) {
        let mut tally = lock(&self.tally);
        *tally.states.entry(format!("{state:?}")).or_default() += 1;
        *tally.done.entry(action).or_default() += u32::from(state == RunState::Done);
    }

    fn wrong(&self, what: String) {
        lock(&self.wrong).push(what);
    }

    /// Time passes, what was lost comes at last; then every run must tell the truth, and nothing stays open.
    async fn settle(&self) {
        tokio::time::sleep(LONG_AFTER).await;
        weather::clear(&self.backend, &self.clock, &self.targets);
        for _ in 0..45 {
            self.backend.look(&Look::of_nothing(&self.targets[0]), self.clock.now());
        }
        let runs: Vec<_> = std::mem::take(&mut *lock(&self.consents)).into_iter().collect();
        let (journal, now) = (&self.journals[1], self.clock.now());
        let arrived = self.backend.arrived();
        for (run, consent) in runs {
            let at = format!("seed {}, run {run}", self.seed);
            let view = journal.run(&run.0, now).expect("the run");
            assert_truth(&view, &self.backend, true, &at);
            self.count(view.state, view.plan.action.name());
            if view.state == RunState::Unknown {
                journal.resolve(&run, operator("eve"), "looked".into(), now).expect("settled");
            }
            let open = journal.open_runs(&consent.plan, Some(&run), now).expect("runs");
            assert!(open.iter().all(|other| other.unknown), "{at}: {open:?} are open for ever");
        }
        let mut tally = lock(&self.tally);
        tally.calls += u32::try_from(arrived.len()).expect("a count");
        tally.effects += arrived.iter().map(|arrival| arrival.effects).sum::<u32>();
        drop(tally);
        let wrong = lock(&self.wrong).clone();
        assert!(wrong.is_empty(), "seed {}: {wrong:#?}", self.seed);
        lock(&self.sent).clear();
        weather::clear(&self.backend, &self.clock, &self.targets);
        self.backend.forget();
    }
}

fn ago(mono: Mono, time: Duration) -> Mono {
    Mono::from_boot(mono.since(Mono::default()).saturating_sub(time))
}

/// How long a person or a process takes: mostly seconds, seldom longer than a plan or an approval is good for.
fn hesitation(dice: &mut fastrand::Rng) -> Duration {
    match dice.u32(0..100) {
        0..4 => millis(dice, 20_000..40_000),
        4..5 => millis(dice, 140_000..170_000),
        _ => millis(dice, 0..3_000),
    }
}

/// A change to a plan that nobody was shown.
fn doctor(plan: &mut Plan, which: u32) {
    match which {
        0 => plan.account = "999999999999".into(),
        1 => plan.expires = plan.expires.checked_add(Duration::from_secs(3600)).expect("a time"),
        2 => plan.gates.clear(),
        3 => plan.undo = Undo::Impossible { reason: "never mind".to_owned() },
        4 => plan.environment = "rtech-dev".into(),
        _ => plan.steps.iter_mut().for_each(|step| {
            if let Call::EcsSetDesiredCount { desired, .. } = &mut step.call {
                *desired += 1;
            }
        }),
    }
}

/// What one action may take of the stack: unoptimised, the futures of all actions together need more than a test has.
const STACK: usize = 16 << 20;

/// [`simulate`] with stack enough.
fn simulated(seed: u64, actions: u32) -> Tally {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || simulate(seed, actions));
    thread.expect("a thread").join().unwrap_or_else(|thrown| std::panic::resume_unwind(thrown))
}

/// Whole batches, until so many actions were planned.
fn simulate(seed: u64, actions: u32) -> Tally {
    let mut all = Tally::default();
    let mut next = seed;
    while all.actions < actions {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        all.add(&runtime.expect("a runtime").block_on(batch(next)));
        next += 1;
    }
    println!("seeds {seed} to {}: {all:?}", next - 1);
    all
}

async fn batch(seed: u64) -> Tally {
    let sim = Sim::new(seed);
    let mut dice = fastrand::Rng::with_seed(seed);
    while lock(&sim.tally).actions < BATCH {
        sim.round(&mut dice).await;
    }
    lock(&sim.tally).clone()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |value| value.parse().expect("a whole number"))
}

#[test]
fn nothing_that_chance_does_doubles_an_effect_goes_round_a_guard_or_makes_a_run_claim_what_is_not_so() {
    let (seed, actions) = (setting("QD_SIM_SEED", 1), setting("QD_SIM_ACTIONS", 2_000));
    let tally = simulated(seed, u32::try_from(actions).expect("a count"));
    // What is simulated does happen: a simulation in which nothing is sent would prove nothing.
    let happened = |state: &str| tally.states.contains_key(state);
    for state in ["Done", "Failed", "Refused", "Unknown", "Inconclusive"] {
        assert!(happened(state) || actions < 1_000, "no run ended {state}: {tally:?}");
    }
    for action in ACTIONS.iter().map(|spec| spec.name) {
        let done = tally.done.get(action).copied().unwrap_or_default();
        assert!(done > 0 || actions < 1_000, "no run of {action} is done: {tally:?}");
    }
    assert!(tally.effects * 20 > tally.actions && tally.killed * 100 > tally.actions, "{tally:?}");
}
