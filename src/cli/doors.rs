//! The console's doors: performs effects with the real backends, executor and store. Everything that takes time is spawned;
//! its answer comes back as an event.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::operator::operator;
use super::room;
use crate::action::{Action, Approved, Arming, BreakGlass, Judged, Plan, PlanFailure};
use crate::clock::Now;
use crate::config::{Config, Query};
use crate::event::{Effect, Event, LogLevel};
use crate::executor::journal::{Journal, JournalError, RestoreTests, RunId, follow};
use crate::executor::planning::Planner;
use crate::executor::process::{self, Launch};
use crate::executor::team::Team;
use crate::executor::undo::inverse;
use crate::run::{Performer, Prepare};
use crate::runbook::Session;
use crate::source::logs::LogDesk;
use crate::source::poll::{self, Poller};
use crate::source::{Name, Reading, SourceError, SourceErrorKind, World, build};
use crate::store::{Store, StoreError};
use crate::text::Text;

/// The longest that a runbook's question may take.
const ASK: Duration = Duration::from_secs(15);

/// Sessions that may wait to be written.
const SAVES: usize = 64;

/// Readings that may wait; sources wait when it is full.
const READINGS: usize = 512;

/// News of logs that may wait; reading waits when it is full.
const LOG_NEWS: usize = 16;

/// How often is looked what the others are about.
const TEAM: Duration = Duration::from_secs(1);

/// How long the end of the console may wait until a running query was stopped.
const STOPPING: Duration = Duration::from_millis(1500);

/// Makes the doors once the first frame is on the screen.
pub(super) fn prepare(config: Arc<Config>, state_dir: PathBuf, range: Duration) -> Prepare {
    Box::new(move |events| {
        async move {
            let doors = Doors::open(config, state_dir, range, events).await;
            Box::new(doors) as Box<dyn Performer>
        }
        .boxed()
    })
}

struct Doors {
    config: Arc<Config>,
    events: mpsc::Sender<Event>,
    /// None where the backends could not be set up; why was logged.
    world: Option<Arc<dyn World>>,
    poller: Option<Poller>,
    /// None where the state directory can't be used: then nothing can be changed.
    journal: Option<Arc<Journal>>,
    launch: Launch,
    saves: mpsc::Sender<Box<Session>>,
    logs: Option<LogDesk>,
    /// What the operator is asked to confirm, for the others.
    confirming: watch::Sender<Option<Text>>,
    _tasks: Vec<Task>,
}

/// A task that ends with the doors.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn task(work: impl Future<Output = ()> + Send + 'static) -> Task {
    Task(tokio::spawn(work))
}

impl Doors {
    async fn open(config: Arc<Config>, state_dir: PathBuf, range: Duration, events: mpsc::Sender<Event>) -> Self {
        let mut tasks = Vec::new();
        let world = told(build::world(config.clone()).await, "no source can be asked", &events).await;
        let poller = world.as_ref().map(|world| start_polling(world, range, &events, &mut tasks));
        let logs = world.as_ref().map(|world| open_desk(world, &events, &mut tasks));
        let store = told(
            open_store(state_dir.clone(), config.clone()).await,
            "no action is possible, no session is kept",
            &events,
        )
        .await;
        let (saves, saved) = mpsc::channel(SAVES);
        if let Some(store) = &store {
            tasks.push(task(keep_sessions(store.clone(), saved, events.clone())));
        }
        let journal = match store {
            Some(store) => told(journal_of(&config, store), "no action is possible", &events).await,
            None => None,
        };
        let (confirming, to_tell) = watch::channel(None);
        if let Some(journal) = &journal {
            start_following(journal, &events, &mut tasks);
            tasks.push(task(follow_team(journal.clone(), events.clone())));
            tasks.push(task(follow_debts(journal.clone(), events.clone())));
            let environment = config.environment.name.clone();
            tasks.push(task(follow_restore_tests(journal.clone(), environment, events.clone())));
            tasks.push(task(tell_confirming(journal.clone(), to_tell)));
        }
        let exe = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("quarterdeck"));
        let launch = Launch::of(&config, exe, state_dir);
        Self { config, events, world, poller, journal, launch, saves, logs, confirming, _tasks: tasks }
    }
}

