//! What the screen can show. `update` alone changes it; no I/O, no clock, no randomness: same events, same state.

pub mod command;
pub mod data_age;
pub mod dialog;
pub mod history;
pub mod lists;
pub mod logs;
pub mod readings;
pub mod screen;
mod seek;
pub mod verdict;
pub mod verdicts;

mod act;
pub mod delivery;
mod follow;
pub mod keys;
mod navigate;
pub mod outage;
mod typing;
mod update;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::action::Operator;
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::config::keymap::Keymap;
use crate::event::{Effect, LogLevel};
use crate::executor::journal::{Debt, RunView};
use crate::executor::team::Team;
use crate::runbook::{Runbook, Session};
use crate::text::Text;

pub use dialog::{Overlay, StepRef};
pub use keys::context;
pub use outage::Outages;
pub use readings::ReadingStore;
pub use screen::Screen;
pub use update::update;
pub use verdicts::Verdicts;

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
    /// What was judged of them and still holds.
    pub verdicts: Verdicts,
    /// Screens, the one that is shown last; never empty.
    pub screens: Vec<Screen>,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// The filter of the lists; empty shows all.
    pub filter: String,
    /// The window of the graphs.
    pub range: Duration,
    /// Whether a service's screen shows its focused panel alone, where there is room for more.
    pub zoomed: bool,
    /// Set while polling is paused: since when.
    pub paused: Option<Mono>,
    /// Read-only, or armed until when.
    pub arm: Arm,
    /// The journal's runs, the newest first.
    pub runs: Vec<RunView>,
    /// What the others who share the state directory are about.
    pub team: Team,
    /// What actions left open, the most urgent first.
    pub debts: Vec<Debt>,
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
    /// The runbook step whose run is being started.
    pub starting: Option<StepRef>,
    /// Runbook checks that were asked and not answered yet.
    pub checks: Vec<PendingCheck>,
    /// Runbook steps that wait for their check to hold.
    pub waits: Vec<Waiting>,
    /// The outages of sources that go on.
    pub outages: Outages,
    /// The log that is looked at, or was last.
    pub logs: Option<Box<logs::LogView>>,
    /// A query that runs for a log that is no longer shown, and must be stopped.
    log_leftover: Option<u64>,
}

/// A runbook check that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCheck {
    /// The ticket that answers.
    pub ticket: u64,
    /// The step.
    pub step: StepRef,
}

/// A step that waits for its check to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The step.
    pub step: StepRef,
    /// Since when.
    pub since: Mono,
    /// Until when.
    pub until: Mono,
    /// What was read last, which did not hold.
    pub last: Option<Text>,
    /// When it is asked next.
    pub next: Mono,
}

impl State {
    /// A console that has read nothing yet, on the overview, read-only.
    pub fn new(
        config: Arc<Config>,
        keymap: Arc<Keymap>,
        runbooks: Arc<[Runbook]>,
        operator: Operator,
        now: Now,
    ) -> Self {
        Self {
            range: config.ui.range,
            config,
            keymap,
            runbooks,
            operator,
            now,
            size: (80, 24),
            readings: ReadingStore::default(),
            verdicts: Verdicts::default(),
            screens: vec![Screen::Overview { selected: 0 }],
            overlay: None,
            filter: String::new(),
            zoomed: false,
            paused: None,
            arm: Arm::ReadOnly,
            runs: Vec::new(),
            team: Team::default(),
            debts: Vec::new(),
            sessions: Vec::new(),
            log: VecDeque::new(),
            notice: None,
            theme: 0,
            last_ticket: 0,
            starting: None,
            checks: Vec::new(),
            waits: Vec::new(),
            outages: Outages::default(),
            logs: None,
            log_leftover: None,
        }
    }

    /// The screen that is shown.
    pub fn screen(&self) -> &Screen {
        self.screens.last().unwrap_or(&Screen::Overview { selected: 0 })
    }

    /// Whether the console is armed now.
    pub fn is_armed(&self) -> bool {
        self.arm.is_armed(self.now.mono)
    }

    /// A new ticket for an effect that is answered.
    fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    /// Writes a line in the console's own log.
    fn record(&mut self, level: LogLevel, text: &str) {
        if self.log.len() >= LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at: self.now.wall, level, text: Text::clean(text) });
    }

    /// Shows a notice for a while, and writes it in the log.
    fn tell(&mut self, level: LogLevel, text: &str) {
        self.record(level, text);
        self.notice = Some(Notice { level, text: Text::clean(text), until: self.now.mono.plus(NOTICE_FOR) });
    }
}

/// How long a notice stands.
const NOTICE_FOR: Duration = Duration::from_secs(8);

/// What a handler asks of the loop.
type Effects = Vec<Effect>;

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
