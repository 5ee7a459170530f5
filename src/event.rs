//! All that can happen, and all that may be asked, side by side.

use std::time::Duration;

use crate::action::{Action, Approved, BreakGlass, Judged, Plan, PlanFailure};
use crate::clock::{Mono, Now};
use crate::config::Query;
use crate::config::keymap::KeyPress;
use crate::executor::journal::{Debt, RunId, RunView};
use crate::executor::team::Team;
use crate::runbook::{CheckResult, Session};
use crate::slo::recovery::RestoreTest;
use crate::source::Reading;
use crate::source::logs::desk::{LogNews, LogRequest};
use crate::text::Text;

/// What can happen to the console. `update` is given the time with it.
#[derive(Debug)]
pub enum Event {
    /// Time went on (once a second, and before each other event where it matters).
    Tick,
    /// A key was pressed. `at` is when the terminal's reader got it, not when it was handled.
    Key {
        /// The key.
        key: KeyPress,
        /// When it was read.
        at: Mono,
    },
    /// Text was pasted. It never confirms anything.
    Paste(String),
    /// The terminal has a new size: columns, rows.
    Resize(u16, u16),
    /// A frame is about to be painted: what it shows is made ready.
    Paint,
    /// A frame was painted: what was on it can have been seen from now on.
    Painted {
        /// How many rows the plan of an open confirmation takes at this size.
        rows: usize,
        /// How many of them stand on the screen at a time; 0 where there is no confirmation, or the terminal is too small.
        room: usize,
    },
    /// A source answered, or failed to.
    Reading(Reading),
    /// The journal's runs changed: the newest of them, newest first.
    Runs(Vec<RunView>),
    /// What the others who share the state directory are about changed.
    Team(Team),
    /// What is left open changed: the most urgent first.
    Debts(Vec<Debt>),
    /// The last restore test of each protected thing changed.
    RestoreTests(Vec<RestoreTest>),
    /// The runbook sessions that were kept, newest first; told once, at the start.
    Sessions(Vec<Session>),
    /// The plan that was asked for, judged; or why there is none.
    Planned {
        /// The ticket of [`Effect::Plan`].
        ticket: u64,
        /// The judged plan.
        outcome: Result<Box<Judged>, PlanFailure>,
    },
    /// The executor was started for an approved plan, or could not be.
    Started {
        /// The run, or why there is none.
        outcome: Result<RunId, Text>,
    },
    /// A runbook check was answered.
    Checked {
        /// The ticket of [`Effect::Check`].
        ticket: u64,
        /// The answer.
        result: CheckResult,
    },
    /// A log that is looked at told something.
    Log(LogNews),
    /// Something of the console's own doings worth a line in its log.
    Logged(LogLevel, Text),
}

/// What `update` may ask of the loop. Performed by `run.rs`; the answer comes back as an [`Event`].
#[derive(Debug)]
pub enum Effect {
    /// Leave the console.
    Quit,
    /// Ask all sources now.
    PollNow,
    /// Stop or resume polling.
    Pause(bool),
    /// Fetch the history of this window (the time range changed).
    Backfill(Duration),
    /// Observe the action's target, plan, judge. Changes nothing.
    Plan {
        /// Names the question, so that a late answer is known as such.
        ticket: u64,
        /// The action.
        action: Action,
        /// The runbook step it belongs to: `session-id#index`.
        step: Option<String>,
        /// Whether the console is armed.
        armed: bool,
    },
    /// Plan what takes this run back, and judge that; answered by [`Event::Planned`]. Changes nothing.
    Undo {
        /// Names the question.
        ticket: u64,
        /// The run.
        run: RunId,
        /// Whether the console is armed.
        armed: bool,
    },
    /// Observe the target of this plan again and judge the plan anew; answered by [`Event::Planned`]. Changes nothing.
    Judge {
        /// Names the question.
        ticket: u64,
        /// The plan, as it was made.
        plan: Box<Plan>,
        /// Whether the console is armed.
        armed: bool,
        /// The one guard that is skipped.
        break_glass: Option<BreakGlass>,
    },
    /// Start the executor for this approval. Used once: it is moved.
    Execute(Box<Approved>),
    /// Ask a source a runbook's question.
    Check {
        /// Names the question.
        ticket: u64,
        /// The question.
        query: Query,
    },
    /// Follow a log, run a query, or stop doing so.
    Log(LogRequest),
    /// Keep a runbook session, so that it can be resumed.
    SaveSession(Box<Session>),
}

/// How loud a line of the console's log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For the record.
    Info,
    /// Should be looked at.
    Warning,
    /// Went wrong.
    Error,
}

/// An event with its time.
#[derive(Debug)]
pub struct Stamped {
    /// When it entered the loop.
    pub now: Now,
    /// What happened.
    pub event: Event,
}
