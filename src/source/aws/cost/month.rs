//! The dates of a month, in UTC as Cost Explorer counts.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The month that a moment is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    /// Its first day.
    pub(super) first: Date,
    /// The day after the moment's.
    pub(super) tomorrow: Date,
    /// The first day of the next month.
    pub(super) next: Date,
}

impl Month {
    pub(super) fn of(now: Timestamp) -> Self {
        let today = now.to_zoned(TimeZone::UTC).date();
        let first = today.first_of_month();
        let tomorrow = today.checked_add(1.day()).unwrap_or(today);
        Self { first, tomorrow, next: first.checked_add(1.month()).unwrap_or(first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins_and_its_last_day_has_no_rest() {
        let at = |at: &str| Month::of(at.parse().unwrap());
        let february = at("2028-02-29T23:59:59Z");
        assert_eq!(february.first.to_string(), "2028-02-01");
        assert_eq!((february.tomorrow, february.next), (february.next, february.tomorrow));
        let december = at("2026-12-01T00:00:00Z");
        assert_eq!(
            (december.tomorrow.to_string(), december.next.to_string()),
            ("2026-12-02".into(), "2027-01-01".into())
        );
    }
}
