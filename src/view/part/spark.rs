//! A small history: one row of blocks.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::source::Point;

const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Where nothing bounds a history, its greatest value stands at three quarters of the height.
const HEADROOM: f64 = 4.0 / 3.0;

/// The window `[now − range, now]` of a history as `columns` blocks, from 0 to its greatest value or to `bound`, whichever
/// is greater: what is far below its bound looks low. Each column shows the greatest value of its slice of time:
/// percentiles must not be averaged, and a peak must not vanish. A column without a finite sample is a gap.
pub fn spark(points: &VecDeque<Point>, now: Timestamp, range: Duration, columns: usize, bound: Option<f64>) -> String {
    let slices = slices(points, now, range, columns);
    let greatest = slices.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = bound.map_or(greatest * HEADROOM, |bound| greatest.max(bound));
    slices.into_iter().map(|value| block(value, top)).collect()
}

/// The greatest finite value in each of `columns` slices of `[now − range, now]`; NaN where there is none.
pub fn slices(points: &VecDeque<Point>, now: Timestamp, range: Duration, columns: usize) -> Vec<f64> {
    let mut slices = vec![f64::NAN; columns];
    for point in points.iter().filter(|point| point.value.is_finite()) {
        if let Some(slot) = slot(point.at, now, range, columns).and_then(|slot| slices.get_mut(slot)) {
            *slot = slot.max(point.value);
        }
    }
    slices
}

/// Which of `columns` slices of `[now − range, now]` a moment falls into.
pub fn slot(at: Timestamp, now: Timestamp, range: Duration, columns: usize) -> Option<usize> {
    let back = now.duration_since(at).as_secs_f64();
    let share = 1.0 - back / range.as_secs_f64();
    if columns == 0 || !(0.0..=1.0).contains(&share) {
        return None;
    }
    Some(((share * columns as f64) as usize).min(columns - 1))
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

    fn history(values: &[f64]) -> (VecDeque<Point>, Timestamp) {
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
