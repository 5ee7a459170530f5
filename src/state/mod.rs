//! What the screen can show. `update` alone changes it; no I/O, no clock, no randomness: same events, same state.

pub mod command;
pub mod dialog;
pub mod lists;
pub mod readings;
pub mod screen;
pub mod verdict;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::action::Operator;
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::config::keymap::Keymap;
use crate::event::{Effect, Event, LogLevel, Stamped};
use crate::executor::journal::RunView;
use crate::runbook::{Runbook, Session};
use crate::text::Text;

pub use dialog::Overlay;
pub use readings::ReadingStore;
pub use screen::Screen;

/// The most lines that the console's log keeps.
pub const LOG_LINES: usize = 1000;

/// Everything that the screen can show.
#[derive(Debug)]
pub struct State {
    /// The environment.
    pub config: Arc<Config>,
    /// Keys.
    pub keymap: Arc<Keymap>,
    /// Runbooks, checked at the start.
    pub runbooks: Arc<[Runbook]>,
    /// Who sits here.
    pub operator: Operator,
    /// The time of the last event.
    pub now: Now,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// All readings.
    pub readings: ReadingStore,
    /// Screens, the one that is shown last; never empty.
    pub screens: Vec<Screen>,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// The filter of the lists; empty shows all.
    pub filter: String,
    /// The window of the graphs.
    pub range: Duration,
    /// Set while polling is paused: since when.
    pub paused: Option<Mono>,
    /// Read-only, or armed until when.
    pub arm: Arm,
    /// The journal's runs, the newest first.
    pub runs: Vec<RunView>,
    /// Runbook sessions, the newest first; those not closed can be resumed.
    pub sessions: Vec<Session>,
    /// The console's own log, the newest last.
    pub log: VecDeque<LogLine>,
    /// A short notice in the footer, and until when.
    pub notice: Option<Notice>,
    /// Which theme is shown: an index that the loop maps to a theme.
    pub theme: usize,
    /// The last ticket given to an effect that is answered.
    pub last_ticket: u64,
}

/// Whether changes are possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// Nothing can be changed.
    ReadOnly,
    /// Changes can be confirmed until this moment (monotonic; a sleep or a clock jump doesn't prolong it).
    Armed {
        /// The end.
        until: Mono,
    },
}

impl Arm {
    /// Whether it is armed at `now`.
    pub fn is_armed(self, now: Mono) -> bool {
        matches!(self, Self::Armed { until } if now < until)
    }
}

/// A line of the console's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: jiff::Timestamp,
    /// How loud.
    pub level: LogLevel,
    /// What.
    pub text: Text,
}

/// A short notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How loud.
    pub level: LogLevel,
    /// What.
    pub text: Text,
    /// Until when it is shown.
    pub until: Mono,
}

/// Changes the state by one event; returns what is to be done about it.
pub fn update(state: &mut State, stamped: Stamped) -> Vec<Effect> {
    state.now = stamped.now;
    match stamped.event {
        Event::Reading(reading) => state.readings.receive(reading, stamped.now),
        Event::Resize(columns, rows) => state.size = (columns, rows),
        _ => {}
    }
    Vec::new()
}
