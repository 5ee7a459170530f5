//! The error budget of a period: what is used, what is left, how long it lasts.

use std::time::Duration;

use super::{BadShare, allowed, bad_share, burn_over, window};
use crate::source::ObjectiveData;

/// The window whose burn rate tells how long the budget lasts.
const TREND: Duration = Duration::from_secs(3600);

/// The error budget of one objective at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// The share of good events over the period, between 0 and 1.
    pub achieved: f64,
    /// The share of the budget that is used; over 1 when the objective is missed.
    pub consumed: f64,
    /// The share of the budget that is left; below 0 when the objective is missed.
    pub remaining: f64,
    /// The burn rate over the last hour, where it is known.
    pub burn: Option<f64>,
    /// When the budget is used up if the last hour's burn goes on; zero when it is used up, `None` when it is not used.
    pub exhausted_in: Option<Duration>,
}

/// The budget of an objective, or why there is none: its period was not counted, or had no traffic.
///
/// # Errors
/// The period's [`BadShare`] where it is no share.
pub fn budget(data: &ObjectiveData, target: f64, period: Duration) -> Result<Budget, BadShare> {
    let share = window(data, period).map_or(BadShare::Unknown, bad_share);
    let (Some(bad), Some(allowed)) = (share.known(), allowed(target)) else {
        return Err(if share.known().is_some() { BadShare::Unknown } else { share });
    };
    let consumed = bad / allowed;
    let burn = burn_over(data, TREND.min(period), target);
    let exhausted_in = burn.and_then(|burn| time_to_exhaustion(1.0 - consumed, burn, period));
    Ok(Budget { achieved: 1.0 - bad, consumed, remaining: 1.0 - consumed, burn, exhausted_in })
}

/// How long `remaining` (a share of the budget) lasts at a burn rate: remaining × period / burn. At a burn rate of 14.4 a
/// whole budget of 30 days lasts 50 h. `None` when nothing burns or it outlasts a hundred periods.
pub fn time_to_exhaustion(remaining: f64, burn: f64, period: Duration) -> Option<Duration> {
    if remaining <= 0.0 {
        return Some(Duration::ZERO);
    }
    let seconds = remaining * period.as_secs_f64() / burn;
    (burn > 0.0 && seconds <= period.as_secs_f64() * 100.0).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Number, WindowCount};

    const DAY: u64 = 86_400;
    const PERIOD: Duration = Duration::from_secs(30 * DAY);

    fn data(counts: &[(u64, f64, f64)]) -> ObjectiveData {
        let count = |&(seconds, bad, valid): &(u64, f64, f64)| WindowCount {
            window: Duration::from_secs(seconds),
            bad: Number::Finite(bad),
            valid: Number::Finite(valid),
        };
        ObjectiveData { windows: counts.iter().map(count).collect() }
    }

    #[test]
    fn a_whole_budget_at_14_4_lasts_fifty_hours() {
        let lasts = time_to_exhaustion(1.0, 14.4, PERIOD).unwrap();
        assert_eq!(lasts.as_secs(), 50 * 3600);
    }

    #[test]
    fn the_budget_is_what_the_period_leaves_and_the_last_hour_tells_how_long() {
        let budget = budget(&data(&[(3600, 2.0, 1000.0), (30 * DAY, 250.0, 1_000_000.0)]), 0.999, PERIOD).unwrap();
        assert!((budget.consumed - 0.25).abs() < 1e-9 && (budget.remaining - 0.75).abs() < 1e-9);
        assert!((budget.achieved - 0.99975).abs() < 1e-12);
        assert!((budget.burn.unwrap() - 2.0).abs() < 1e-9);
        let days = budget.exhausted_in.unwrap().as_secs_f64() / DAY as f64;
        assert!((days - 11.25).abs() < 1e-6);
    }

    #[test]
    fn a_missed_objective_has_less_than_nothing_left() {
        let budget = budget(&data(&[(3600, 0.0, 10.0), (30 * DAY, 2000.0, 1_000_000.0)]), 0.999, PERIOD).unwrap();
        assert!((budget.remaining + 1.0).abs() < 1e-9);
        assert_eq!(budget.exhausted_in, Some(Duration::ZERO));
    }

    #[test]
    fn what_does_not_burn_is_not_exhausted() {
        let budget = budget(&data(&[(3600, 0.0, 10.0), (30 * DAY, 0.0, 1000.0)]), 0.999, PERIOD).unwrap();
        assert_eq!((budget.burn, budget.exhausted_in), (Some(0.0), None));
    }

    #[test]
    fn three_nines_over_thirty_days_allow_43_minutes_and_12_seconds() {
        let down = PERIOD.as_secs_f64() * (1.0 - 0.999);
        assert!((down - 43.2 * 60.0).abs() < 1e-6);
        let budget = budget(&data(&[(30 * DAY, down, PERIOD.as_secs_f64())]), 0.999, PERIOD).unwrap();
        assert!((budget.consumed - 1.0).abs() < 1e-9, "exactly all of it");
    }

    #[test]
    fn without_traffic_or_counts_there_is_no_budget() {
        assert_eq!(budget(&data(&[(30 * DAY, 0.0, 0.0)]), 0.999, PERIOD), Err(BadShare::NoTraffic));
        assert_eq!(budget(&data(&[(3600, 0.0, 10.0)]), 0.999, PERIOD), Err(BadShare::Unknown));
    }

    #[test]
    fn the_period_s_share_is_a_ratio_of_sums_and_not_a_mean_of_ratios() {
        // A busy hour with 1 of 1000 bad and a quiet one with 1 of 2: the mean of the ratios would be 25 %.
        let budget = budget(&data(&[(30 * DAY, 2.0, 1002.0)]), 0.99, PERIOD).unwrap();
        assert!((budget.consumed - 2.0 / 1002.0 / 0.01).abs() < 1e-9);
    }
}
