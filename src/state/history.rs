//! The samples of one series, kept compactly: thousands of series with hours of history stay in memory.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::source::Point;

/// The most samples that one series keeps.
pub const HISTORY_POINTS: usize = 2048;

/// The least by which the room of a history grows, in samples.
const GROWTH: usize = 16;

/// Samples in the order of time, each moment once; the newest [`HISTORY_POINTS`]. A sample takes twelve bytes: its value, and
/// its moment in milliseconds (the resolution of Prometheus and CloudWatch) after the first one. The values are exact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// What moments count from, in milliseconds since 1970.
    base: i64,
    moments: VecDeque<u32>,
    values: VecDeque<f64>,
}

impl History {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// All samples, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Point> + '_ {
        let point = |(at, value): (i64, f64)| Point { at: Timestamp::from_millisecond(at).unwrap_or_default(), value };
        self.part(0, self.len()).map(point)
    }

    /// The newest sample.
    pub fn newest(&self) -> Option<Point> {
        self.iter().next_back()
    }

    /// The samples of `[now − range, now]` as milliseconds since 1970 and value, the oldest first. What lies outside is not
    /// looked at, however much it is.
    pub fn within(&self, now: Timestamp, range: Duration) -> impl DoubleEndedIterator<Item = (i64, f64)> + '_ {
        let end = now.as_millisecond();
        let start = end.saturating_sub(i64::try_from(range.as_millis()).unwrap_or(i64::MAX));
        let before = |at: i64| self.moments.partition_point(|moment| self.at(*moment) < at);
        self.part(before(start), before(end.saturating_add(1)))
    }

    /// Adds a sample. Those at its moment or later, which an answer tells anew, go; and the oldest where there is no room.
    pub fn push(&mut self, point: Point) {
        let at = point.at.as_millisecond();
        while self.moments.back().is_some_and(|moment| self.at(*moment) >= at) {
            self.moments.pop_back();
            self.values.pop_back();
        }
        if self.len() >= HISTORY_POINTS {
            self.drop_oldest();
        }
        let moment = self.moment(at);
        self.grow();
        self.moments.push_back(moment);
        self.values.push_back(point.value);
    }

    /// Forgets all samples, and keeps the room for as many.
    pub fn clear(&mut self) {
        self.moments.clear();
        self.values.clear();
    }

    /// Memory that the samples take, in bytes: what is used, and what is kept ready.
    pub fn bytes(&self) -> usize {
        self.moments.capacity() * size_of::<u32>() + self.values.capacity() * size_of::<f64>()
    }

    fn part(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = (i64, f64)> + '_ {
        let (from, to) = (from.min(to), to.min(self.len()));
        self.moments.range(from..to).zip(self.values.range(from..to)).map(|(moment, value)| (self.at(*moment), *value))
    }

    fn at(&self, moment: u32) -> i64 {
        self.base.saturating_add(moment.into())
    }

    fn drop_oldest(&mut self) {
        self.moments.pop_front();
        self.values.pop_front();
    }

    /// The moment of a sample that comes behind all others. Where it is more than 49 days after the first, moments count from
    /// a later one, and samples that are older still go.
    fn moment(&mut self, at: i64) -> u32 {
        loop {
            let first = self.moments.front().map_or(at, |moment| self.at(*moment));
            if let Ok(moment) = u32::try_from(at.saturating_sub(self.base))
                && !self.is_empty()
            {
                return moment;
            }
            if u32::try_from(at.saturating_sub(first)).is_ok() {
                self.rebase(first);
                return u32::try_from(at.saturating_sub(first)).unwrap_or_default();
            }
            self.drop_oldest();
        }
    }

    fn rebase(&mut self, base: i64) {
        let by = u32::try_from(base.saturating_sub(self.base)).unwrap_or_default();
        self.moments.iter_mut().for_each(|moment| *moment -= by);
        self.base = base;
    }

    /// Room grows by an eighth: doubling would keep half of it empty, thousands of times.
    fn grow(&mut self) {
        if self.moments.len() == self.moments.capacity() {
            let more = (self.len() / 8).max(GROWTH);
            self.moments.reserve_exact(more);
            self.values.reserve_exact(more);
        }
    }
}

impl Extend<Point> for History {
    fn extend<I: IntoIterator<Item = Point>>(&mut self, points: I) {
        points.into_iter().for_each(|point| self.push(point));
    }
}

impl FromIterator<Point> for History {
    fn from_iter<I: IntoIterator<Item = Point>>(points: I) -> Self {
        let mut history = Self::default();
        history.extend(points);
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    fn point(seconds: u64, value: f64) -> Point {
        Point { at: Now::fixed(seconds).wall, value }
    }

    fn seconds(history: &History) -> Vec<i64> {
        history.iter().map(|point| point.at.as_second() - Now::fixed(0).wall.as_second()).collect()
    }

    #[test]
    fn samples_are_kept_exactly_and_in_order() {
        let values = [f64::MAX, -0.1, 1.0 / 3.0, 5e-324, 1e308];
        let points: Vec<Point> = (0u64..).zip(values).map(|(at, value)| point(at * 15, value)).collect();
        let history: History = points.iter().copied().collect();
        assert_eq!(history.iter().collect::<Vec<_>>(), points);
        assert_eq!(history.newest(), points.last().copied());
    }

    #[test]
    fn a_moment_that_is_told_again_replaces_what_was_known_from_it_on() {
        let mut history: History = [point(0, 1.0), point(10, 2.0), point(20, 3.0)].into_iter().collect();
        history.push(point(10, 9.0));
        assert_eq!(history.iter().map(|point| point.value).collect::<Vec<_>>(), [1.0, 9.0]);
        history.push(point(0, 7.0));
        assert_eq!(seconds(&history), [0]);
    }

    #[test]
    fn the_oldest_go_where_there_is_no_room() {
        let all = HISTORY_POINTS as u64 + 5;
        let history: History = (0..all).map(|at| point(at, at as f64)).collect();
        assert_eq!((history.len(), seconds(&history)[0]), (HISTORY_POINTS, 5));
    }

    #[test]
    fn moments_more_than_49_days_apart_are_kept_right() {
        let day = 86_400;
        let mut history: History = [0, 30 * day, 60 * day].map(|at| point(at, 1.0)).into_iter().collect();
        assert_eq!(seconds(&history), [30, 60].map(|days| days * day as i64));
        history.push(point(600 * day, 1.0));
        assert_eq!(seconds(&history), [600 * day as i64]);
        history.clear();
        history.push(point(3, 1.0));
        assert_eq!(seconds(&history), [3]);
    }

    #[test]
    fn a_window_has_its_ends_and_nothing_beyond() {
        let history: History = (0..10).map(|at| point(at * 10, at as f64)).collect();
        let within = |now, range| history.within(Now::fixed(now).wall, Duration::from_secs(range));
        assert_eq!(within(60, 20).map(|(_, value)| value).collect::<Vec<_>>(), [4.0, 5.0, 6.0]);
        assert_eq!(within(200, 20).count(), 0);
        assert_eq!(History::default().within(Now::fixed(0).wall, Duration::MAX).count(), 0);
    }

    #[test]
    fn six_hours_at_15_s_take_less_than_20_kb() {
        let history: History = (0..1440).map(|at| point(at * 15, 0.5)).collect();
        assert!(history.bytes() <= 20_000, "{} bytes", history.bytes());
    }
}
