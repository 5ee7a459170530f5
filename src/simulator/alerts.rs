//! The alerts of the simulated fleet: rules over its course, with the pending time that real rules have.

use jiff::Timestamp;

use super::course::{Course, Sample};
use super::fleet::{self, Profile};
use super::measure::moment;
use crate::source::{Alert, AlertOrigin, AlertState, Name};
use crate::text::Text;

/// A rule: fires when its value was beyond its bound for so many seconds.
struct Rule {
    name: &'static str,
    service: &'static str,
    severity: &'static str,
    value: fn(&Sample) -> f64,
    above: f64,
    pending: i32,
    runbook: Option<&'static str>,
    summary: &'static str,
}

static RULES: &[Rule] = &[
    Rule {
        name: "RtechAppHighLatency",
        service: "rtech-app",
        severity: "page",
        value: |sample| sample.p95,
        above: 0.2,
        pending: 5,
        runbook: Some("scale-out-under-load"),
        summary: "95th percentile of latency above its objective of 200 ms",
    },
    Rule {
        name: "rtech-high-cpu",
        service: "rtech-app",
        severity: "warning",
        value: |sample| sample.cpu,
        above: 80.0,
        pending: 10,
        runbook: None,
        summary: "CPU above 80 %",
    },
    Rule {
        name: "rtech-high-error-rate",
        service: "rtech-app",
        severity: "page",
        value: |sample| sample.errors,
        above: 0.02,
        pending: 15,
        runbook: None,
        summary: "more than 2 % of requests fail",
    },
    Rule {
        name: "rtech-high-memory",
        service: "rtech-app",
        severity: "warning",
        value: |sample| sample.memory,
        above: 90.0,
        pending: 30,
        runbook: None,
        summary: "memory above 90 %",
    },
    Rule {
        name: "RtechSearchHighLatency",
        service: "rtech-search",
        severity: "warning",
        value: |sample| sample.p95,
        above: 0.4,
        pending: 10,
        runbook: None,
        summary: "95th percentile of latency above 400 ms",
    },
];

/// How far back the begin of a state is looked for, in seconds.
const LOOK_BACK: i32 = 900;

/// Every rule's alert, `seconds` after the beginning. Rules are judged on whole seconds.
pub fn alerts(course: &Course, began: Timestamp, seconds: f64) -> Vec<Alert> {
    RULES.iter().filter_map(|rule| Some(rule.alert(course, fleet::profile(rule.service)?, began, seconds))).collect()
}

/// Names of the rules.
pub fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

impl Rule {
    fn alert(&self, course: &Course, profile: &Profile, began: Timestamp, seconds: f64) -> Alert {
        let beyond = self.beyond_for(course, profile, seconds);
        let state = match beyond {
            0 => AlertState::Ok,
            length if length <= self.pending => AlertState::Pending,
            _ => AlertState::Firing,
        };
        let since = match state {
            AlertState::Firing => Some(moment(began, seconds.floor() - f64::from(beyond - 1 - self.pending))),
            AlertState::Pending => Some(moment(began, seconds.floor() - f64::from(beyond - 1))),
            _ => None,
        };
        Alert {
            severity: Text::clean(self.severity),
            summary: Text::clean(self.summary),
            since,
            service: Some(Name::from(self.service)),
            runbook: self.runbook.map(Text::clean),
            labels: vec![label("service", self.service), label("severity", self.severity)],
            ..Alert::new(Text::clean(self.name), AlertOrigin::Simulator, state)
        }
    }

    /// For how many whole seconds, the present one included, the value is beyond the bound without a break.
    fn beyond_for(&self, course: &Course, profile: &Profile, seconds: f64) -> i32 {
        let beyond =
            |back: &i32| (self.value)(&course.sample(profile, seconds.floor() - f64::from(*back))) > self.above;
        let length = (0..LOOK_BACK).take_while(beyond).count();
        i32::try_from(length).unwrap_or(LOOK_BACK)
    }
}

fn label(name: &str, value: &str) -> (Text, Text) {
    (Text::clean(name), Text::clean(value))
}
