//! The restore tests that were made from here: a fold over the journal, of each protected thing the last.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;

use super::database::records;
use super::{Entry, Journal, JournalError, Record, RunId};
use crate::action::Action;
use crate::slo::recovery::RestoreTest;
use crate::source::Name;
use crate::text::Text;

/// The records after one place in the journal that tell of something measured.
const MEASURED: &str = "
SELECT sequence, run FROM records WHERE sequence > ?1 AND instr(entry, '\"took_seconds\"') > 0
    AND json_extract(entry, '$.entry') = 'settled'
ORDER BY sequence";

/// The last restore test of each protected thing, and how far the journal was folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreTests {
    folded: u64,
    last: BTreeMap<Name, RestoreTest>,
}

impl RestoreTests {
    /// The last of each protected thing.
    pub fn tests(&self) -> Vec<RestoreTest> {
        self.last.values().cloned().collect()
    }
}

impl Journal {
    /// Folds what the journal holds more than was folded before: of the restore tests of an environment.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn catch_up_restore_tests(&self, tests: &mut RestoreTests, environment: &Name) -> Result<(), JournalError> {
        let version = self.version()?;
        if version == tests.folded {
            return Ok(());
        }
        let store = self.store().lock();
        let connection = store.unchecked_transaction()?;
        for (sequence, run) in measured(&connection, tests.folded)? {
            let records = records(&connection, &RunId(run))?;
            tests.last.extend(told(&records, sequence, environment).map(|test| (test.protected.clone(), test)));
        }
        tests.folded = version;
        Ok(())
    }
}

fn measured(connection: &Connection, after: u64) -> Result<Vec<(u64, String)>, JournalError> {
    let mut query = connection.prepare_cached(MEASURED)?;
    let rows = query.query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a run tells by its record of that sequence, if it is a restore test of the environment.
fn told(records: &[Record], sequence: u64, environment: &Name) -> Option<RestoreTest> {
    let Entry::Approved { plan, .. } = &records.first()?.entry else { return None };
    let Action::RestoreTest(action) = &plan.action else { return None };
    let measured = records.iter().find(|record| record.sequence == sequence)?;
    let Entry::Settled { took_seconds: Some(took), .. } = measured.entry else { return None };
    let first = records.iter().find(|record| matches!(record.entry, Entry::Started { .. }))?;
    (plan.environment == *environment).then(|| RestoreTest {
        protected: action.protected.clone(),
        run: Text::clean(&measured.run.0),
        at: first.at,
        took: Duration::from_secs(took),
    })
}
