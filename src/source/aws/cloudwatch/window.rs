//! Which span of time is asked, aligned to the period.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::Query;

/// The tail that is asked where it is not known since when something is missing: after an outage of half an hour the
/// history has no hole. A longer one leaves a gap there.
const LONGEST_TAIL: Duration = Duration::from_secs(30 * 60);

/// What is asked again of what was read already, at least, and in periods: the newest come late and may still change.
const OVERLAP: Duration = Duration::from_secs(5 * 60);
const OVERLAP_PERIODS: u32 = 5;

/// A span of whole periods that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// Its begin, a multiple of the period.
    pub(super) start: Timestamp,
    /// Its end, exclusive, a multiple of the period: the period that is still running is not asked.
    pub(super) end: Timestamp,
    /// The period, in seconds.
    pub(super) period: u32,
    /// Whether it is a backfill, which replaces the kept history.
    pub(super) replaces: bool,
}

impl Window {
    /// The history of `backfill`, or the newest samples only.
    pub(super) fn new(period: u32, backfill: Option<Duration>, now: Timestamp) -> Self {
        Self::since(period, backfill, None, now)
    }

    /// The same where all before `read` was read whole: only what is new, and what may have changed.
    pub(super) fn since(period: u32, backfill: Option<Duration>, read: Option<Timestamp>, now: Timestamp) -> Self {
        let period = period.max(1);
        let overlap = OVERLAP.max(Duration::from_secs(u64::from(period) * u64::from(OVERLAP_PERIODS)));
        let longest = LONGEST_TAIL.max(overlap);
        let end = aligned(now.as_second(), period);
        let gone = |read: Timestamp| Duration::from_secs(end.saturating_sub(read.as_second()).max(0).unsigned_abs());
        let tail = read.map_or(longest, |read| gone(read).saturating_add(overlap).min(longest));
        let length = backfill.map_or(tail, |window| window.max(longest));
        let length = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        let start = aligned(end.saturating_sub(length), period);
        Self { start: at(start), end: at(end), period, replaces: backfill.is_some() }
    }

    /// When the period that starts at `start` ends.
    pub(super) fn end_of(&self, start: Timestamp) -> Timestamp {
        start.checked_add(Duration::from_secs(u64::from(self.period))).unwrap_or(start)
    }
}

/// The period of a query, in seconds; `None` if it is not one of CloudWatch's.
pub(super) fn period_of(query: &Query) -> Option<u32> {
    match query {
        Query::CloudWatch(metric) => Some(metric.period),
        Query::CloudWatchMaths { period, .. } => Some(*period),
        Query::Prometheus(_) | Query::Http(_) | Query::Simulator(_) => None,
    }
}

fn aligned(second: i64, period: u32) -> i64 {
    second - second.rem_euclid(i64::from(period))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_running_period_is_not_asked_and_both_ends_are_aligned() {
        let window = Window::new(300, None, at("2026-01-01T12:07:31Z"));
        assert_eq!((window.start, window.end), (at("2026-01-01T11:35:00Z"), at("2026-01-01T12:05:00Z")));
        assert!(!window.replaces);
    }

    #[test]
    fn a_backfill_replaces_the_history() {
        let window = Window::new(60, Some(Duration::from_secs(3 * 3600)), at("2026-01-01T12:00:59Z"));
        assert_eq!((window.start, window.end), (at("2026-01-01T09:00:00Z"), at("2026-01-01T12:00:00Z")));
        assert!(window.replaces);
    }

    #[test]
    fn after_a_whole_answer_only_the_new_and_the_late_are_asked_and_after_an_outage_all_of_it() {
        let tail = |read: &str| {
            let window = Window::since(60, None, Some(at(read)), at("2026-01-01T12:00:10Z"));
            window.end.duration_since(window.start).as_secs() / 60
        };
        assert_eq!(tail("2026-01-01T11:59:00Z"), 6, "a minute that is new, five that may have come late");
        assert_eq!(tail("2026-01-01T11:40:00Z"), 25);
        assert_eq!(tail("2026-01-01T09:00:00Z"), 30);
        assert_eq!(tail("2026-01-01T13:00:00Z"), 5, "a clock that went back");
    }

    #[test]
    fn a_long_period_gets_at_least_five_of_them() {
        let window = Window::new(3600, None, at("2026-01-01T12:30:00Z"));
        assert_eq!(window.start, at("2026-01-01T07:00:00Z"));
    }
}
