//! AWS's cron: minutes, hours, day of month, month, day of week, year.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A cron expression. Of AWS's forms `W` and bound years are not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    months: u64,
    day: Day,
}

/// Which days match.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Day {
    Any,
    OfMonth(u64),
    LastOfMonth,
    /// Bits 1 (Sunday) to 7.
    OfWeek(u64),
    /// A day of the week, and its number within the month.
    NthOfWeek(u32, i8),
    LastOfWeek(u32),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Reads the six fields; `None` if they are not understood whole.
    pub(super) fn parse(fields: &str) -> Option<Self> {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, "*"] = fields[..] else { return None };
        Some(Self {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            months: set(months, 1, 12, &MONTHS)?,
            day: Day::parse(of_month, of_week)?,
        })
    }

    /// Every day at this time.
    pub(super) fn daily(hour: u32, minute: u32) -> Option<Self> {
        let bit = |value: u32, below: u32| (value < below).then(|| 1u64 << value);
        Some(Self { minutes: bit(minute, 60)?, hours: bit(hour, 24)?, months: u64::MAX, day: Day::Any })
    }

    /// The first `most` moments within `[from, to]`. A time that the zone's clock skips is taken after the jump.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp, zone: &TimeZone, most: usize) -> Vec<Timestamp> {
        let mut found = Vec::new();
        let last = to.to_zoned(zone.clone()).date();
        let mut day = Some(from.to_zoned(zone.clone()).date());
        while let Some(date) = day.filter(|date| *date <= last && found.len() < most) {
            if self.matches(date) {
                let times = self.of_day(date, zone).filter(|at| *at >= from && *at <= to);
                found.extend(times.take(most - found.len()));
            }
            day = date.tomorrow().ok();
        }
        found
    }

    fn of_day<'a>(&'a self, date: Date, zone: &'a TimeZone) -> impl Iterator<Item = Timestamp> + 'a {
        let times = bits(self.hours, 24).flat_map(|hour| bits(self.minutes, 60).map(move |minute| (hour, minute)));
        times.filter_map(move |(hour, minute)| {
            Some(date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
        })
    }

    fn matches(&self, date: Date) -> bool {
        has(self.months, date.month()) && self.day.matches(date)
    }
}

impl Day {
    /// AWS wants `?` in one of the two; `*` in one of them is the same.
    fn parse(of_month: &str, of_week: &str) -> Option<Self> {
        let any = |field: &str| matches!(field, "*" | "?");
        match (any(of_month), any(of_week)) {
            (true, true) => Some(Self::Any),
            (false, true) if of_month == "L" => Some(Self::LastOfMonth),
            (false, true) => set(of_month, 1, 31, &[]).map(Self::OfMonth),
            (true, false) => Self::of_week(of_week),
            (false, false) => None,
        }
    }

    fn of_week(field: &str) -> Option<Self> {
        if field == "L" {
            return Some(Self::OfWeek(1 << 7));
        }
        if let Some((day, number)) = field.split_once('#') {
            let number = number.parse().ok().filter(|number| (1..=5).contains(number))?;
            return Some(Self::NthOfWeek(value(day, 1, 7, &DAYS)?, number));
        }
        match field.strip_suffix('L').and_then(|day| value(day, 1, 7, &DAYS)) {
            Some(day) => Some(Self::LastOfWeek(day)),
            None => set(field, 1, 7, &DAYS).map(Self::OfWeek),
        }
    }

    fn matches(&self, date: Date) -> bool {
        // Sunday is 1 to AWS.
        let of_week = date.weekday().to_sunday_one_offset();
        let is = |day: u32| i8::try_from(day) == Ok(of_week);
        match *self {
            Self::Any => true,
            Self::OfMonth(days) => has(days, date.day()),
            Self::LastOfMonth => date.day() == date.days_in_month(),
            Self::OfWeek(days) => has(days, of_week),
            Self::NthOfWeek(day, number) => is(day) && (date.day() - 1) / 7 + 1 == number,
            Self::LastOfWeek(day) => is(day) && date.day() + 7 > date.days_in_month(),
        }
    }
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| value < 64 && set >> value & 1 == 1)
}

fn bits(set: u64, below: i8) -> impl Iterator<Item = i8> {
    (0..below).filter(move |value| has(set, *value))
}

/// A list of values, ranges and steps, as bits.
fn set(field: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let mut all = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step = step.map_or(Some(1), |step| step.parse::<u32>().ok()).filter(|step| *step > 0)?;
        let (from, to) = range_of(range, part.contains('/'), (least, most), names)?;
        for value in (from..=to).step_by(step as usize) {
            all |= 1 << value;
        }
    }
    Some(all)
}

/// `*`, `a-b`, `a`, or `a/…`, which goes on to the greatest.
fn range_of(range: &str, stepped: bool, (least, most): (u32, u32), names: &[&str]) -> Option<(u32, u32)> {
    let one = |text| value(text, least, most, names);
    match range.split_once('-') {
        _ if matches!(range, "*" | "?") => Some((least, most)),
        Some((from, to)) => Some((one(from)?, one(to)?)).filter(|(from, to)| from <= to),
        None if stepped => Some((one(range)?, most)),
        None => one(range).map(|value| (value, value)),
    }
}

/// A number within bounds, or a name (the first stands for `least`).
fn value(text: &str, least: u32, most: u32, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|at| u32::try_from(at).ok());
    let value = named.map(|at| at + least).or_else(|| text.parse().ok())?;
    (least..=most).contains(&value).then_some(value)
}
