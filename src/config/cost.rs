//! What the environment may cost.

use std::time::Duration;

use crate::source::Name;

/// The budget, and where the cost is read (Cost Explorer).
#[derive(Debug, Clone, PartialEq)]
pub struct CostBudget {
    /// USD a month.
    pub monthly_usd: Option<f64>,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// How often it is asked: each request costs 0.01 USD.
    pub interval: Duration,
}
