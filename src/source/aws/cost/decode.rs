//! Cost Explorer's shapes as ours. Sums are made here, of all days and services that were told; another currency than USD is
//! refused, for adding it up would be wrong.

use std::collections::BTreeMap;

use aws_sdk_costexplorer::types::{MetricValue, ResultByTime};
use jiff::civil::Date;

use super::month::Month;
use crate::source::Cost;
use crate::text::Text;

/// The metric that is asked: what is charged each day, before it is spread over accounts.
pub(super) const METRIC: &str = "UnblendedCost";

/// Services that are kept, the dearest first.
const SERVICES: usize = 20;

/// The month so far.
pub(super) fn cost(month: Month, days: &[ResultByTime]) -> Result<Cost, String> {
    let (mut by_day, mut by_service) = (BTreeMap::new(), BTreeMap::new());
    for day in days {
        let date = date(day)?;
        let mut sum = 0.0;
        for group in day.groups() {
            let value = group.metrics().and_then(|metrics| metrics.get(METRIC));
            let usd = usd(value.ok_or("a group without its cost")?)?;
            *by_service.entry(group.keys().join(", ")).or_insert(0.0) += usd;
            sum += usd;
        }
        *by_day.entry(date).or_insert(0.0) += sum;
    }
    let mut by_service: Vec<(Text, f64)> =
        by_service.into_iter().map(|(name, usd)| (Text::clean(&name), usd)).collect();
    by_service.sort_by(|a, b| b.1.total_cmp(&a.1));
    by_service.truncate(SERVICES);
    Ok(Cost {
        month: month.first,
        month_to_date: by_day.values().sum(),
        forecast: None,
        estimated: days.iter().any(ResultByTime::estimated),
        by_service,
        by_day: by_day.into_iter().collect(),
        missing: Vec::new(),
    })
}

/// An amount in USD: finite, and in no other currency.
pub(super) fn usd(value: &MetricValue) -> Result<f64, String> {
    let unit = value.unit().unwrap_or("USD");
    if unit != "USD" {
        return Err(format!("amounts in {}, not USD", Text::clean(unit)));
    }
    let amount = value.amount().unwrap_or_default();
    let parsed = amount.parse::<f64>().ok().filter(|amount| amount.is_finite());
    parsed.ok_or_else(|| format!("`{}` is no amount", Text::clean(amount)))
}

fn date(day: &ResultByTime) -> Result<Date, String> {
    let start = day.time_period().map_or("", |period| period.start());
    start.parse().map_err(|_| format!("`{}` is no date", Text::clean(start)))
}
