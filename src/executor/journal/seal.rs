//! What chains the records: each carries the SHA-256 of itself and of the hash before it.

use crate::action::plan::sha256;

/// What the first record's hash follows.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a record, hex: SHA-256 over these five, joined by line ends. No field has a line end of its own (an entry is
/// JSON on one line), so that no byte can move from one field into the next.
pub(super) fn seal(prev: &str, sequence: u64, run: &str, at: &str, entry: &str) -> String {
    sha256(&[prev, &sequence.to_string(), run, at, entry].join("\n"))
}