/// The journal; with what is shared with other hosts, or not at all.
fn journal_of(config: &Config, store: Arc<Store>) -> Result<Arc<Journal>, StoreError> {
    room::journal(store, config).map(Arc::new)
}

async fn open_store(dir: PathBuf, config: Arc<Config>) -> Result<Arc<Store>, String> {
    let opened = tokio::task::spawn_blocking(move || room::store(&dir, Some(&config))).await;
    opened.map_err(|error| error.to_string())?.map(Arc::new).map_err(|error| error.to_string())
}

/// The value, or a line in the console's log that says what is missing and what that means.
async fn told<T, E: std::fmt::Display>(outcome: Result<T, E>, means: &str, events: &mpsc::Sender<Event>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            log(events, LogLevel::Error, &format!("{error}: {means}")).await;
            None
        }
    }
}

async fn log(events: &mpsc::Sender<Event>, level: LogLevel, text: &str) {
    let _ = events.send(Event::Logged(level, Text::clean(text))).await;
}

fn start_polling(
    world: &Arc<dyn World>,
    range: Duration,
    events: &mpsc::Sender<Event>,
    tasks: &mut Vec<Task>,
) -> Poller {
    let (readings, mut arrived) = mpsc::channel::<Reading>(READINGS);
    let events = events.clone();
    tasks.push(task(async move {
        while let Some(reading) = arrived.recv().await {
            if events.send(Event::Reading(reading)).await.is_err() {
                return;
            }
        }
    }));
    poll::spawn(world.sources(), readings, Arc::new(Now::read), range)
}

/// The desk of the logs; what it tells becomes events.
fn open_desk(world: &Arc<dyn World>, events: &mpsc::Sender<Event>, tasks: &mut Vec<Task>) -> LogDesk {
    let (news, mut told) = mpsc::channel(LOG_NEWS);
    let events = events.clone();
    tasks.push(task(async move {
        while let Some(news) = told.recv().await {
            if events.send(Event::Log(news)).await.is_err() {
                return;
            }
        }
    }));
    LogDesk::new(world.logs(), Now::read, news)
}

fn start_following(journal: &Arc<Journal>, events: &mpsc::Sender<Event>, tasks: &mut Vec<Task>) {
    let (runs, mut changed) = mpsc::channel(8);
    tasks.push(task(follow(journal.clone(), Now::read, runs)));
    let events = events.clone();
    tasks.push(task(async move {
        while let Some(news) = changed.recv().await {
            match news {
                Ok(runs) => drop(events.send(Event::Runs(runs)).await),
                Err(reason) => log(&events, LogLevel::Error, &format!("the journal can't be read: {reason}")).await,
            }
        }
    }));
}

/// Tells what the others are about, whenever that changes. What can't be read is told by the journal's own follower.
async fn follow_team(journal: Arc<Journal>, events: mpsc::Sender<Event>) {
    let mut told = Team::default();
    while !events.is_closed() {
        let asked = journal.clone();
        let team = tokio::task::spawn_blocking(move || asked.team(Now::read())).await;
        if let Ok(Ok(team)) = team
            && team != told
        {
            told = team.clone();
            drop(events.send(Event::Team(team)).await);
        }
        tokio::time::sleep(TEAM).await;
    }
}

/// Tells what is left open, at once and then whenever the journal has grown and that changed it.
async fn follow_debts(journal: Arc<Journal>, events: mpsc::Sender<Event>) {
    let (mut version, mut told) = (None, Vec::new());
    while !events.is_closed() {
        let asked = journal.clone();
        let ask = move || {
            let found = asked.version()?;
            let debts = if version == Some(found) { None } else { Some(asked.debts()?) };
            Ok::<_, JournalError>((found, debts))
        };
        if let Ok(Ok((found, debts))) = tokio::task::spawn_blocking(ask).await {
            version = Some(found);
            if let Some(debts) = debts.filter(|debts| *debts != told) {
                told.clone_from(&debts);
                drop(events.send(Event::Debts(debts)).await);
            }
        }
        tokio::time::sleep(TEAM).await;
    }
}

