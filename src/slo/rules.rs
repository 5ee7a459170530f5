//! The multi-window, multi-burn-rate rules, scaled to the objective's period.

use std::time::Duration;

use serde::Serialize;

use super::{BadShare, LEAST_EVENTS, allowed, bad_share, burn_rate, window};
use crate::source::ObjectiveData;

/// How loud a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Someone must come now.
    Page,
    /// Someone must look in the next days.
    Ticket,
}

/// One rule: fires while the burn rate over both windows is beyond its bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// How loud it is.
    pub severity: Severity,
    /// The window that shows that it matters.
    pub long: Duration,
    /// The window that shows that it still goes on.
    pub short: Duration,
    /// The burn rate from which it fires: share of the budget × period / long window.
    pub burn: f64,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// Both windows burn faster than the bound.
    Fires,
    /// At least one window burns slower.
    Quiet,
    /// Too few events to judge by, or none.
    TooFew,
    /// A window is not known.
    Unknown,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Severity, long and short window in seconds, share of the budget: 2 % in 1 h, 5 % in 6 h, 10 % in 3 d.
const TABLE: [(Severity, u64, u64, f64); 3] = [
    (Severity::Page, HOUR, 5 * MINUTE, 0.02),
    (Severity::Page, 6 * HOUR, 30 * MINUTE, 0.05),
    (Severity::Ticket, 3 * DAY, 6 * HOUR, 0.10),
];

/// The rules for a period: for 30 days 14.4, 6 and 1; for 28 days 13.44, 5.6 and 0.93. A rule whose long window does not
/// fit into the period is left out.
pub fn rules(period: Duration) -> Vec<Rule> {
    let rule = |&(severity, long, short, share): &(Severity, u64, u64, f64)| Rule {
        severity,
        long: Duration::from_secs(long),
        short: Duration::from_secs(short),
        burn: share * period.as_secs_f64() / long as f64,
    };
    TABLE.iter().map(rule).filter(|rule| rule.long <= period).collect()
}

/// The windows that the rules and the budget of a period need, the shortest first: for 30 days 5 min, 30 min, 1 h, 6 h,
/// 3 d and the period itself.
pub fn windows(period: Duration) -> Vec<Duration> {
    let mut windows: Vec<Duration> = rules(period).iter().flat_map(|rule| [rule.short, rule.long]).collect();
    windows.push(period);
    windows.sort();
    windows.dedup();
    windows
}

impl Rule {
    /// Whether it can ever fire: with a low target even total failure burns too slowly.
    pub fn can_fire(&self, target: f64) -> bool {
        allowed(target).is_some_and(|allowed| 1.0 / allowed >= self.burn)
    }

    /// How it stands. A window with fewer than [`LEAST_EVENTS`] valid events in the long window is not judged.
    pub fn state(&self, data: &ObjectiveData, target: f64) -> RuleState {
        let share = |length| window(data, length).map_or(BadShare::Unknown, bad_share);
        match (share(self.long), share(self.short)) {
            (BadShare::Unknown, _) | (_, BadShare::Unknown) => RuleState::Unknown,
            (BadShare::NoTraffic, _) => RuleState::TooFew,
            (BadShare::Of { valid, .. }, _) if valid < LEAST_EVENTS => RuleState::TooFew,
            (_, BadShare::NoTraffic) => RuleState::Quiet,
            (BadShare::Of { share: long, .. }, BadShare::Of { share: short, .. }) => self.judge(long, short, target),
        }
    }

    fn judge(&self, long: f64, short: f64, target: f64) -> RuleState {
        match (burn_rate(long, target), burn_rate(short, target)) {
            (Some(long), Some(short)) if long > self.burn && short > self.burn => RuleState::Fires,
            (Some(_), Some(_)) => RuleState::Quiet,
            _ => RuleState::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Number, WindowCount};

    fn days(days: u64) -> Duration {
        Duration::from_secs(days * DAY)
    }

    fn burns(period: Duration) -> Vec<f64> {
        rules(period).iter().map(|rule| (rule.burn * 1000.0).round() / 1000.0).collect()
    }

    fn data(long: (f64, f64), short: (f64, f64)) -> ObjectiveData {
        let count = |seconds, (bad, valid)| WindowCount {
            window: Duration::from_secs(seconds),
            bad: Number::Finite(bad),
            valid: Number::Finite(valid),
        };
        ObjectiveData { windows: vec![count(300, short), count(3600, long)] }
    }

    fn page() -> Rule {
        rules(days(30))[0]
    }

    #[test]
    fn the_burn_rates_scale_with_the_period() {
        assert_eq!(burns(days(30)), [14.4, 6.0, 1.0]);
        assert_eq!(burns(days(28)), [13.44, 5.6, 0.933]);
        assert_eq!(burns(days(7)), [3.36, 1.4, 0.233]);
        assert_eq!(burns(days(1)), [0.48, 0.2]);
    }

    #[test]
    fn the_windows_are_those_of_the_rules_and_the_period() {
        let seconds: Vec<u64> = windows(days(30)).iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [300, 1800, 3600, 21_600, 259_200, 30 * DAY]);
    }

    #[test]
    fn a_rule_fires_only_while_both_windows_burn() {
        assert_eq!(page().state(&data((20.0, 1000.0), (2.0, 100.0)), 0.999), RuleState::Fires);
        assert_eq!(page().state(&data((20.0, 1000.0), (0.0, 100.0)), 0.999), RuleState::Quiet);
        assert_eq!(page().state(&data((1.0, 1000.0), (2.0, 100.0)), 0.999), RuleState::Quiet);
        assert_eq!(page().state(&data((20.0, 1000.0), (0.0, 0.0)), 0.999), RuleState::Quiet);
    }

    #[test]
    fn one_failure_among_few_requests_does_not_page() {
        assert_eq!(page().state(&data((1.0, 10.0), (1.0, 1.0)), 0.999), RuleState::TooFew);
        assert_eq!(page().state(&data((0.0, 0.0), (0.0, 0.0)), 0.999), RuleState::TooFew);
    }

    #[test]
    fn a_window_that_is_not_known_is_not_quiet() {
        let mut unknown = data((20.0, 1000.0), (2.0, 100.0));
        unknown.windows[0].bad = Number::NotANumber;
        assert_eq!(page().state(&unknown, 0.999), RuleState::Unknown);
        assert_eq!(page().state(&ObjectiveData { windows: Vec::new() }, 0.999), RuleState::Unknown);
    }

    #[test]
    fn a_low_target_can_never_burn_at_14_4() {
        assert!(page().can_fire(0.94) && !page().can_fire(0.93));
    }
}
