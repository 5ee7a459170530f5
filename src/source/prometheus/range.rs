//! Which moments of a window are asked for.

use std::time::Duration;

use jiff::Timestamp;

/// The most points that a window is asked in.
pub(super) const MAX_POINTS: u64 = 300;

/// Steps that people can read, in seconds.
const STEPS: [u64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/// A range in whole seconds, its ends multiples of its step, so that the same moments are asked again and again and
/// the server can cache them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The first moment, in seconds since 1970.
    pub(super) start: i64,
    /// The last moment, in seconds since 1970.
    pub(super) end: i64,
    /// The step, in seconds.
    pub(super) step: i64,
}

/// The step of the history of `window`, of something that is asked every `interval`.
pub fn step(window: Duration, interval: Duration) -> Duration {
    Duration::from_secs(step_of(window, interval))
}

fn step_of(window: Duration, interval: Duration) -> u64 {
    let least = window.as_secs().div_ceil(MAX_POINTS).max(interval.as_secs()).max(1);
    STEPS.into_iter().find(|step| *step >= least).unwrap_or(least.div_ceil(86_400) * 86_400)
}

impl Range {
    /// The range for the `window` that ends at `end`, of something that is asked every `interval`.
    pub(super) fn of(window: Duration, end: Timestamp, interval: Duration) -> Self {
        let step = step_of(window, interval);
        let (step, window) = (i64::try_from(step).unwrap_or(86_400), i64::try_from(window.as_secs()).unwrap_or(0));
        let end = end.as_second().div_euclid(step) * step;
        let start = (end - window).div_euclid(step) * step + step;
        Self { start: start.min(end), end, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    #[test]
    fn a_window_has_at_most_the_points_that_fit_and_aligned_ends() {
        for hours in [1, 3, 6, 24, 168, 24 * 90] {
            let range = Range::of(Duration::from_secs(hours * 3600), Now::fixed(12_345).wall, Duration::from_secs(5));
            let points = (range.end - range.start) / range.step + 1;
            assert!((100..=300).contains(&points), "{hours} h: {points} points");
            assert_eq!((range.start % range.step, range.end % range.step), (0, 0));
        }
    }

    #[test]
    fn the_step_is_never_finer_than_the_interval() {
        let range = Range::of(Duration::from_secs(600), Now::fixed(0).wall, Duration::from_secs(60));
        assert_eq!(range.step, 60);
    }
}
