//! What Insights queries are charged: the bytes that each has scanned, as its statistics say, once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::QueryResults;
use crate::source::aws::meter::{Meter, Price};

/// Queries whose bytes are remembered; far more than run at once.
const MOST: usize = 1_000;

/// The charges of one reader.
#[derive(Debug)]
pub(super) struct Charged {
    meter: Arc<Meter>,
    /// Bytes that were charged of each query that still runs.
    bytes: Mutex<HashMap<String, u64>>,
}

impl Charged {
    pub(super) fn new(meter: &Arc<Meter>) -> Self {
        Self { meter: meter.clone(), bytes: Mutex::default() }
    }

    /// A query is sent.
    pub(super) fn started(&self) {
        self.meter.charge(Price::LogBytesScanned, 0);
    }

    /// A query tells what it has scanned so far: charged is what is new since it last told.
    pub(super) fn scanned(&self, query: &str, results: &QueryResults) {
        let mut known = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.get(query).copied().unwrap_or_default();
        let told = results.statistics.map_or(before, |statistics| whole(statistics.bytes));
        self.meter.add(Price::LogBytesScanned, told.saturating_sub(before));
        if results.state.is_over() {
            known.remove(query);
        } else if known.len() < MOST || known.contains_key(query) {
            known.insert(query.to_owned(), told.max(before));
        }
    }
}

/// Bytes; what is no count (NaN, negative) is none.
fn whole(bytes: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the cast saturates, and NaN is 0
    let bytes = bytes as u64;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{QueryState, QueryStatistics};

    fn results(state: QueryState, bytes: f64) -> QueryResults {
        let statistics = Some(QueryStatistics { matched: 0.0, scanned: 0.0, bytes });
        QueryResults { state, columns: Vec::new(), rows: Vec::new(), truncated: false, statistics }
    }

    #[test]
    fn what_a_query_scanned_is_charged_once_however_often_it_tells() {
        let meter = Arc::new(Meter::default());
        let charged = Charged::new(&meter);
        charged.started();
        for bytes in [1e9, 1e9, 3e9, f64::NAN, 2e9] {
            charged.scanned("q", &results(QueryState::Running, bytes));
        }
        charged.scanned("q", &results(QueryState::Complete, 4e9));
        assert_eq!((meter.requests(Price::LogBytesScanned), meter.units(Price::LogBytesScanned)), (1, 4_000_000_000));
        assert!((meter.usd() - 0.02).abs() < 1e-12);
        assert!(charged.bytes.lock().unwrap().is_empty(), "what is over is forgotten");
    }
}
