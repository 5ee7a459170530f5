//! Ages and countdowns, short enough to stand beside every number.

use std::time::Duration;

/// The widest age, in columns.
pub const WIDEST: usize = 3;

/// An age in at most three columns: `4s`, `12m`, `47h`, `12d`; from 99 days on `99d`.
pub fn short(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m", seconds / 60),
        3600..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", (seconds / 86_400).min(99)),
    }
}

/// What is left of a time, to the minute: `45s`, `12m`, `1h 59m`, `3d 4h`.
pub fn left(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..=3599 => short(left),
        3600..=172_799 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A countdown or a length of time: `0:05`, `14:32`, `2:04:05`.
pub fn clock(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

/// A window in words: `30m`, `6h`, `90s`, `7d`.
pub fn window(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = [(86_400, "d"), (3600, "h"), (60, "m")]
        .into_iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .map_or((seconds, "s"), |(size, unit)| (seconds / size, unit));
    format!("{count}{unit}")
}

/// How long ago a moment of the wall clock was; zero if it lies ahead.
pub fn since(now: jiff::Timestamp, then: jiff::Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_never_takes_more_than_three_columns() {
        for seconds in [0, 59, 60, 3599, 3600, 172_799, 172_800, 86_400 * 5000, u64::MAX] {
            assert!(short(Duration::from_secs(seconds)).len() <= WIDEST, "{seconds}");
        }
        assert_eq!(short(Duration::from_secs(125)), "2m");
    }

    #[test]
    fn a_countdown_reads_as_a_clock() {
        assert_eq!(clock(Duration::from_secs(872)), "14:32");
        assert_eq!(clock(Duration::from_secs(7445)), "2:04:05");
    }

    #[test]
    fn a_window_is_named_in_its_largest_whole_unit() {
        assert_eq!(window(Duration::from_secs(1800)), "30m");
        assert_eq!(window(Duration::from_secs(90)), "90s");
        assert_eq!(window(Duration::from_secs(604_800)), "7d");
    }
}
