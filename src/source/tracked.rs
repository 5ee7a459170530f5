//! Promise 1: no number without its age.

use std::time::Duration;

use serde::Serialize;

use crate::clock::Now;
use crate::source::SourceError;

/// Failures in a row after which a value counts as [`Measured::Failed`] and no longer as merely stale.
pub const FAILURES_UNTIL_FAILED: u32 = 3;

/// How often a subject is asked, and how far its samples may lag behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cadence {
    /// The polling interval.
    pub every: Duration,
    /// How old the newest sample may be on arrival (CloudWatch publishes late; Prometheus does not).
    pub lag: Duration,
}

impl Cadence {
    /// The age from which a value is stale: two intervals, and the lag that is normal for its source.
    pub fn stale_after(self) -> Duration {
        self.every * 2 + self.lag
    }
}

/// The last value of a subject, when it came, and how the asking goes since.
#[derive(Debug, Clone)]
pub struct Tracked<T> {
    last: Option<Kept<T>>,
    failing: Option<Failing>,
}

#[derive(Debug, Clone)]
struct Kept<T> {
    value: T,
    received: Now,
    /// How old the sample already was when it was received.
    lag: Duration,
}

#[derive(Debug, Clone)]
struct Failing {
    since: Now,
    attempts: u32,
    error: SourceError,
}

/// A value as it may be shown at one moment. There is no way to the value that does not pass its age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured<'a, T> {
    /// Nothing was read yet, and nothing failed.
    Never,
    /// Fresh.
    Live {
        /// The value.
        value: &'a T,
        /// Its age.
        age: Duration,
    },
    /// Old: show it greyed, with its age.
    Stale {
        /// The last value.
        value: &'a T,
        /// Its age.
        age: Duration,
        /// Why there is no newer one, if asking failed.
        reason: Option<&'a SourceError>,
    },
    /// Asking fails: show the reason, and the last value greyed with its age.
    Failed {
        /// Why.
        reason: &'a SourceError,
        /// The last value and its age, if there ever was one.
        last: Option<(&'a T, Duration)>,
    },
}

impl<T> Default for Tracked<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Tracked<T> {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { last: None, failing: None }
    }

    /// Keeps a value that was received `now` and whose sample was `lag` old.
    pub fn succeed(&mut self, value: T, now: Now, lag: Duration) {
        self.last = Some(Kept { value, received: now, lag });
        self.failing = None;
    }

    /// Counts a failure; the last value stays.
    pub fn fail(&mut self, error: SourceError, now: Now) {
        let (since, attempts) = self.failing.as_ref().map_or((now, 0), |failing| (failing.since, failing.attempts));
        self.failing = Some(Failing { since, attempts: attempts + 1, error });
    }

    /// The value as it may be shown at `now`.
    pub fn at(&self, now: Now, cadence: Cadence) -> Measured<'_, T> {
        match (&self.last, &self.failing) {
            (None, None) => Measured::Never,
            (None, Some(failing)) => Measured::Failed { reason: &failing.error, last: None },
            (Some(kept), Some(failing)) if failing.attempts >= FAILURES_UNTIL_FAILED => {
                Measured::Failed { reason: &failing.error, last: Some((&kept.value, kept.age(now))) }
            }
            (Some(kept), Some(failing)) => {
                Measured::Stale { value: &kept.value, age: kept.age(now), reason: Some(&failing.error) }
            }
            (Some(kept), None) => kept.measured(now, cadence),
        }
    }

    /// The last value, for changing it in place when a reading extends it. Not for showing: that is [`Tracked::at`].
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.last.as_mut().map(|kept| &mut kept.value)
    }

    /// When the failures began, if asking fails.
    pub fn failing_since(&self) -> Option<Now> {
        self.failing.as_ref().map(|failing| failing.since)
    }
}

impl<T> Kept<T> {
    fn age(&self, now: Now) -> Duration {
        now.mono.since(self.received.mono) + self.lag
    }

