//! How well changes are delivered: the four measures of DORA (<https://dora.dev/guides/dora-metrics-four-keys/>), from the
//! deployments that were seen.
//!
//! What was not seen is not counted as good: without deployments there is no failure rate and not one of 0 %.

use std::time::Duration;

use jiff::Timestamp;

/// One deployment of one service that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// When it was asked for.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether what it brought stayed: neither failed, nor stopped, nor rolled back.
    pub succeeded: bool,
    /// When the change was ready: its image pushed, else its revision registered; `None` where that is not known.
    pub ready: Option<Timestamp>,
}

/// The measures over one span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivery {
    /// Deployments that ended within the span, whatever came of them.
    pub deployments: usize,
    /// Those that failed, were stopped or rolled back.
    pub failed: usize,
    /// Successful deployments a day.
    pub per_day: f64,
    /// The median of the time from ready to deployed, of the successful ones where it is known.
    pub lead_time: Option<Duration>,
    /// The share of deployments that failed, 0 to 1; `None` without deployments.
    pub failure_rate: Option<f64>,
    /// The median of the time from the beginning of a failed deployment to the end of the next successful one of the same
    /// service; `None` where none failed, or none was restored yet.
    pub time_to_restore: Option<Duration>,
    /// Failed deployments that no successful one has followed yet.
    pub unrestored: usize,
}

/// The measures of some services between `since` and `now`; `deployments` of each service are in any order. `None` for an empty
/// span.
pub fn delivery(services: &[Vec<Delivered>], since: Timestamp, now: Timestamp) -> Option<Delivery> {
    let days = now.duration_since(since).as_secs_f64() / 86_400.0;
    if days <= 0.0 {
        return None;
    }
    let within = |one: &&Delivered| one.ended >= since && one.ended <= now;
    let all: Vec<&Delivered> = services.iter().flatten().filter(within).collect();
    let failed = all.iter().filter(|one| !one.succeeded).count();
    let leads = all.iter().filter(|one| one.succeeded).filter_map(|one| span(one.ready?, one.ended));
    let restores: Vec<Option<Duration>> = services.iter().flat_map(|service| restores(service, since, now)).collect();
    Some(Delivery {
        deployments: all.len(),
        failed,
        per_day: count(all.len() - failed) / days,
        lead_time: median(leads.collect()),
        failure_rate: (!all.is_empty()).then(|| count(failed) / count(all.len())),
        time_to_restore: median(restores.iter().copied().flatten().collect()),
        unrestored: restores.iter().filter(|restored| restored.is_none()).count(),
    })
}

/// For each failure of one service how long it took until it was restored. Failures in a row are one.
fn restores(deployments: &[Delivered], since: Timestamp, now: Timestamp) -> Vec<Option<Duration>> {
    let mut ordered: Vec<&Delivered> = deployments.iter().filter(|one| one.ended <= now).collect();
    ordered.sort_by_key(|one| one.ended);
    let (mut open, mut found) = (None, Vec::new());
    for one in ordered.into_iter().filter(|one| one.ended >= since) {
        match (one.succeeded, open) {
            (false, None) => open = Some(one.began),
            (true, Some(began)) => {
                found.push(span(began, one.ended));
                open = None;
            }
            _ => {}
        }
    }
    found.extend(open.map(|_| None));
    found
}

/// The span between two moments; `None` where the second lies before the first: clocks that differ make no lead time.
fn span(from: Timestamp, to: Timestamp) -> Option<Duration> {
    Duration::try_from(to.duration_since(from)).ok()
}

/// The median: of an even number the mean of the two in the middle.
fn median(mut spans: Vec<Duration>) -> Option<Duration> {
    spans.sort_unstable();
    let middle = spans.len() / 2;
    match spans.len() {
        0 => None,
        odd if odd % 2 == 1 => spans.get(middle).copied(),
        _ => Some((*spans.get(middle - 1)? + *spans.get(middle)?) / 2),
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    fn at(hours: u64) -> Timestamp {
        Now::fixed(hours * 3600).wall
    }

    fn one(began: u64, ended: u64, succeeded: bool, ready: Option<u64>) -> Delivered {
        Delivered { began: at(began), ended: at(ended), succeeded, ready: ready.map(at) }
    }

    #[test]
    fn the_four_measures_of_a_week() {
        let app = vec![
            one(0, 1, true, Some(0)),
            one(24, 25, false, Some(23)),
            one(26, 28, true, Some(24)),
            one(100, 101, true, None),
        ];
        let worker = vec![one(50, 51, true, Some(49)), one(60, 61, false, None)];
        let week = delivery(&[app, worker], at(0), at(168)).unwrap();
        assert_eq!((week.deployments, week.failed), (6, 2));
        assert!((week.per_day - 4.0 / 7.0).abs() < 1e-12, "{week:?}");
        assert_eq!(week.lead_time, Some(Duration::from_secs(2 * 3600)), "the median of 1, 2 and 4 hours");
        assert!((week.failure_rate.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(week.time_to_restore, Some(Duration::from_secs(4 * 3600)), "from 24 to 28");
        assert_eq!(week.unrestored, 1, "the worker is not restored yet");
    }

    #[test]
    fn nothing_deployed_is_no_failure_rate_and_not_a_perfect_one() {
        let none = delivery(&[Vec::new()], at(0), at(24)).unwrap();
        assert_eq!((none.deployments, none.failure_rate, none.time_to_restore), (0, None, None));
        assert_eq!(delivery(&[], at(24), at(24)), None);
    }

    #[test]
    fn failures_in_a_row_are_one_outage_and_services_are_apart() {
        let app = vec![one(10, 11, false, None), one(12, 13, false, None), one(14, 20, true, None)];
        let other = vec![one(12, 12, true, None)];
        let day = delivery(&[app, other], at(0), at(24)).unwrap();
        assert_eq!(
            day.time_to_restore,
            Some(Duration::from_secs(10 * 3600)),
            "another service's success restores nothing"
        );
    }

    #[test]
    fn a_change_that_was_ready_after_it_was_deployed_has_no_lead_time() {
        let odd = delivery(&[vec![one(1, 2, true, Some(5))]], at(0), at(24)).unwrap();
        assert_eq!(odd.lead_time, None);
    }
}
