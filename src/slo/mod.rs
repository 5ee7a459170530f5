//! The mathematics of objectives: bad share, burn rate, error budget, multi-window rules, quantiles of histograms;
//! of recovery: RPO and RTO, and when runs are due. Pure.
//!
//! Shares are ratios of sums over one window, never means of ratios. What is not known stays not known: no traffic is not
//! 100 %, and NaN passes no bound. Formulas: *The Site Reliability Workbook*, chapter 5, “Alerting on SLOs”.

pub mod budget;
pub mod delivery;
pub mod quantile;
pub mod recovery;
pub mod rules;
pub mod schedule;

use std::time::Duration;

use crate::source::{Number, ObjectiveData, WindowCount};

pub use budget::{Budget, budget};
pub use rules::{Rule, RuleState, Severity, rules, windows};

/// The least number of valid events in a window that a burn rate is judged by: at 10 requests an hour and 99.9 %, one
/// failure burns at a thousand times.
pub const LEAST_EVENTS: f64 = 100.0;

/// The share of bad events in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BadShare {
    /// A share between 0 and 1, of so many valid events.
    Of {
        /// Bad events divided by valid ones.
        share: f64,
        /// Valid events.
        valid: f64,
    },
    /// There was nothing that could be good or bad.
    NoTraffic,
    /// Not counted, NaN, infinite, or counts that can't be (more bad than valid, less than none).
    Unknown,
}

impl BadShare {
    /// The share, where there is one.
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Of { share, .. } => Some(share),
            Self::NoTraffic | Self::Unknown => None,
        }
    }
}

/// The share of bad events. Counts that are extrapolated (`increase`) may pass each other by a little: up to 1 % more bad
/// than valid counts as all bad.
pub fn bad_share(count: &WindowCount) -> BadShare {
    let (Number::Finite(bad), Number::Finite(valid)) = (count.bad, count.valid) else { return BadShare::Unknown };
    if bad < 0.0 || valid < 0.0 {
        BadShare::Unknown
    } else if valid == 0.0 {
        if bad == 0.0 { BadShare::NoTraffic } else { BadShare::Unknown }
    } else if bad > valid * 1.01 {
        BadShare::Unknown
    } else {
        BadShare::Of { share: (bad / valid).min(1.0), valid }
    }
}

/// How fast the budget burns: 1 uses exactly all of it within the period. `None` for a target outside 0 < target < 1.
/// Formula: bad share / (1 − target).
pub fn burn_rate(share: f64, target: f64) -> Option<f64> {
    let allowed = allowed(target)?;
    (share.is_finite() && share >= 0.0).then(|| share / allowed)
}

/// The share of events that may be bad: 1 − target.
fn allowed(target: f64) -> Option<f64> {
    (target > 0.0 && target < 1.0).then_some(1.0 - target)
}

/// The count of one window, where it was counted.
pub fn window(data: &ObjectiveData, window: Duration) -> Option<&WindowCount> {
    data.windows.iter().find(|count| count.window == window)
}

/// The burn rate over one window, where it is known.
pub fn burn_over(data: &ObjectiveData, length: Duration, target: f64) -> Option<f64> {
    burn_rate(bad_share(window(data, length)?).known()?, target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bad: Number, valid: Number) -> WindowCount {
        WindowCount { window: Duration::from_secs(3600), bad, valid }
    }

    #[test]
    fn no_traffic_is_not_a_hundred_per_cent() {
        assert_eq!(bad_share(&count(Number::Finite(0.0), Number::Finite(0.0))), BadShare::NoTraffic);
    }

    #[test]
    fn what_is_not_a_count_is_unknown() {
        let (one, ten) = (Number::Finite(1.0), Number::Finite(10.0));
        let odd = [
            (Number::NotANumber, ten),
            (one, Number::NotANumber),
            (one, Number::PositiveInfinity),
            (Number::NoData, ten),
            (one, Number::NoData),
            (Number::Finite(-1.0), ten),
            (ten, one),
            (one, Number::Finite(0.0)),
        ];
        for (bad, valid) in odd {
            assert_eq!(bad_share(&count(bad, valid)), BadShare::Unknown, "{bad:?} of {valid:?}");
        }
    }

    #[test]
    fn a_burn_rate_is_the_bad_share_over_what_is_allowed() {
        let close = |burn: Option<f64>, expected: f64| (burn.unwrap() - expected).abs() < 1e-9;
        assert!(close(burn_rate(0.0144, 0.999), 14.4));
        assert!(close(burn_rate(0.001, 0.999), 1.0));
        assert!(close(burn_rate(1.0, 0.99), 100.0));
        assert_eq!(burn_rate(f64::NAN, 0.999), None);
        assert_eq!((burn_rate(0.5, 1.0), burn_rate(0.5, 0.0)), (None, None));
    }

    #[test]
    fn extrapolated_counts_may_pass_each_other_a_little() {
        let share = bad_share(&count(Number::Finite(100.5), Number::Finite(100.0)));
        assert_eq!(share, BadShare::Of { share: 1.0, valid: 100.0 });
    }
}
