//! `[cost]`: what the environment may cost.

use std::time::Duration;

use super::Sources;
use super::words::{self, maybe, or};
use crate::config::CostBudget;
use crate::config::raw::{Entry, Section};

const HOUR: Duration = Duration::from_secs(3_600);

/// `[cost]`.
pub(super) fn cost(section: &Section<'_>, sources: &Sources) -> Option<CostBudget> {
    let monthly_usd = maybe(section.get("monthly_usd"), positive);
    let interval = or(section.get("interval"), 6 * HOUR, |entry| words::duration(entry, HOUR..=24 * HOUR));
    let place = words::place(section.get("place"), sources);
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(CostBudget { monthly_usd: monthly_usd?, place: place?, interval: interval? })
}

fn positive(entry: &Entry<'_>) -> Option<f64> {
    let value = entry.number()?;
    if value > 0.0 {
        return Some(value);
    }
    entry.error("must be above 0", None);
    None
}
