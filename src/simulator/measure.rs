//! What a query may ask of the simulated fleet: `service/measure`, such as `rtech-app/latency_p95`.

use jiff::Timestamp;

use super::course::{Course, PAST};
use super::fleet::{self, Profile};
use crate::source::{Mean, Number, Point};

/// A number that a service gives. Values are in the unit that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Median latency, seconds.
    LatencyP50,
    /// 95th percentile of latency, seconds.
    LatencyP95,
    /// 99th percentile of latency, seconds.
    LatencyP99,
    /// Share of requests that fail, 0 to 1.
    Errors,
    /// Requests a second.
    Traffic,
    /// CPU in use, per cent.
    Cpu,
    /// Memory in use, per cent.
    Memory,
    /// Failed requests a second; over a window, their number.
    BadRequests,
    /// Requests a second; over a window, their number.
    Requests,
    /// Tasks or nodes running.
    Running,
    /// Connections in use.
    Connections,
    /// Age of the newest snapshot, seconds; one is taken each night at 03:12 UTC.
    SnapshotAge,
    /// How far the latest restorable moment of the continuous backup lies back, seconds: saved every five minutes.
    RestorableLag,
    /// How far the database's replica lies behind, seconds.
    ReplicaLag,
    /// Age of the newest export, seconds; one is made each night at 04:30 UTC.
    ExportAge,
}

/// Names of the measures, as a query writes them.
pub const MEASURES: &[(&str, Measure)] = &[
    ("latency_p50", Measure::LatencyP50),
    ("latency_p95", Measure::LatencyP95),
    ("latency_p99", Measure::LatencyP99),
    ("errors", Measure::Errors),
    ("traffic", Measure::Traffic),
    ("cpu", Measure::Cpu),
    ("memory", Measure::Memory),
    ("bad_requests", Measure::BadRequests),
    ("requests", Measure::Requests),
    ("running", Measure::Running),
    ("connections", Measure::Connections),
    ("snapshot_age", Measure::SnapshotAge),
    ("restorable_lag", Measure::RestorableLag),
    ("replica_lag", Measure::ReplicaLag),
    ("export_age", Measure::ExportAge),
];

/// A query of the simulated fleet, checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The service.
    pub profile: &'static Profile,
    /// What of it.
    pub measure: Measure,
}

/// Reads `service/measure`.
///
/// # Errors
/// No such service or measure; the error names those that there are.
pub fn parse(query: &str) -> Result<Question, String> {
    let (service, name) = query.split_once('/').unwrap_or((query, ""));
    let services = || fleet::FLEET.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ");
    let profile = fleet::profile(service)
        .ok_or_else(|| format!("`{query}`: the simulated fleet has no service `{service}`; it has {}", services()))?;
    let found = MEASURES.iter().find(|(known, _)| *known == name);
    let names = || MEASURES.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
    let (_, measure) =
        found.ok_or_else(|| format!("`{query}`: no measure `{name}`; write {service}/ and one of {}", names()))?;
    Ok(Question { profile, measure: *measure })
}

impl Question {
    /// The value `seconds` after the fleet began at `began`; no data from before the fleet's past.
    pub fn value(&self, course: &Course, began: Timestamp, seconds: f64) -> Number {
        if seconds < -PAST { Number::NoData } else { Number::from(self.figure(course, began, seconds)) }
    }

    fn figure(&self, course: &Course, began: Timestamp, seconds: f64) -> f64 {
        let sample = course.sample(self.profile, seconds);
        match self.measure {
            Measure::LatencyP50 => sample.p50,
            Measure::LatencyP95 => sample.p95,
            Measure::LatencyP99 => sample.p99,
            Measure::Errors => sample.errors,
            Measure::Traffic | Measure::Requests => sample.traffic,
            Measure::Cpu => sample.cpu,
            Measure::Memory => sample.memory,
            Measure::BadRequests => sample.traffic * sample.errors,
            Measure::Running => course.crew(self.profile.name).map_or(0.0, |crew| f64::from(crew.running(seconds))),
            Measure::Connections => (20.0 + 0.2 * sample.traffic).round(),
            Measure::SnapshotAge => since_daily(began, seconds, 3.0 * 3600.0 + 12.0 * 60.0),
            Measure::RestorableLag => 40.0 + since_daily(began, seconds, 0.0).rem_euclid(300.0),
            Measure::ReplicaLag => 0.01 + 0.05 * sample.utilisation,
            Measure::ExportAge => since_daily(began, seconds, 4.5 * 3600.0),
        }
    }