    fn measured(&self, now: Now, cadence: Cadence) -> Measured<'_, T> {
        let age = self.age(now);
        if age > cadence.stale_after() {
            Measured::Stale { value: &self.value, age, reason: None }
        } else {
            Measured::Live { value: &self.value, age }
        }
    }
}

impl<'a, T> Measured<'a, T> {
    /// The value and its age, whatever its state. The caller must show the state too.
    pub fn value(&self) -> Option<(&'a T, Duration)> {
        match *self {
            Self::Never => None,
            Self::Live { value, age } | Self::Stale { value, age, .. } => Some((value, age)),
            Self::Failed { last, .. } => last,
        }
    }

    /// The same of a part of the value. `part` must find it in every value that can be here; else it was never read.
    pub fn narrow<U>(self, part: impl Fn(&'a T) -> Option<&'a U>) -> Measured<'a, U> {
        match self {
            Self::Never => Measured::Never,
            Self::Live { value, age } => part(value).map_or(Measured::Never, |value| Measured::Live { value, age }),
            Self::Stale { value, age, reason } => {
                part(value).map_or(Measured::Never, |value| Measured::Stale { value, age, reason })
            }
            Self::Failed { reason, last } => {
                Measured::Failed { reason, last: last.and_then(|(value, age)| Some((part(value)?, age))) }
            }
        }
    }

    /// The value, only if it is live: what guards and verdicts may build on.
    pub fn live(&self) -> Option<&'a T> {
        match *self {
            Self::Live { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The state in one word: `never`, `live`, `stale` or `failed`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Live { .. } => "live",
            Self::Stale { .. } => "stale",
            Self::Failed { .. } => "failed",
        }
    }

    /// Why there is no fresh value, if asking failed.
    pub fn reason(&self) -> Option<&'a SourceError> {
        match *self {
            Self::Stale { reason, .. } => reason,
            Self::Failed { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Name, SourceErrorKind};

    const CADENCE: Cadence = Cadence { every: Duration::from_secs(10), lag: Duration::ZERO };

    fn error() -> SourceError {
        SourceError::new(&Name::from("prometheus"), SourceErrorKind::Timeout, "no answer in 5 s")
    }

    #[test]
    fn a_value_is_never_then_live_then_stale() {
        let mut tracked = Tracked::default();
        assert_eq!(tracked.at(Now::fixed(0), CADENCE), Measured::Never);
        tracked.succeed(7, Now::fixed(0), Duration::ZERO);
        assert_eq!(tracked.at(Now::fixed(20), CADENCE).word(), "live");
        assert_eq!(tracked.at(Now::fixed(21), CADENCE).word(), "stale");
    }

    #[test]
    fn a_failing_source_keeps_its_last_value_with_age_and_reason() {
        let mut tracked = Tracked::default();
        tracked.succeed(7, Now::fixed(0), Duration::ZERO);
        tracked.fail(error(), Now::fixed(10));
        assert_eq!(tracked.at(Now::fixed(10), CADENCE).word(), "stale");
        tracked.fail(error(), Now::fixed(20));
        tracked.fail(error(), Now::fixed(30));
        let failed = tracked.at(Now::fixed(30), CADENCE);
        assert_eq!(failed, Measured::Failed { reason: &error(), last: Some((&7, Duration::from_secs(30))) });
    }

    #[test]
    fn a_sample_that_was_old_on_arrival_is_stale_at_once() {
        let mut tracked = Tracked::default();
        tracked.succeed(7, Now::fixed(0), Duration::from_secs(600));
        assert_eq!(tracked.at(Now::fixed(0), CADENCE).word(), "stale");
    }

    #[test]
    fn a_success_ends_the_failure() {
        let mut tracked = Tracked::default();
        tracked.fail(error(), Now::fixed(0));
        assert_eq!(tracked.at(Now::fixed(0), CADENCE).word(), "failed");
        tracked.succeed(1, Now::fixed(1), Duration::ZERO);
        assert_eq!(tracked.at(Now::fixed(1), CADENCE).word(), "live");
    }
}
