//! A small history: one row of blocks.

use std::time::Duration;

use jiff::Timestamp;

use crate::state::history::History;

const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Where nothing bounds a history, its greatest value stands at three quarters of the height.
const HEADROOM: f64 = 4.0 / 3.0;

/// The window `[now − range, now]` of a history as `columns` blocks, from 0 to its greatest value or to `bound`, whichever
/// is greater: what is far below its bound looks low. Each column shows the greatest value of its slice of time:
/// percentiles must not be averaged, and a peak must not vanish. A column without a finite sample is a gap.
pub fn spark(points: &History, now: Timestamp, range: Duration, columns: usize, bound: Option<f64>) -> String {
    let slices = slices(points, now, range, columns);
    let greatest = slices.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = bound.map_or(greatest * HEADROOM, |bound| greatest.max(bound));
    slices.into_iter().map(|value| block(value, top)).collect()
}

/// The greatest finite value in each of `columns` slices of `[now − range, now]`; NaN where there is none.
pub fn slices(points: &History, now: Timestamp, range: Duration, columns: usize) -> Vec<f64> {
    let mut slices = vec![f64::NAN; columns];
    let window = Window::of(now, range, columns);
    for (at, value) in points.within(now, range).filter(|(_, value)| value.is_finite()) {
        if let Some(slice) = window.slice(at).and_then(|slice| slices.get_mut(slice)) {
            *slice = slice.max(value);
        }
    }
    slices
}

/// A window of time, cut into slices of the same length. Whole milliseconds: thousands of samples are sorted into slices for
/// each frame.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    start: i64,
    length: u64,
    slices: u64,
}

impl Window {
    /// `[now − range, now]` in so many slices.
    pub fn of(now: Timestamp, range: Duration, slices: usize) -> Self {
        let length = i64::try_from(range.as_millis()).unwrap_or(i64::MAX);
        let start = now.as_millisecond().saturating_sub(length);
        Self { start, length: length.unsigned_abs(), slices: slices as u64 }
    }

    /// The slice that a moment falls into, in milliseconds since 1970; the right end is in the last.
    pub fn slice(&self, at: i64) -> Option<usize> {
        let into = u64::try_from(at.checked_sub(self.start)?).ok()?;
        if self.slices == 0 || self.length == 0 || into > self.length {
            return None;
        }
        let slice = into.saturating_mul(self.slices) / self.length;
        usize::try_from(slice.min(self.slices - 1)).ok()
    }
}

fn block(value: f64, top: f64) -> &'static str {
    if !value.is_finite() {
        return " ";
    }
    let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    BLOCKS[((share * 7.0).round() as usize).min(7)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::source::Point;

    fn history(values: &[f64]) -> (History, Timestamp) {
        let point = |(index, value): (usize, &f64)| Point { at: Now::fixed(index as u64 * 10).wall, value: *value };
        (values.iter().enumerate().map(point).collect(), Now::fixed(values.len() as u64 * 10 - 10).wall)
    }

    #[test]
    fn a_missing_sample_is_a_gap_and_never_zero() {
        let (points, now) = history(&[1.0, f64::NAN, 4.0]);
        assert_eq!(spark(&points, now, Duration::from_secs(20), 3, Some(4.0)), "▃ █");
    }

    #[test]
    fn what_is_far_below_its_bound_looks_low() {
        let (points, now) = history(&[1.0, 1.0]);
        assert_eq!(spark(&points, now, Duration::from_secs(10), 2, Some(7.0)), "▂▂");
    }

    #[test]
    fn a_short_peak_survives_the_downsampling() {
        let (points, now) = history(&[1.0, 1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert!(spark(&points, now, Duration::from_secs(70), 2, Some(9.0)).starts_with('█'));
    }

    #[test]
    fn samples_outside_the_window_are_not_drawn() {
        let (points, now) = history(&[9.0, 1.0, 1.0]);
        assert_eq!(spark(&points, now, Duration::from_secs(10), 2, Some(1.0)), "██");
    }
}
