//! What reading AWS costs: every source that asks a priced API charges it here.
//!
//! Counted is what is sent. Prices are list prices of us-east-1 without the free tier, because the account's other users may
//! have used it up: the figures are an upper bound. What no class names (ECS, Auto Scaling, STS …) costs nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// Metrics requested by GetMetricData: 0.01 USD a thousand, in no free tier; an expression counts by its metrics. Each
    /// page of an answer counts again. <https://aws.amazon.com/cloudwatch/pricing/>
    MetricsRequested,
    /// Other requests to CloudWatch (DescribeAlarms, DescribeAlarmHistory …): 0.01 USD a thousand; the first million a
    /// month is free, and is not taken off. <https://aws.amazon.com/cloudwatch/pricing/>
    CloudWatchRequests,
    /// Bytes scanned by Logs Insights: 0.005 USD a GB (10⁹ bytes). <https://aws.amazon.com/cloudwatch/pricing/>
    LogBytesScanned,
    /// Requests to Cost Explorer: 0.01 USD each. <https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/>
    CostExplorerRequests,
}

impl Price {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 4] =
        [Self::MetricsRequested, Self::CloudWatchRequests, Self::LogBytesScanned, Self::CostExplorerRequests];

    /// USD a unit.
    pub const fn usd(self) -> f64 {
        match self {
            Self::MetricsRequested | Self::CloudWatchRequests => 0.01 / 1_000.0,
            Self::LogBytesScanned => 0.005 / 1e9,
            Self::CostExplorerRequests => 0.01,
        }
    }
}

/// Counts since the console was started; shared by all connections of an environment.
#[derive(Debug, Default)]
pub struct Meter {
    requests: [AtomicU64; Price::ALL.len()],
    units: [AtomicU64; Price::ALL.len()],
}

impl Meter {
    /// Counts one request that is sent, and the units that it is charged for.
    pub fn charge(&self, price: Price, units: u64) {
        self.requests[price as usize].fetch_add(1, Ordering::Relaxed);
        self.add(price, units);
    }

    /// Counts units that are known only after the request was sent.
    pub fn add(&self, price: Price, units: u64) {
        self.units[price as usize].fetch_add(units, Ordering::Relaxed);
    }

    /// Requests sent so far.
    pub fn requests(&self, price: Price) -> u64 {
        self.requests[price as usize].load(Ordering::Relaxed)
    }

    /// Units charged so far.
    pub fn units(&self, price: Price) -> u64 {
        self.units[price as usize].load(Ordering::Relaxed)
    }

    /// What was charged so far, in USD at list price.
    pub fn usd_of(&self, price: Price) -> f64 {
        self.units(price) as f64 * price.usd()
    }

    /// What all of it costs so far, in USD at list price.
    pub fn usd(&self) -> f64 {
        Price::ALL.iter().map(|price| self.usd_of(*price)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_prices_give_list_amounts() {
        let meter = Meter::default();
        meter.charge(Price::MetricsRequested, 172_800);
        assert!((meter.usd() - 1.728).abs() < 1e-9, "20 metrics every five minutes for 30 days");
        meter.charge(Price::CloudWatchRequests, 1);
        meter.charge(Price::LogBytesScanned, 2_000_000_000);
        meter.charge(Price::CostExplorerRequests, 3);
        assert!((meter.usd() - (1.728 + 0.000_01 + 0.01 + 0.03)).abs() < 1e-9);
        assert_eq!((meter.requests(Price::MetricsRequested), meter.units(Price::CostExplorerRequests)), (1, 3));
    }
}
