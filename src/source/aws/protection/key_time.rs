//! The moment that an object's key names: `backups/database-2026-11-21T04-30-00Z.sql`.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// How many digits a date has, and a time of day.
const DATE: usize = 8;
const TIME: usize = 6;

/// How long before its upload a key's moment is believed: a dump that takes longer than a day names no such moment.
const LONGEST: i64 = 86_400;

/// The moment that the last part of a key names, in UTC, to the second; `None` if it names a day only, or a moment that is no
/// cut of what was uploaded then: after the upload, or more than a day before it.
pub(super) fn named(key: &str, uploaded: Timestamp) -> Option<Timestamp> {
    let name = key.rsplit('/').next().unwrap_or(key);
    let named = digits(name).or_else(|| seconds(name))?;
    let before = uploaded.duration_since(named).as_secs();
    (0..=LONGEST).contains(&before).then_some(named)
}

/// Date and time of day: fourteen digits in a row, or parted by `-`, `_`, `:`, `.` or `T`.
fn digits(name: &str) -> Option<Timestamp> {
    let starts = name.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at);
    let after = |at: &usize| !name[..*at].ends_with(|c: char| c.is_ascii_digit());
    starts.filter(after).find_map(|at| moment(&name[at..]))
}

fn moment(text: &str) -> Option<Timestamp> {
    let parting = |c: &char| matches!(c, '-' | '_' | ':' | '.' | 'T' | 't' | ' ');
    let found: String =
        text.chars().take_while(|c| c.is_ascii_digit() || parting(c)).filter(char::is_ascii_digit).collect();
    let (date, time) = (found.get(..DATE)?, found.get(DATE..DATE + TIME)?);
    let number = |text: &str| text.parse::<i8>().ok();
    let date = Date::new(date.get(..4)?.parse().ok()?, number(date.get(4..6)?)?, number(date.get(6..)?)?).ok()?;
    let time = Time::new(number(time.get(..2)?)?, number(time.get(2..4)?)?, number(time.get(4..)?)?, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Seconds or milliseconds since 1970: a number of ten or of thirteen digits.
fn seconds(name: &str) -> Option<Timestamp> {
    let numbers = name.split(|c: char| !c.is_ascii_digit());
    let known = |number: &str| match number.len() {
        10 => Timestamp::from_second(number.parse().ok()?).ok(),
        13 => Timestamp::from_millisecond(number.parse().ok()?).ok(),
        _ => None,
    };
    numbers.filter_map(known).next()
}

/// Reads any bytes as a key, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let uploaded = Timestamp::from_second(1_767_225_600).unwrap_or_default();
    if let Some(at) = named(&String::from_utf8_lossy(data), uploaded) {
        assert!(at <= uploaded, "no copy holds what came after it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOADED: &str = "2026-11-21T04:42:10Z";

    fn of(key: &str) -> Option<String> {
        named(key, UPLOADED.parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn the_moment_of_a_dump_is_read_as_people_write_it() {
        for key in [
            "backups/database-2026-11-21T04:30:00Z.sql",
            "backups/database-2026-11-21T04-30-00.sql.gz",
            "backups/database-20261121T043000.sql",
            "backups/database-20261121043000.sql",
            "exports/v2/rtech_2026-11-21_04.30.00.tar",
            "backups/database-1795235400.sql",
            "backups/database-1795235400000.sql",
        ] {
            assert_eq!(of(key).as_deref(), Some("2026-11-21T04:30:00Z"), "{key}");
        }
    }

    #[test]
    fn a_key_without_a_time_of_day_names_no_cut() {
        for key in
            ["backups/database-2026-11-21.sql", "backups/latest.sql", "backups/20261121/dump.sql", "", "7", "é2026"]
        {
            assert_eq!(of(key), None, "{key}");
        }
    }

    #[test]
    fn a_moment_after_the_upload_or_long_before_it_is_not_believed() {
        for key in
            ["d-2026-11-21T06-30-00.sql", "d-2026-11-01T04-30-00.sql", "d-9999-99-99T99-99-99", "d-20261321043000"]
        {
            assert_eq!(of(key), None, "{key}");
        }
    }
}
