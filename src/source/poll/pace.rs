//! When a source is asked next.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// The longest that a failing source is left alone, unless its own interval is longer.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// The pace of one source: its interval while it answers, exponential backoff with jitter while it fails.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    backoff: Option<ExponentialBackoff>,
}

impl Pace {
    /// The pace of a source that is asked every `interval` (at least a millisecond).
    pub fn new(interval: Duration) -> Self {
        Self { interval: interval.max(Duration::from_millis(1)), backoff: None }
    }

    /// When the next poll is due after one that was due at `due` and ended `now`. After a success: the next tick of the
    /// interval that still lies ahead, so that missed ticks are skipped and not made up for. After a failure: a jittered
    /// delay that doubles, never shorter than the interval, never longer than [`LONGEST_BACKOFF`] or the interval.
    pub fn next(&mut self, due: Instant, now: Instant, failed: bool) -> Instant {
        if failed {
            return now + self.delay();
        }
        self.backoff = None;
        let behind = now.saturating_duration_since(due).as_nanos() / self.interval.as_nanos();
        let ticks = u32::try_from(behind + 1).unwrap_or(u32::MAX);
        due + self.interval.saturating_mul(ticks)
    }

    fn delay(&mut self) -> Duration {
        let (interval, longest) = (self.interval, LONGEST_BACKOFF.max(self.interval));
        let backoff = self.backoff.get_or_insert_with(|| schedule(interval, longest));
        backoff.next().unwrap_or(longest).clamp(interval, longest)
    }
}

/// The iterator adds up to the delay itself as jitter, so it is stopped at half of the longest.
fn schedule(interval: Duration, longest: Duration) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_jitter()
        .with_factor(2.0)
        .with_min_delay(interval)
        .with_max_delay((longest / 2).max(interval))
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn missed_ticks_are_skipped_and_not_bunched() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pace.next(start, after(1), false), after(5));
        assert_eq!(pace.next(after(5), after(17), false), after(20));
    }

    #[tokio::test(start_paused = true)]
    async fn backoff_grows_within_its_bounds_and_ends_with_a_success() {
        let now = Instant::now();
        let mut pace = Pace::new(EVERY);
        let delays: Vec<Duration> = (0..12).map(|_| pace.next(now, now, true) - now).collect();
        assert!(delays.iter().all(|delay| *delay >= EVERY && *delay <= LONGEST_BACKOFF), "{delays:?}");
        assert!(delays[1] >= EVERY * 2 && delays[6] >= LONGEST_BACKOFF / 2, "{delays:?}");
        assert_eq!(pace.next(now, now, false) - now, EVERY);
        assert!(pace.next(now, now, true) - now <= EVERY * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_is_asked_rarely_keeps_its_interval_when_it_fails() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(300));
        assert_eq!(pace.next(now, now, true) - now, Duration::from_secs(300));
    }
}
