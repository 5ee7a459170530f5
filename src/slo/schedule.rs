//! When backups are due and scheduled actions run: AWS's cron, rate and at expressions, and the daily windows of RDS. Pure.
//!
//! An expression that is not understood gives nothing: no due time is guessed. Forms:
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>,
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html>.

mod cron;
mod next;
mod rule;

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

pub use cron::Cron;
pub use next::{Coming, next_run};
pub use rule::{Rule, START_WITHIN, later, look_back, schedule};

/// The most due times that are counted out at once.
const MOST: usize = 10_000;

/// How far back the longest gap is looked for: a year, and a month that the year's end may cut.
const GAP_DAYS: i64 = 400;

/// When something is done again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recurrence {
    /// `cron(0 2 ? * * *)`.
    Cron(Cron),
    /// `rate(12 hours)`: so far apart, counted from a moment that nobody tells.
    Rate(Duration),
    /// `03:00-04:00`: begins once a day within this window.
    Daily {
        /// Its beginning.
        cron: Cron,
        /// Its length.
        length: Duration,
    },
}

impl Recurrence {
    /// Reads an expression; `None` if it is not understood whole.
    pub fn parse(expression: &str) -> Option<Self> {
        let expression = expression.trim();
        let inside = |name: &str| expression.strip_prefix(name)?.strip_suffix(')').map(str::trim);
        if let Some(fields) = inside("cron(") {
            return Cron::parse(fields).map(Self::Cron);
        }
        if let Some(rate) = inside("rate(") {
            return rate_of(rate).map(Self::Rate);
        }
        daily(expression)
    }

    /// The due times within `[from, to]`, the oldest first, at most ten thousand; none for a rate, which begins at a moment
    /// that nobody tells.
    pub fn due(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        match self {
            Self::Cron(cron) | Self::Daily { cron, .. } => cron.between(from, to, zone, MOST),
            Self::Rate(_) => Vec::new(),
        }
    }

    /// The longest time between two runs, looked for in the 400 days before `now`.
    pub fn longest_gap(&self, now: Timestamp, zone: &TimeZone) -> Option<Duration> {
        if let Self::Rate(length) = self {
            return Some(*length);
        }
        let from = now.checked_sub((GAP_DAYS * 24).hours()).ok()?;
        let due = self.due(from, now, zone);
        due.windows(2).filter_map(|pair| Duration::try_from(pair[1].duration_since(pair[0])).ok()).max()
    }

    /// The length of a daily window.
    pub fn window(&self) -> Option<Duration> {
        match self {
            Self::Daily { length, .. } => Some(*length),
            _ => None,
        }
    }
}

/// `12 hours`, `1 day`: AWS knows minutes, hours and days.
fn rate_of(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_once(' ')?;
    let count = count.parse::<u64>().ok().filter(|count| (1..=100_000).contains(count))?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count * seconds))
}

/// `03:00-04:00`; one that ends before it begins ends on the next day.
fn daily(text: &str) -> Option<Recurrence> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minutes(start)?, minutes(end)?);
    let length = if end > start { end - start } else { end + 24 * 60 - start };
    let cron = Cron::daily(start / 60, start % 60)?;
    Some(Recurrence::Daily { cron, length: Duration::from_secs(u64::from(length) * 60) })
}

/// `HH:MM` as minutes of the day.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests;