    /// Events of the last `window` seconds: the rate, summed in steps of `window / 200`, at least a second. From before
    /// the fleet's past, it was as calm as at its start.
    pub fn events(&self, course: &Course, began: Timestamp, seconds: f64, window: f64) -> f64 {
        let known = window.min(seconds + PAST).max(0.0);
        let step = (known / 200.0).max(1.0);
        let mut sum = 0.0;
        let mut back = 0.0;
        while back < known {
            let length = step.min(known - back);
            sum += length * self.figure(course, began, seconds - back - length / 2.0);
            back += length;
        }
        sum + (window - known) * self.figure(course, began, -PAST)
    }

    /// The mean from one moment to another (seconds after the beginning), of 60 samples. From before the fleet's past, it was as
    /// calm as at its start.
    pub fn mean(&self, course: &Course, began: Timestamp, (from, to): (f64, f64)) -> Result<Mean, String> {
        let step = (to - from).max(0.0) / 60.0;
        let at = |index: u32| (from + (f64::from(index) + 0.5) * step).max(-PAST);
        Mean::of((0..60).map(|index| self.figure(course, began, at(index))), 60)
    }

    /// Samples of the last `window` seconds, at most 900, on whole steps so that two answers meet.
    pub fn points(&self, course: &Course, began: Timestamp, seconds: f64, window: f64) -> Vec<Point> {
        let window = window.min(seconds + PAST).max(0.0);
        let step = (window / 900.0).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation)] // within ±1e6
        let (first, last) = (((seconds - window) / step).ceil() as i32, (seconds / step).floor() as i32);
        let point = |index: i32| {
            let at = f64::from(index) * step;
            Point { at: moment(began, at), value: self.figure(course, began, at) }
        };
        (first..=last).map(point).collect()
    }
}

/// The moment `seconds` after the beginning; before it, if negative.
pub fn moment(began: Timestamp, seconds: f64) -> Timestamp {
    let later = jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    began.checked_add(later).unwrap_or(began)
}

/// Seconds since the last time of day `at` (seconds after midnight UTC).
fn since_daily(began: Timestamp, seconds: f64, at: f64) -> f64 {
    (began.as_duration().as_secs_f64() + seconds - at).rem_euclid(86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::simulator::Scenario;

    #[test]
    fn a_query_names_a_service_and_a_measure_of_it() {
        assert!(parse("rtech-app/latency_p95").is_ok());
        assert!(parse("shop/latency_p95").unwrap_err().contains("it has rtech-app, "));
        assert!(parse("rtech-app/latency").unwrap_err().contains("one of latency_p50, "));
        assert!(parse("").is_err());
    }

    #[test]
    fn history_and_present_are_one_line() {
        let course = Course::new(1, Scenario::Calm, &[]);
        let question = parse("rtech-app/latency_p95").unwrap();
        let began = Now::fixed(0).wall;
        let points = question.points(&course, began, 10.0, 1800.0);
        assert!((800..=901).contains(&points.len()), "{}", points.len());
        assert!(points.is_sorted_by(|a, b| a.at < b.at));
        let last = points.last().unwrap();
        assert_eq!(question.value(&course, began, 10.0), Number::Finite(last.value));
    }

    #[test]
    fn events_of_a_window_are_the_rate_times_its_length() {
        let course = Course::new(1, Scenario::Calm, &[]);
        let question = parse("rtech-app/requests").unwrap();
        for window in [300.0, 3600.0, 2_592_000.0] {
            let rate = question.events(&course, Now::fixed(0).wall, 0.0, window) / window;
            assert!((85.0..107.0).contains(&rate), "{rate} over {window}");
        }
    }

    #[test]
    fn a_snapshot_is_as_old_as_the_night() {
        let began = "2026-01-01T05:12:00Z".parse().unwrap();
        assert!((since_daily(began, 60.0, 11_520.0) - 7260.0).abs() < 1e-6);
    }
}
