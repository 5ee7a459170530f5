//! The arguments that were typed after an action's target, each taken once.

use std::time::Duration;

use super::PlanFailure;
use crate::config::check::words::parse_duration;

/// What was typed.
pub(super) struct Given<'a> {
    action: &'static str,
    usage: &'static str,
    left: Vec<&'a (String, String)>,
}

impl<'a> Given<'a> {
    /// The arguments of an action; `usage` is the hint of every failure.
    pub(super) fn new(action: &'static str, usage: &'static str, arguments: &'a [(String, String)]) -> Self {
        Self { action, usage, left: arguments.iter().collect() }
    }

    /// The value of a key, if it was typed.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a str> {
        let place = self.left.iter().position(|(known, _)| known == key)?;
        Some(self.left.remove(place).1.as_str())
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, key: &str) -> Result<&'a str, PlanFailure> {
        self.take(key).ok_or_else(|| self.failure(&format!("{} needs {key}=…", self.action)))
    }

    /// A whole number that must be there.
    pub(super) fn number(&mut self, key: &str) -> Result<u32, PlanFailure> {
        let value = self.need(key)?;
        value.parse().map_err(|_| self.failure(&format!("{key}: `{value}` is not a whole number")))
    }

    /// A duration within bounds, or what holds where none was typed.
    pub(super) fn duration(
        &mut self,
        key: &str,
        default: Duration,
        allowed: std::ops::RangeInclusive<Duration>,
    ) -> Result<Duration, PlanFailure> {
        let Some(value) = self.take(key) else { return Ok(default) };
        let read = parse_duration(value).filter(|duration| allowed.contains(duration));
        let bounds = format!("{} to {}", short(*allowed.start()), short(*allowed.end()));
        read.ok_or_else(|| self.failure(&format!("{key}: `{value}` is not a duration of {bounds}")))
    }

    /// Nothing else may have been typed.
    pub(super) fn done(self) -> Result<(), PlanFailure> {
        match self.left.first() {
            Some((key, _)) => Err(self.failure(&format!("{} has no (second) argument `{key}`", self.action))),
            None => Ok(()),
        }
    }

    /// A failure that says how the action is written.
    pub(super) fn failure(&self, reason: &str) -> PlanFailure {
        PlanFailure::new(reason, self.usage)
    }
}

/// A duration as it is typed: `90s`, `2m`, `2h`, `7d`.
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let whole = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}
