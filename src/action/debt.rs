//! What an action leaves open until it is undone or accepted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an action does to the ledger of debts, once it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "debt", rename_all = "snake_case")]
pub enum DebtChange {
    /// Leaves something open. A second one of the same key on the same target takes the place of the first.
    Opens {
        /// What kind it is, such as `scaling suspended`: one of a kind is open on a target.
        key: String,
        /// What is left open, in words.
        what: String,
        /// Until when it should be undone.
        until: Option<Timestamp>,
    },
    /// Undoes what is open under this key on the same target, if anything is.
    Settles {
        /// The key.
        key: String,
    },
}
