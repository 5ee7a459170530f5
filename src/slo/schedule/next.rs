//! When a scheduled action runs next.
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html>.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rule::zone;
use super::{Cron, Recurrence};
use crate::source::NextRun;
use crate::text::Text;

/// How far ahead a cron expression is looked up: a year, and a month more.
const AHEAD: Duration = Duration::from_secs(400 * 86_400);

/// What is scheduled, as Application Auto Scaling tells it.
#[derive(Debug, Clone, Copy)]
pub struct Coming<'a> {
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub expression: &'a str,
    /// The time zone of the expression; `None` is UTC.
    pub zone: Option<&'a str>,
    /// Nothing runs before this.
    pub start: Option<Timestamp>,
    /// Nothing runs after this.
    pub end: Option<Timestamp>,
}

/// The first run from `now` on. No moment is guessed: what is not understood is not known.
pub fn next_run(coming: &Coming<'_>, now: Timestamp) -> NextRun {
    if coming.end.is_some_and(|end| end < now) {
        return NextRun::Over;
    }
    let Some(zone) = zone(coming.zone) else {
        return unknown(&format!("this host does not know the time zone {}", coming.zone.unwrap_or_default()));
    };
    if let Some(once) = coming.expression.trim().strip_prefix("at(").and_then(|rest| rest.strip_suffix(')')) {
        return once_at(once, &zone, now);
    }
    match Recurrence::parse(coming.expression) {
        Some(Recurrence::Cron(cron)) => first(&cron, coming, &zone, now),
        Some(Recurrence::Rate(length)) => NextRun::Every { seconds: length.as_secs() },
        _ => unknown("the expression is not understood"),
    }
}

/// `2026-12-24T06:00:00`, in the zone.
fn once_at(text: &str, zone: &TimeZone, now: Timestamp) -> NextRun {
    let civil = text.trim().parse::<DateTime>().ok();
    match civil.and_then(|civil| civil.to_zoned(zone.clone()).ok()).map(|at| at.timestamp()) {
        Some(at) if at < now => NextRun::Over,
        Some(at) => NextRun::At { at },
        None => unknown("the expression is not understood"),
    }
}

fn first(cron: &Cron, coming: &Coming<'_>, zone: &TimeZone, now: Timestamp) -> NextRun {
    let from = coming.start.map_or(now, |start| start.max(now));
    let horizon = SignedDuration::try_from(AHEAD).ok().and_then(|ahead| from.checked_add(ahead).ok()).unwrap_or(from);
    let to = coming.end.map_or(horizon, |end| end.min(horizon));
    match cron.between(from, to, zone, 1).first() {
        Some(at) => NextRun::At { at: *at },
        None if to < horizon => NextRun::Over,
        None => unknown("not within 400 days"),
    }
}

fn unknown(reason: &str) -> NextRun {
    NextRun::Unknown { reason: Text::clean(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A Saturday.
    fn now() -> Timestamp {
        at("2026-11-21T12:00:00Z")
    }

    fn next(expression: &str, zone: Option<&str>) -> NextRun {
        next_run(&Coming { expression, zone, start: None, end: None }, now())
    }

    fn runs(text: &str) -> NextRun {
        NextRun::At { at: at(text) }
    }

    #[test]
    fn a_cron_runs_at_its_next_time_in_its_own_zone() {
        assert_eq!(next("cron(30 6 ? * MON-FRI *)", None), runs("2026-11-23T06:30:00Z"));
        assert_eq!(next("cron(30 6 ? * MON-FRI *)", Some("Europe/Berlin")), runs("2026-11-23T05:30:00Z"));
        assert_eq!(next("cron(0 12 * * ? *)", None), runs("2026-11-21T12:00:00Z"), "now is not past");
    }

    #[test]
    fn one_time_runs_once_and_then_never() {
        assert_eq!(next("at(2026-12-24T06:00:00)", Some("America/New_York")), runs("2026-12-24T11:00:00Z"));
        assert_eq!(next("at(2026-11-21T11:59:59)", None), NextRun::Over);
    }

    #[test]
    fn nothing_runs_before_its_start_or_after_its_end() {
        let daily = |start, end| next_run(&Coming { expression: "cron(0 6 * * ? *)", zone: None, start, end }, now());
        assert_eq!(daily(Some(at("2026-12-01T06:30:00Z")), None), runs("2026-12-02T06:00:00Z"));
        assert_eq!(daily(None, Some(at("2026-11-22T05:00:00Z"))), NextRun::Over);
        assert_eq!(daily(None, Some(at("2026-11-21T11:00:00Z"))), NextRun::Over);
    }

    #[test]
    fn what_cannot_be_reckoned_is_not_guessed() {
        assert_eq!(next("rate(12 hours)", None), NextRun::Every { seconds: 43_200 });
        for (expression, zone, why) in [
            ("cron(0 6 * * ? 2027)", None, "not understood"),
            ("every morning", None, "not understood"),
            ("03:00-04:00", None, "not understood"),
            ("at(tomorrow)", None, "not understood"),
            ("cron(0 6 * * ? *)", Some("Mars/Olympus"), "Mars/Olympus"),
            ("cron(0 6 29 2 ? *)", None, "not within 400 days"),
        ] {
            let NextRun::Unknown { reason } = next(expression, zone) else { panic!("{expression}") };
            assert!(reason.contains(why), "{expression}: {reason}");
        }
    }
}
