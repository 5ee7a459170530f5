//! Levels and states as a sign, a word and a role: colour never carries a meaning alone.

use crate::config::theme::Role;
use crate::executor::journal::RunState;
use crate::source::{AlertState, HealthState, Rollout};
use crate::state::verdict::Level;

/// The role of a level.
pub fn level_role(level: Level) -> Role {
    match level {
        Level::Healthy => Role::Good,
        Level::Degraded => Role::Warning,
        Level::Unknown => Role::Unknown,
        Level::Unhealthy => Role::Critical,
    }
}

/// The sign behind a live value: nothing, `!` beyond its warning bound, `▲` beyond its critical bound, `?` not known.
pub fn level_sign(level: Level) -> &'static str {
    match level {
        Level::Healthy => "",
        Level::Degraded => "!",
        Level::Unknown => "?",
        Level::Unhealthy => "▲",
    }
}

/// A health state as word and role.
pub fn health(state: HealthState) -> (&'static str, Role) {
    match state {
        HealthState::Healthy => ("healthy", Role::Good),
        HealthState::Degraded => ("DEGRADED", Role::Warning),
        HealthState::Unhealthy => ("UNHEALTHY", Role::Critical),
        HealthState::Unknown => ("unknown", Role::Unknown),
    }
}

/// An alert's state as word and role.
pub fn alert(state: AlertState) -> (&'static str, Role) {
    match state {
        AlertState::Firing => ("FIRING", Role::Critical),
        AlertState::NoData => ("NO DATA", Role::Unknown),
        AlertState::Pending => ("pending", Role::Warning),
        AlertState::Suppressed => ("silenced", Role::Muted),
        AlertState::Ok => ("ok", Role::Good),
    }
}

/// A rollout's state as word and role.
pub fn rollout(rollout: Rollout) -> (&'static str, Role) {
    match rollout {
        Rollout::InProgress => ("ROLLING", Role::Warning),
        Rollout::Completed => ("done", Role::Good),
        Rollout::Failed => ("FAILED", Role::Critical),
        Rollout::Unknown => ("unknown", Role::Unknown),
    }
}

/// A run's state as word and role.
pub fn run(state: RunState) -> (&'static str, Role) {
    match state {
        RunState::Approved => ("APPROVED", Role::Warning),
        RunState::Running => ("RUNNING", Role::Warning),
        RunState::Done => ("DONE", Role::Good),
        RunState::Refused => ("REFUSED", Role::Critical),
        RunState::Failed => ("FAILED", Role::Critical),
        RunState::Unknown => ("UNKNOWN", Role::Unknown),
        RunState::Inconclusive => ("INCONCLUSIVE", Role::Unknown),
        RunState::Resolved => ("RESOLVED", Role::Text),
    }
}
