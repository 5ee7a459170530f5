//! What the environment costs, and what reading it costs.

use jiff::civil::Date;
use serde::Serialize;

use crate::text::Text;

/// What the account costs this month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// The first day of the month.
    pub month: Date,
    /// Spent so far, in USD. Cost Explorer is a day behind.
    pub month_to_date: f64,
    /// Forecast for the whole month, in USD; `None` where there is too little history.
    pub forecast: Option<f64>,
    /// Whether AWS still calls the figures an estimate.
    pub estimated: bool,
    /// Spent by service this month, the dearest first; bounded.
    pub by_service: Vec<(Text, f64)>,
    /// Spent by day this month, in order.
    pub by_day: Vec<(Date, f64)>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

/// What a paid source's polling costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usage {
    /// Requests since the console was started.
    pub requests: u64,
    /// Billed units since the console was started (CloudWatch: metrics requested).
    pub units: u64,
    /// Bytes that log queries have scanned since the console was started.
    pub log_bytes_scanned: u64,
    /// Requests to Cost Explorer since the console was started.
    pub cost_requests: u64,
    /// What was charged since the console was started, in USD at list price.
    pub usd: f64,
    /// What the present pace costs a month (30 days), in USD at list price; of log queries, whose bytes nobody knows
    /// before, what they cost since the start.
    pub usd_month: f64,
    /// The budget, in USD a month.
    pub budget: Option<f64>,
    /// By how much polling was slowed down to keep within the budget; 1 is not at all.
    pub slowed: f64,
}
