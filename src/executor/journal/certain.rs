//! Reading runs while their executors may end.
//!
//! Whether an executor lives is asked of the system after its records were read. What it wrote in between, such as that it began
//! to send, is not among them: it would look as if it had ended before. Once it is found gone it writes nothing more, so a
//! second reading tells all that it ever wrote.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::fold::fold;
use super::{JournalError, RunId, RunView};
use crate::store::Store;

/// Reads runs, each time in one snapshot: a run that ends between two reads must not look as if its executor were gone.
pub(super) fn certain<T: Told>(
    store: &Store,
    read: impl Fn(&Connection) -> Result<Vec<T>, JournalError>,
) -> Result<Vec<T>, JournalError> {
    let snapshot = || {
        let connection = store.lock();
        let snapshot = connection.unchecked_transaction()?;
        read(&snapshot)
    };
    settled(snapshot, |runs| runs.iter().filter(|run| run.is_inferred()).map(|run| run.id().clone()).collect())
}

/// A run whose state was told by its records and by whether its executor lives.
pub(super) trait Told {
    /// The run.
    fn id(&self) -> &RunId;

    /// Whether its state is not what its records say, but what follows from an executor that is gone, or never came.
    fn is_inferred(&self) -> bool;
}

impl Told for RunView {
    fn id(&self) -> &RunId {
        &self.id
    }

    fn is_inferred(&self) -> bool {
        fold(self.records.iter().map(|record| &record.entry)).is_ok_and(|told| told != self.state)
    }
}

/// Reads until nothing was inferred that was not inferred by an earlier reading already. Ends: each reading but the last finds
/// one more executor gone.
fn settled<T>(
    read: impl Fn() -> Result<T, JournalError>,
    inferred: impl Fn(&T) -> BTreeSet<RunId>,
) -> Result<T, JournalError> {
    let mut gone = BTreeSet::new();
    loop {
        let found = read()?;
        let now = inferred(&found);
        if now.is_subset(&gone) {
            return Ok(found);
        }
        gone.extend(now);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What of these readings counts, each told by the runs whose executors were found gone after it; and how many were made.
    fn counts(readings: &[&[&str]]) -> (usize, usize) {
        let made = Cell::new(0);
        let read = || Ok(made.replace(made.get() + 1).min(readings.len() - 1));
        let inferred = |reading: &usize| readings[*reading].iter().map(|run| RunId((*run).to_owned())).collect();
        (settled(read, inferred).unwrap(), made.get())
    }

    #[test]
    fn what_an_executor_wrote_between_the_snapshot_and_its_end_is_read_before_anything_is_said_of_it() {
        assert_eq!(counts(&[&[]]), (0, 1), "nobody is gone: once");
        assert_eq!(counts(&[&["a"], &["a"]]), (1, 2));
        assert_eq!(counts(&[&["a"], &[]]), (1, 2), "its outcome was written meanwhile");
        assert_eq!(counts(&[&["a"], &["a", "b"], &["a", "b"]]), (2, 3), "another one ended meanwhile");
    }
}