/// Tells the last restore tests, at once and then whenever there is another. What can't be read is told by the journal's own
/// follower.
async fn follow_restore_tests(journal: Arc<Journal>, environment: Name, events: mpsc::Sender<Event>) {
    let mut known = RestoreTests::default();
    while !events.is_closed() {
        let (asked, environment) = (journal.clone(), environment.clone());
        let mut next = known.clone();
        let read =
            tokio::task::spawn_blocking(move || asked.catch_up_restore_tests(&mut next, &environment).map(|()| next));
        if let Ok(Ok(next)) = read.await {
            let news = next.tests() != known.tests();
            known = next;
            if news {
                drop(events.send(Event::RestoreTests(known.tests())).await);
            }
        }
        tokio::time::sleep(TEAM).await;
    }
}

/// Tells the others what is to be confirmed here, in order.
async fn tell_confirming(journal: Arc<Journal>, mut changed: watch::Receiver<Option<Text>>) {
    while changed.changed().await.is_ok() {
        let (journal, what) = (journal.clone(), changed.borrow_and_update().clone());
        let write = move || journal.tell_confirming(&operator(), what.as_ref(), Now::read());
        if let Ok(Err(error)) = tokio::task::spawn_blocking(write).await {
            tracing::warn!(%error, "the others were not told what is to be confirmed here");
        }
    }
}

/// Tells the sessions that were kept, then writes those that change, in their order.
async fn keep_sessions(store: Arc<Store>, mut changed: mpsc::Receiver<Box<Session>>, events: mpsc::Sender<Event>) {
    let kept = tokio::task::spawn_blocking({
        let store = store.clone();
        move || store.sessions()
    });
    match kept.await {
        Ok(Ok(sessions)) => drop(events.send(Event::Sessions(sessions)).await),
        Ok(Err(error)) => log(&events, LogLevel::Error, &format!("runbook sessions can't be read: {error}")).await,
        Err(_) => return,
    }
    while let Some(session) = changed.recv().await {
        let store = store.clone();
        let written = tokio::task::spawn_blocking(move || store.save_session(&session)).await;
        if let Ok(Err(error)) = written {
            log(&events, LogLevel::Error, &format!("the runbook session was not kept: {error}")).await;
        }
    }
}

/// Where the reason stands.
const SEE_LOG: &str = "see the log of the console for the reason";

impl Performer for Doors {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Quit => {}
            Effect::PollNow => self.with_poller(Poller::poll_now),
            Effect::Pause(paused) => self.with_poller(|poller| poller.pause(paused)),
            Effect::Backfill(window) => self.with_poller(|poller| poller.backfill(window)),
            Effect::Plan { ticket, action, step, armed } => self.plan(ticket, action, step, armed),
            Effect::Undo { ticket, run, armed } => self.undo(ticket, run, armed),
            Effect::Judge { ticket, plan, armed, break_glass } => self.judge(ticket, plan, armed, break_glass),
            Effect::Execute(approved) => self.execute(*approved),
            Effect::Check { ticket, query } => self.check(ticket, query),
            Effect::SaveSession(session) => self.save(session),
            Effect::Log(request) => {
                if let Some(desk) = &mut self.logs {
                    desk.perform(request);
                }
            }
        }
    }

    fn confirming(&mut self, what: Option<Text>) {
        self.confirming.send_replace(what);
    }

    fn close(&mut self) -> BoxFuture<'static, ()> {
        match self.logs.take() {
            Some(desk) => desk.close(STOPPING).boxed(),
            None => std::future::ready(()).boxed(),
        }
    }
}

impl Doors {
    fn with_poller(&self, act: impl FnOnce(&Poller)) {
        if let Some(poller) = &self.poller {
            act(poller);
        }
    }

    fn answer(&self, work: impl Future<Output = Event> + Send + 'static) {
        let events = self.events.clone();
        tokio::spawn(async move {
            let _ = events.send(work.await).await;
        });
    }

