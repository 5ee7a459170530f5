//! States as a sign, a word and a role: colour never carries a meaning alone.

use super::badge;
use super::page::{pad, piece};
use super::pen::Bit;
use crate::action::Decision;
use crate::config::theme::Role;
use crate::event::LogLevel;
use crate::executor::journal::RunState;
use crate::runbook::StepState;
use crate::source::{Alert, AlertState, SilenceState, Suppression};

/// How a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// One column wide.
    pub sign: &'static str,
    /// The word.
    pub word: &'static str,
    /// The role.
    pub role: Role,
}

const fn sign(sign: &'static str, word: &'static str, role: Role) -> Sign {
    Sign { sign, word, role }
}

impl Sign {
    /// Sign and word, filled to `width` columns.
    pub fn piece(self, width: usize) -> Bit<'static> {
        piece(self.role, pad(&format!("{} {}", self.sign, self.word), width))
    }
}

/// A guard's decision.
pub fn decision(decision: Decision) -> Sign {
    match decision {
        Decision::Allow => sign("✓", "allow", Role::Good),
        Decision::Ask => sign("?", "ask", Role::Warning),
        Decision::Deny => sign("✗", "DENY", Role::Critical),
    }
}

/// Where a run stands.
pub fn run(state: RunState) -> Sign {
    let (word, role) = badge::run(state);
    let sign = match state {
        RunState::Approved => "○",
        RunState::Running => "▶",
        RunState::Done | RunState::Resolved => "✓",
        RunState::Refused => "⊘",
        RunState::Failed => "✗",
        RunState::Unknown | RunState::Inconclusive => "?",
    };
    Sign { sign, word, role }
}

/// Where a runbook's step stands.
pub fn step(state: StepState) -> Sign {
    match state {
        StepState::Open => sign("○", "open", Role::Muted),
        StepState::Running => sign("▶", "running", Role::Warning),
        StepState::Passed => sign("✓", "passed", Role::Good),
        StepState::Failed => sign("✗", "failed", Role::Critical),
        StepState::Unknown => sign("?", "unknown", Role::Unknown),
        StepState::Skipped => sign("⤼", "skipped", Role::Muted),
    }
}

/// State of an alert.
pub fn alert(state: AlertState) -> Sign {
    let (word, role) = badge::alert(state);
    let sign = match state {
        AlertState::Firing => "▲",
        AlertState::NoData => "?",
        AlertState::Pending => "△",
        AlertState::Suppressed => "⊘",
        AlertState::Ok => "✓",
    };
    Sign { sign, word, role }
}

/// State of an alert, told apart by what holds it back.
pub fn alert_of(alert: &Alert) -> Sign {
    let word = match (alert.state, alert.held_by.first()) {
        (AlertState::Suppressed, Some(Suppression::Alert(_))) => "inhibited",
        (AlertState::Suppressed, Some(Suppression::Interval(_))) => "muted",
        (AlertState::Suppressed, Some(Suppression::Suppressor(_)) | None) => "suppressed",
        _ => self::alert(alert.state).word,
    };
    Sign { word, ..self::alert(alert.state) }
}

/// State of a silence.
pub fn silence(state: SilenceState, ends_soon: bool) -> Sign {
    match state {
        SilenceState::Active if ends_soon => sign("!", "ENDS SOON", Role::Warning),
        SilenceState::Active => sign("⊘", "in force", Role::Text),
        SilenceState::Pending => sign("○", "pending", Role::Muted),
        SilenceState::Expired => sign("✓", "ended", Role::Muted),
    }
}

/// How loud a line of the log is.
pub fn level(level: LogLevel) -> Sign {
    match level {
        LogLevel::Info => sign("·", "info", Role::Muted),
        LogLevel::Warning => sign("!", "warning", Role::Warning),
        LogLevel::Error => sign("✗", "error", Role::Critical),
    }
}
