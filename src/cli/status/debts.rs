//! What actions left open, in the report.

use serde::{Serialize as _, Serializer};

use super::report::Report;
use super::table::Row;
use crate::cli::debts;
use crate::clock::Now;
use crate::config::Config;
use crate::executor::journal::Debt;
use crate::state::ReadingStore;
use crate::text::Text;
use crate::view::part::debt;

impl Report {
    /// The same, with what is left open in the journal of the configuration.
    pub fn with_debts(self, config: &Config) -> Self {
        match debts::open(config) {
            Ok(debts) => Self { debts, ..self },
            Err(error) => Self { debts_missing: Some(Text::clean(&error.to_string())), ..self },
        }
    }
}

/// The shape that `quarterdeck debts` has.
pub(super) fn as_documented<S: Serializer>(open: &[Debt], serializer: S) -> Result<S::Ok, S::Error> {
    let now = Now::read().wall;
    let all: Vec<_> = open.iter().map(|debt| debts::as_json(debt, now)).collect();
    all.serialize(serializer)
}

/// One line a debt; one where they are not known.
pub(super) fn lines(report: &Report) -> Vec<Row> {
    let row = |debt: &Debt| {
        let due = debt::due(debt, report.at);
        let note = debt::sentence(debt, report.at);
        [debt.target.to_string(), "debt".to_owned(), debt.key.clone(), due, String::new(), note]
    };
    let missing = report.debts_missing.iter().map(|reason| {
        let unknown = "NOT KNOWN".to_owned();
        [String::new(), "debts".to_owned(), unknown, String::new(), String::new(), reason.to_string()]
    });
    report.debts.iter().map(row).chain(missing).collect()
}

/// Takes the restore tests that the journal of the configuration knows; where it can't be read, the report says so of its debts.
pub(super) fn learn_restore_tests(readings: &mut ReadingStore, config: &Config) {
    if let Ok(tests) = debts::restore_tests(config) {
        readings.learn_restore_tests(tests);
    }
}