    fn plan(&self, ticket: u64, action: Action, step: Option<String>, armed: bool) {
        self.planned(ticket, None, armed, |planner, arming| {
            async move { Ok(planner.judged(&action, step, arming).await?) }.boxed()
        });
    }

    fn undo(&self, ticket: u64, run: RunId, armed: bool) {
        self.planned(ticket, None, armed, |planner, arming| {
            async move {
                let failure = |reason: &str| PlanFailure::new(reason, "see it with `quarterdeck runs show`");
                let (journal, environment) = (planner.journal, &planner.config.environment.name);
                let view = journal.run(&run.0, Now::read()).map_err(|error| failure(&error.to_string()))?;
                let undo = inverse(journal, environment, &view, Now::read());
                let action = undo.map_err(|error| failure(&error.to_string()))?.map_err(|reason| failure(&reason))?;
                Ok(planner.judged(&action, None, arming).await?)
            }
            .boxed()
        });
    }

    fn judge(&self, ticket: u64, plan: Box<Plan>, armed: bool, break_glass: Option<BreakGlass>) {
        self.planned(ticket, break_glass, armed, |planner, arming| {
            async move { Ok(planner.shown_again(&plan, arming).await?) }.boxed()
        });
    }

    /// Answers with what `make` plans.
    fn planned(
        &self,
        ticket: u64,
        break_glass: Option<BreakGlass>,
        armed: bool,
        make: impl for<'a> FnOnce(&'a Planner<'a>, Arming) -> BoxFuture<'a, Result<Judged, PlanFailure>> + Send + 'static,
    ) {
        let (config, world, journal) = (self.config.clone(), self.world.clone(), self.journal.clone());
        let arming = if armed { Arming::Armed } else { Arming::ReadOnly };
        self.answer(async move {
            let outcome = match (world, journal) {
                (Some(world), Some(journal)) => {
                    let (clock, by, world) = (Now::read as fn() -> Now, operator(), &*world);
                    let planner = Planner { config: &config, world, journal: &journal, clock, by, break_glass };
                    make(&planner, arming).await
                }
                (None, _) => Err(PlanFailure::new("no source can be asked", SEE_LOG)),
                (_, None) => Err(PlanFailure::new("the state directory can't be used", SEE_LOG)),
            };
            Event::Planned { ticket, outcome: outcome.map(Box::new) }
        });
    }

    fn execute(&self, approved: Approved) {
        let (journal, launch) = (self.journal.clone(), self.launch.clone());
        self.answer(async move {
            let Some(journal) = journal else {
                return Event::Started { outcome: Err(Text::clean("there is no journal")) };
            };
            let started = tokio::task::spawn_blocking(move || process::start(approved, &journal, &launch, Now::read()));
            let outcome = match started.await {
                Ok(Ok(run)) => Ok(run),
                Ok(Err(error)) => Err(Text::clean(&error.to_string())),
                Err(error) => Err(Text::clean(&error.to_string())),
            };
            Event::Started { outcome }
        });
    }

    fn check(&self, ticket: u64, query: Query) {
        let world = self.world.clone();
        self.answer(async move {
            let console = Name::from("console");
            let result = match world {
                Some(world) => timeout(ASK, world.ask(&query, Now::read())).await.unwrap_or_else(|_| {
                    Err(SourceError::new(&console, SourceErrorKind::Timeout, "no answer within 15 s"))
                }),
                None => Err(SourceError::new(&console, SourceErrorKind::Missing, "no source can be asked")),
            };
            Event::Checked { ticket, result }
        });
    }

    fn save(&self, session: Box<Session>) {
        let (saves, events) = (self.saves.clone(), self.events.clone());
        if let Err(error) = saves.try_send(session) {
            tracing::warn!("a runbook session was not kept: {error}");
            self.answer(async move {
                drop(events);
                Event::Logged(LogLevel::Error, Text::clean("the runbook session was not kept: the disk is too slow"))
            });
        }
    }
}
