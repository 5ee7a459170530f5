//! What the simulated fleet costs: about 38 USD a day, the same every month.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::source::Cost;
use crate::text::Text;

/// USD a day by service.
const A_DAY: [(&str, f64); 5] = [
    ("Amazon Elastic Container Service", 14.2),
    ("Amazon DocumentDB (with MongoDB compatibility)", 11.9),
    ("Amazon CloudFront", 6.1),
    ("Amazon ElastiCache", 4.3),
    ("AmazonCloudWatch", 1.4),
];

/// The month so far at a moment.
pub fn cost(now: Timestamp) -> Cost {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (first, days) = (today.first_of_month(), i32::from(today.day()));
    let daily: f64 = A_DAY.iter().map(|(_, usd)| usd).sum();
    let by_day = (0..days).filter_map(|day| Some((first.checked_add(day.days()).ok()?, daily)));
    Cost {
        month: first,
        month_to_date: daily * f64::from(days),
        forecast: Some(daily * f64::from(today.days_in_month())),
        estimated: true,
        by_service: A_DAY.iter().map(|(name, usd)| (Text::from(*name), usd * f64::from(days))).collect(),
        by_day: by_day.collect(),
        missing: Vec::new(),
    }
}
