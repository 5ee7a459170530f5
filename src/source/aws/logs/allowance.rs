//! What counting log lines may cost.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::Mono;
use crate::source::aws::cloudwatch::pacing::MONTH;
use crate::source::aws::meter::{Meter, Price};

/// What may be spent at once.
const DAY: Duration = Duration::from_secs(86_400);

/// What counting may cost, if there is a budget: what it leaves beside the rest, spread over the month, a day of it at once.
pub(super) struct Allowance {
    meter: Arc<Meter>,
    /// USD a month; `None` is no bound.
    usd_month: Option<f64>,
    /// The first poll.
    began: OnceLock<Mono>,
}

impl Allowance {
    /// So many USD a month, charged to this meter; `None` is no bound.
    pub(super) fn new(meter: &Arc<Meter>, usd_month: Option<f64>) -> Self {
        Self { meter: meter.clone(), usd_month, began: OnceLock::new() }
    }

    /// # Errors
    /// Why counting must wait: all log queries of the console have scanned for more than is allowed so far.
    pub(super) fn check(&self, now: Mono) -> Result<(), String> {
        let Some(usd_month) = self.usd_month else { return Ok(()) };
        let elapsed = now.since(*self.began.get_or_init(|| now)).max(DAY);
        let allowed = usd_month * elapsed.as_secs_f64() / MONTH.as_secs_f64();
        let spent = self.meter.usd_of(Price::LogBytesScanned);
        if spent < allowed {
            return Ok(());
        }
        Err(format!(
            "log queries have scanned for {spent:.2} USD, and budget_usd_month allows {allowed:.2} so far; \
             count fewer logs, or raise it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    #[test]
    fn counting_waits_once_log_queries_have_spent_what_the_budget_leaves() {
        let allowance = Allowance::new(&Arc::default(), Some(3.0));
        let check = |second: u64| allowance.check(Now::fixed(second).mono);
        assert_eq!(check(0), Ok(()));
        allowance.meter.add(Price::LogBytesScanned, 20_000_000_000); // 0.10 USD, a day's share of 3
        let reason = check(60).unwrap_err();
        assert!(reason.contains("0.10 USD") && reason.contains("budget_usd_month"), "{reason}");
        assert_eq!(check(25 * 3600), Ok(()), "it goes on when there is more");
        let unbounded = Allowance { usd_month: None, ..allowance };
        assert_eq!(unbounded.check(Now::fixed(0).mono), Ok(()));
    }
}
