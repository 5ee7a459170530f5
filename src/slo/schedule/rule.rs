//! A schedule as it was found, with the times at which it is due.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Recurrence;
use crate::slo::recovery::LOOK_BACK;
use crate::source::Schedule;
use crate::text::Text;

/// Due times that are kept; of more frequent rules the newest.
const MOST_DUE: usize = 400;

/// How far ahead due times are counted out: longer than a console stays without an answer.
const AHEAD: Duration = Duration::from_secs(2 * 86_400);

/// How long after its time AWS Backup may begin a job where the rule says nothing: eight hours
/// (`StartWindowMinutes`, <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html>).
pub const START_WITHIN: Duration = Duration::from_secs(8 * 3_600);

/// A rule before its expression was understood.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its expression, as its platform writes it.
    pub expression: &'a str,
    /// The time zone of the expression; `None` is UTC.
    pub zone: Option<&'a str>,
    /// How long after its time a run may begin; `None` is as long as the expression's own window.
    pub start_within: Option<Duration>,
    /// Since when runs can be looked up.
    pub checked_since: Option<Timestamp>,
}

/// The schedule that a rule is, with what is due around `now`.
pub fn schedule(rule: &Rule<'_>, now: Timestamp) -> Schedule {
    let (from, to) = (moved(now, -signed(LOOK_BACK)), moved(now, signed(AHEAD)));
    let found = Recurrence::parse(rule.expression).zip(zone(rule.zone));
    let due = found.as_ref().map(|(recurrence, zone)| recurrence.due(from, to, zone)).unwrap_or_default();
    let own = found.as_ref().and_then(|(recurrence, _)| recurrence.window());
    Schedule {
        name: Text::clean(rule.name),
        expression: Text::clean(rule.expression),
        zone: rule.zone.map(Text::clean),
        cold_after_days: None,
        delete_after_days: None,
        longest_gap: found.as_ref().and_then(|(recurrence, zone)| recurrence.longest_gap(now, zone)),
        start_within: rule.start_within.or(own).unwrap_or(START_WITHIN),
        due: due[due.len().saturating_sub(MOST_DUE)..].to_vec(),
        // A rate begins at a moment that nobody tells: whether a run is missing can't be told either.
        checked_since: rule.checked_since.filter(|_| !matches!(found, None | Some((Recurrence::Rate(_), _)))),
    }
}

/// UTC where none is named; `None` for one that this host does not know.
pub(super) fn zone(name: Option<&str>) -> Option<TimeZone> {
    match name.filter(|name| !name.is_empty()) {
        None | Some("UTC" | "Etc/UTC") => Some(TimeZone::UTC),
        Some(name) => TimeZone::get(name).ok(),
    }
}

/// The later of two moments, if both are known: what can be looked up begins with the last of them.
pub fn later(first: Option<Timestamp>, second: Option<Timestamp>) -> Option<Timestamp> {
    Some(first?.max(second?))
}

/// The beginning of what is looked back at.
pub fn look_back(now: Timestamp) -> Timestamp {
    moved(now, -signed(LOOK_BACK))
}

fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::ZERO)
}

fn moved(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
