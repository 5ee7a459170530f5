//! Moments (always UTC) and kinds in words.

use std::time::Duration;

use jiff::Timestamp;

use super::age;
use crate::config::EnvironmentKind;
use crate::source::NextRun;

/// A moment as a time of day, UTC: `11:34:03Z`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// A moment with its day, UTC: `2026-11-21 11:34:03Z`.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// When something scheduled runs next: `next in 2d 2026-11-23 06:30Z`, `every 12h`.
pub fn next_run(next: &NextRun, now: Timestamp) -> String {
    match next {
        NextRun::At { at } if *at < now => format!("was due {} ago", age::short(age::since(now, *at))),
        NextRun::At { at } => {
            format!("next in {} {}", age::short(age::since(*at, now)), at.strftime("%Y-%m-%d %H:%MZ"))
        }
        NextRun::Every { seconds } => format!("every {}", age::window(Duration::from_secs(*seconds))),
        NextRun::Over => "not again".to_owned(),
        NextRun::Unknown { reason } => format!("next run NOT KNOWN: {reason}"),
    }
}

/// A kind of environment in capitals.
pub fn kind(kind: EnvironmentKind) -> &'static str {
    match kind {
        EnvironmentKind::Production => "PRODUCTION",
        EnvironmentKind::Staging => "STAGING",
        EnvironmentKind::Development => "DEVELOPMENT",
    }
}
