//! Polls each source in a task of its own: interval, deadline, jittered backoff, and one reading a subject.
//!
//! One poll of a source feeds everything that shows it. A subject that a poll leaves unanswered gets a failure reading, so
//! that nothing stays silently old. All tasks end when the [`Poller`] is dropped.

mod once;
mod pace;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::Now;
use crate::source::{Ask, Reading, SharedSource};

pub use once::{Outcome, once};
pub use pace::{LONGEST_BACKOFF, Pace};

/// Tells the time; the loop hands in the real clock, tests a made-up one.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// How often a backfill is tried anew where some of its subjects failed.
const BACKFILL_TRIES: u32 = 3;

/// What the tasks are told. Kept as the newest state, so that no command can pile up.
#[derive(Debug, Clone, Copy)]
struct Control {
    /// Counts the requests to poll at once.
    now: u64,
    /// Whether polling rests.
    paused: bool,
    /// Counts the requests for history.
    backfill: u64,
    /// The window of the history.
    window: Duration,
}

/// The running tasks. Dropping it stops them.
#[derive(Debug)]
pub struct Poller {
    control: watch::Sender<Control>,
    _tasks: JoinSet<()>,
}

/// Starts one task a source; needs a tokio runtime. The first poll comes at once, with the history of `window`.
/// `out` should be bounded: a source waits when it is full.
pub fn spawn(sources: Vec<SharedSource>, out: mpsc::Sender<Reading>, clock: Clock, window: Duration) -> Poller {
    let (control, heard) = watch::channel(Control { now: 0, paused: false, backfill: 1, window });
    let mut tasks = JoinSet::new();
    for source in sources {
        let pace = Pace::new(source.cadence().every);
        let task = Task {
            source,
            out: out.clone(),
            clock: clock.clone(),
            heard: heard.clone(),
            pace,
            rests: false,
            history: None,
        };
        tasks.spawn(task.run());
    }
    Poller { control, _tasks: tasks }
}

impl Poller {
    /// Asks every source at once, even while paused.
    pub fn poll_now(&self) {
        self.control.send_modify(|control| control.now += 1);
    }

    /// Stops or resumes polling. A poll that is under way ends by itself.
    pub fn pause(&self, paused: bool) {
        self.control.send_modify(|control| control.paused = paused);
    }

    /// Asks every source at once, for the history of `window` too.
    pub fn backfill(&self, window: Duration) {
        self.control.send_modify(|control| {
            control.window = window;
            control.backfill += 1;
        });
    }
}

/// One source's task.
struct Task {
    source: SharedSource,
    out: mpsc::Sender<Reading>,
    clock: Clock,
    heard: watch::Receiver<Control>,
    pace: Pace,
    /// Whether the source has nothing new before the next poll is due.
    rests: bool,
    /// The last request for history that was met, and how often the next one was tried.
    history: Option<(u64, u32)>,
}

impl Task {
    async fn run(mut self) {
        let mut due = Instant::now();
        let mut seen = *self.heard.borrow_and_update();
        loop {
            let Some(control) = self.wait(due, seen).await else { return };
            seen = control;
            let began = Instant::now();
            let outcome = self.ask(control).await;
            if self.out.is_closed() {
                return;
            }
            due = self.next(due.min(began), outcome);
        }
    }

    /// When the next poll is due: by the pace, or when the source says that there can be something new.
    fn next(&mut self, due: Instant, outcome: Outcome) -> Instant {
        let failed = outcome.failed_whole();
        let paced = self.pace.next(due, Instant::now(), failed);
        let rest = if failed { None } else { self.source.rest((self.clock)()) };
        self.rests = rest.is_some();
        rest.map_or(paced, |rest| Instant::now() + rest)
    }

    /// Waits until the poll is due or asked for. `None` when the poller is gone.
    async fn wait(&mut self, due: Instant, seen: Control) -> Option<Control> {
        loop {
            let control = *self.heard.borrow_and_update();
            if (control.now != seen.now && !self.rests) || (control.backfill != seen.backfill && !control.paused) {
                return Some(control);
            }
            tokio::select! {
                changed = self.heard.changed() => changed.ok()?,
                () = tokio::time::sleep_until(due), if !control.paused => return Some(control),
            }
        }
    }

    async fn ask(&mut self, control: Control) -> Outcome {
        let (met, tries) = self.history.unwrap_or((0, 0));
        let wanted = control.backfill != met;
        let ask = Ask { now: (self.clock)(), backfill: wanted.then_some(control.window) };
        let outcome = once(self.source.as_ref(), ask, &self.out).await;
        if wanted {
            let given_up = outcome.answered > 0 && tries + 1 >= BACKFILL_TRIES;
            let whole = outcome.failed == 0 || given_up;
            self.history = Some(if whole { (control.backfill, 0) } else { (met, tries + 1) });
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
