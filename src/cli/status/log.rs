//! The counted logs of a service.

use serde::Serialize;

use super::report::Item;
use crate::clock::Now;
use crate::config::{Config, LOG_COUNT_BIN, Service};
use crate::source::{Name, Number, Subject, Unit};
use crate::state::ReadingStore;

/// One counted log. The value is how many events matched within the newest bin that is over.
#[derive(Debug, Serialize)]
pub struct LogReport {
    /// Its name.
    pub name: Name,
    /// The count.
    #[serde(flatten)]
    pub item: Item<Option<Number>>,
    /// The length of the bin.
    pub bin_seconds: u64,
    /// The answer was not whole.
    pub partial: bool,
}

impl LogReport {
    /// What the table says beside the count.
    pub(super) fn note(&self) -> String {
        let part = if self.partial { ", partial answer" } else { "" };
        format!("events within {} s{part}", self.bin_seconds)
    }
}

/// The counted logs of a service.
pub(super) fn counts(service: &Service, config: &Config, readings: &ReadingStore, now: Now) -> Vec<LogReport> {
    let counted = service.logs.iter().filter(|log| log.count.is_some());
    let report = |log: &crate::config::LogSource| {
        let subject = Subject::LogCount { service: service.name.clone(), log: log.name.clone() };
        let measured = readings.measure(config, &subject, now);
        LogReport {
            name: log.name.clone(),
            item: Item::of(&measured, Some(Unit::Count), |series| series.map(|series| series.value)),
            bin_seconds: LOG_COUNT_BIN.as_secs(),
            partial: measured.value().is_some_and(|(series, _)| series.partial),
        }
    };
    counted.map(report).collect()
}
