//! Moments (always UTC), kinds and actions in words.

use jiff::Timestamp;

use crate::action::Action;
use crate::config::EnvironmentKind;

/// A moment as a time of day, UTC: `11:34:03Z`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// A moment with its day, UTC: `2026-11-21 11:34:03Z`.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A kind of environment in capitals.
pub fn kind(kind: EnvironmentKind) -> &'static str {
    match kind {
        EnvironmentKind::Production => "PRODUCTION",
        EnvironmentKind::Staging => "STAGING",
        EnvironmentKind::Development => "DEVELOPMENT",
    }
}

/// An action as it is typed: `scale rtech-app desired=4`.
pub fn action(action: &Action) -> String {
    match action {
        Action::Scale(scale) => format!("scale {} desired={}", scale.service, scale.desired),
    }
}
