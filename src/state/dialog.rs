//! What lies over the screen: help, palette, text fields, and the dialogs of an action.

use super::act::PLAIN_CONFIRMATION;
use crate::action::{Action, ActionSpec, Decision, Judged, PlanFailure};
use crate::clock::Mono;
use crate::executor::journal::RunId;
use crate::source::Name;

/// What lies over the screen. At most one at a time.
#[derive(Debug)]
pub enum Overlay {
    /// Keys and what they do.
    Help {
        /// Rows scrolled down.
        scroll: usize,
    },
    /// The command palette.
    Palette {
        /// What was typed.
        input: String,
        /// The selected match.
        selected: usize,
    },
    /// The filter is being typed.
    Filter {
        /// What was typed.
        input: String,
    },
    /// Arguments of an action are being typed.
    Arguments {
        /// The action's row.
        spec: &'static ActionSpec,
        /// Its target.
        target: Name,
        /// What was typed: `desired=4`, or only the value of the one argument.
        input: String,
        /// What was wrong with it.
        error: Option<PlanFailure>,
    },
    /// The plan is being made: observing.
    Planning {
        /// The ticket that answers.
        ticket: u64,
        /// The action.
        action: Action,
        /// The runbook step.
        step: Option<StepRef>,
    },
    /// The plan, its guards, and the confirmation.
    Confirm(Confirm),
    /// A run's progress.
    Progress {
        /// The run; none until the executor has answered.
        run: Option<RunId>,
        /// Why the executor could not be started.
        failed: Option<crate::text::Text>,
    },
    /// What to search for in a log is being typed.
    Search {
        /// What was typed.
        input: String,
    },
    /// The filter pattern of a log is being typed.
    LogFilter {
        /// What was typed.
        input: String,
    },
    /// A reason for skipping a step is being typed.
    Reason {
        /// The step.
        step: StepRef,
        /// What was typed.
        input: String,
    },
}

impl std::fmt::Display for StepRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.session, self.step)
    }
}

/// A step of a session; written `session-id#index` in plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// The session.
    pub session: String,
    /// The step's index.
    pub step: usize,
}

/// The confirmation of a judged plan.
#[derive(Debug)]
pub struct Confirm {
    /// The judged plan; taken when it is approved.
    pub judged: Box<Judged>,
    /// What was typed by hand, key by key, after the dialog was painted.
    pub typed: String,
    /// When the dialog was first painted; keys from before don't count.
    pub painted: Option<Mono>,
    /// The page of the plan that is shown, from 0: a plan that is longer than the screen is read page by page.
    pub page: usize,
    /// How many pages were on the screen, from the first on; until that is all of them it can't be confirmed.
    pub seen: usize,
    /// The plan's rows and those that stand on the screen at a time, when it was painted last.
    pub extent: (usize, usize),
    /// Why the last key or paste was not taken, in words.
    pub remark: Option<&'static str>,
    /// The runbook step that opened it.
    pub step: Option<StepRef>,
    /// When the last key came.
    pub last_key: Option<Mono>,
    /// Keys in a row that came faster than a hand types.
    pub burst: u8,
}

impl Confirm {
    /// A confirmation that was not painted yet.
    pub fn new(judged: Box<Judged>, step: Option<StepRef>) -> Self {
        Self {
            judged,
            typed: String::new(),
            painted: None,
            page: 0,
            seen: 0,
            extent: (0, 0),
            remark: None,
            step,
            last_key: None,
            burst: 0,
        }
    }

    /// A page was on the screen. At another size the rows of each page are others: it is read from the first again.
    pub(super) fn saw(&mut self, rows: usize, room: usize) {
        if self.extent != (rows, room) {
            self.extent = (rows, room);
            self.seen = usize::from(self.page == 0);
            self.page = 0;
        } else if self.page <= self.seen {
            self.seen = self.seen.max(self.page + 1);
        }
    }

    /// To the next page, or back.
    pub(super) fn turn(&mut self, on: bool) {
        let last = pages(self.extent).saturating_sub(1);
        self.remark = None;
        self.page = if on { (self.page + 1).min(last) } else { self.page.saturating_sub(1) };
    }

    /// Whether all of the plan was on the screen.
    pub fn is_whole(&self) -> bool {
        let pages = pages(self.extent);
        pages > 0 && self.seen >= pages
    }

    /// What must be typed: the target's name where a guard asks for it, else a plain word; never a bare key.
    pub fn expected(&self) -> &str {
        match self.judged.decision() {
            Decision::Ask => self.judged.plan.action.target(),
            _ => PLAIN_CONFIRMATION,
        }
    }
}

/// How many pages so many rows take on a screen with room for so many; 0 where there is no room.
pub fn pages((rows, room): (usize, usize)) -> usize {
    if room == 0 { 0 } else { rows.div_ceil(room).max(1) }
}

impl Overlay {
    /// Whether keys are typed into a text field here.
    pub fn takes_text(&self) -> bool {
        !matches!(self, Self::Help { .. } | Self::Planning { .. } | Self::Progress { .. })
    }
}
