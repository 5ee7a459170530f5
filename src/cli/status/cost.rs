//! Cost and delivery in the report.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::source::{Cost, Name, Subject, Unit};
use crate::state::delivery;

/// What the account costs. The value is the month to date.
#[derive(Debug, Serialize)]
pub struct CostReport {
    /// Spent this month so far.
    #[serde(flatten)]
    pub item: Item<Option<f64>>,
    /// The budget, in USD a month.
    pub budget: Option<f64>,
    /// All that is told; null where it never was read.
    pub details: Option<Cost>,
}

/// How well changes are delivered by all services on ECS together (DORA's four measures).
#[derive(Debug, Serialize)]
pub struct DeliveryReport {
    /// The span that is judged.
    pub span_seconds: u64,
    /// Deployments that ended within it.
    pub deployments: usize,
    /// Those that failed, were stopped or rolled back.
    pub failed: usize,
    /// Successful deployments a day.
    pub per_day: f64,
    /// The median of the time from the image's push (or the revision's registration) to deployed.
    pub lead_time_seconds: Option<u64>,
    /// The share that failed.
    pub failure_rate: Option<f64>,
    /// The median of the time from a failed deployment to the next that succeeded.
    pub time_to_restore_seconds: Option<u64>,
    /// Failed deployments that no successful one has followed yet.
    pub unrestored: usize,
}

impl Look<'_> {
    pub(super) fn cost(&self) -> Option<CostReport> {
        let budget = self.config.cost.as_ref()?;
        let subject = Subject::Cost { source: Name::from("cost") };
        let measured = self.readings.of::<Cost>(self.config, &subject, self.now);
        Some(CostReport {
            item: Item::of(&measured, Some(Unit::Usd), |cost| cost.map(|cost| cost.month_to_date)),
            budget: budget.monthly_usd,
            details: measured.value().map(|(cost, _)| cost.clone()),
        })
    }

    pub(super) fn delivery(&self) -> Option<DeliveryReport> {
        let over = delivery::of_fleet(self.readings, self.config, self.now)?;
        let measured = over.delivery;
        Some(DeliveryReport {
            span_seconds: over.span.as_secs(),
            deployments: measured.deployments,
            failed: measured.failed,
            per_day: measured.per_day,
            lead_time_seconds: measured.lead_time.map(|span| span.as_secs()),
            failure_rate: measured.failure_rate,
            time_to_restore_seconds: measured.time_to_restore.map(|span| span.as_secs()),
            unrestored: measured.unrestored,
        })
    }
}

/// The lines of the table.
pub(super) fn lines(cost: Option<&CostReport>, delivery: Option<&DeliveryReport>) -> Vec<Row> {
    let mut rows: Vec<Row> = cost.map(cost_line).into_iter().collect();
    rows.extend(delivery.map(delivery_line));
    rows
}

fn cost_line(cost: &CostReport) -> Row {
    let value = cost.item.value.map_or_else(dash, |usd| Unit::Usd.format(usd));
    let forecast = cost.details.as_ref().and_then(|cost| cost.forecast);
    let notes = [
        forecast.map(|usd| format!("forecast {}", Unit::Usd.format(usd))),
        cost.budget.map(|usd| format!("budget {}", Unit::Usd.format(usd))),
    ];
    row("", "cost this month".to_owned(), value, &cost.item, notes.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn delivery_line(delivery: &DeliveryReport) -> Row {
    let value = format!("{:.1} a day", delivery.per_day);
    let days = delivery.span_seconds / 86_400;
    let note = format!("{} of {} deployments failed in {days} d", delivery.failed, delivery.deployments);
    ["".to_owned(), "delivery".to_owned(), value, "live".to_owned(), dash(), note]
}
