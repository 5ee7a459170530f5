//! Change freezes: when nothing may be changed, and who may all the same.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::action::Operator;
use crate::slo::schedule::Recurrence;
use crate::source::Name;

/// A change freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Its name, such as `black-friday`.
    pub name: Name,
    /// Why nothing is to be changed then.
    pub reason: String,
    /// When.
    pub window: FreezeWindow,
    /// The time zone that it is written in; times are told in it.
    pub zone: TimeZone,
    /// Actions that are let through, by name.
    pub allow: Vec<String>,
    /// People who are asked instead of refused, as `user` or `user@host`.
    pub who: Vec<String>,
}

/// When a freeze holds. The end is no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreezeWindow {
    /// Once.
    Once {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// Again and again.
    Again {
        /// When it begins.
        begins: Recurrence,
        /// How long it lasts.
        length: Duration,
    },
}

/// A change calendar of AWS Systems Manager: nothing is changed while it is closed, or while that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its name here.
    pub name: Name,
    /// Name or ARN of its document.
    pub document: String,
    /// Where it is asked; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// Actions that are let through, by name.
    pub allow: Vec<String>,
    /// People who are asked instead of refused, as `user` or `user@host`.
    pub who: Vec<String>,
}

impl Calendar {
    /// Whether a person may change something all the same, when asked.
    pub fn lets(&self, person: &Operator) -> bool {
        lets(&self.who, person)
    }
}

fn lets(who: &[String], person: &Operator) -> bool {
    let (user, whole) = (person.user.as_str(), format!("{}@{}", person.user, person.host));
    who.iter().any(|one| one == user || *one == whole)
}

impl Freeze {
    /// The first window that holds at some moment of `[from, to]`: its beginning and its end.
    pub fn touching(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match &self.window {
            FreezeWindow::Once { from: begins, to: ends } => {
                (*begins <= to && from < *ends).then_some((*begins, *ends))
            }
            FreezeWindow::Again { begins, length } => {
                let earliest = from.checked_sub(*length).unwrap_or(Timestamp::MIN);
                let windows = begins.due(earliest, to, &self.zone).into_iter();
                windows
                    .map(|begins| (begins, begins.checked_add(*length).unwrap_or(Timestamp::MAX)))
                    .find(|w| from < w.1)
            }
        }
    }

    /// Whether a person may change something all the same, when asked.
    pub fn lets(&self, person: &Operator) -> bool {
        lets(&self.who, person)
    }

    /// A moment, in the zone in which the freeze is written.
    pub fn told(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(window: FreezeWindow) -> Freeze {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Freeze { name: "f".into(), reason: "r".into(), window, zone, allow: Vec::new(), who: Vec::new() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn holds(freeze: &Freeze, moment: &str) -> bool {
        freeze.touching(at(moment), at(moment)).is_some()
    }

    #[test]
    fn a_window_holds_from_its_first_moment_until_just_before_its_end() {
        let once = freeze(FreezeWindow::Once { from: at("2026-11-26T08:00:00Z"), to: at("2026-12-01T08:00:00Z") });
        assert!(!holds(&once, "2026-11-26T07:59:59Z"));
        assert!(holds(&once, "2026-11-26T08:00:00Z"));
        assert!(holds(&once, "2026-12-01T07:59:59Z"));
        assert!(!holds(&once, "2026-12-01T08:00:00Z"));
        assert!(once.touching(at("2026-11-26T07:00:00Z"), at("2026-11-26T08:00:00Z")).is_some(), "it begins meanwhile");
    }

    #[test]
    fn a_recurring_window_keeps_to_the_clock_on_the_wall_when_that_is_put_forward() {
        // Fridays from 17:00 for 63 hours; on 2026-03-29 Berlin's clocks go from +01 to +02.
        let begins = Recurrence::parse("cron(0 17 ? * FRI *)").unwrap();
        let weekly = freeze(FreezeWindow::Again { begins, length: Duration::from_secs(63 * 3600) });
        assert!(
            !holds(&weekly, "2026-03-20T15:59:59Z") && holds(&weekly, "2026-03-20T16:00:00Z"),
            "winter: 17:00 is 16 UTC"
        );
        assert!(!holds(&weekly, "2026-04-03T14:59:59Z") && holds(&weekly, "2026-04-03T15:00:00Z"), "summer: 15 UTC");
        assert!(
            holds(&weekly, "2026-03-30T06:59:59Z") && !holds(&weekly, "2026-03-30T07:00:00Z"),
            "63 hours after it began"
        );
        assert_eq!(weekly.told(at("2026-04-03T15:00:00Z")), "2026-04-03 17:00 CEST");
    }

    #[test]
    fn people_are_known_by_name_or_by_name_and_host() {
        let person = |user: &str, host: &str| Operator { user: user.into(), host: host.into(), ..Operator::default() };
        let named = |who: &str| Freeze {
            who: vec![who.to_owned()],
            ..freeze(FreezeWindow::Once { from: Timestamp::MIN, to: Timestamp::MAX })
        };
        assert!(named("ada").lets(&person("ada", "a")) && named("ada@a").lets(&person("ada", "a")));
        assert!(!named("ada@a").lets(&person("ada", "b")) && !named("ada").lets(&person("eve", "a")));
    }
}
