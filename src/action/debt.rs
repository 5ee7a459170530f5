//! What an action leaves open until it is undone or accepted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The key of tasks beyond those that were there.
const CAPACITY: &str = "extra capacity";

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
        /// From what to what it was moved: putting it back to where the first one found it settles the debt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved: Option<Moved>,
    },
    /// Undoes what is open under this key on the same target, if anything is.
    Settles {
        /// The key.
        key: String,
        /// What is left open where it goes only part of the way, in words; `None` is told of the plan itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unless: Option<String>,
    },
    /// Moves a count of tasks. More than the first one found is left open; back there, or below, settles it.
    Capacity {
        /// Tasks before.
        before: u32,
        /// Tasks after.
        after: u32,
    },
}

/// A setting before and after, in words that are equal where the settings are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

impl DebtChange {
    /// Leaves something open, until somebody undoes it.
    pub fn opens(key: &str, what: impl Into<String>) -> Self {
        Self::Opens { key: key.to_owned(), what: what.into(), until: None, moved: None }
    }

    /// Undoes what is open under this key.
    pub fn settles(key: impl Into<String>) -> Self {
        Self::Settles { key: key.into(), unless: None }
    }

    /// More tasks than there were.
    pub(crate) fn extra(before: u32, after: u32) -> Self {
        let number = |count: u32| count.to_string();
        Self::opens(CAPACITY, format!("desired count is {after}, was {before}")).moved(number(before), number(after))
    }

    /// The same, of a setting that was moved.
    pub fn moved(self, before: impl Into<String>, after: impl Into<String>) -> Self {
        let there = Moved { before: before.into(), after: after.into() };
        match self {
            Self::Opens { key, what, until, .. } => Self::Opens { key, what, until, moved: Some(there) },
            other => other,
        }
    }

    /// The same, due at that moment.
    pub(super) fn due(self, at: Timestamp) -> Self {
        match self {
            Self::Opens { key, what, moved, .. } => Self::Opens { key, what, until: Some(at), moved },
            other => other,
        }
    }

    /// What kind of debt it is about.
    pub fn key(&self) -> &str {
        match self {
            Self::Opens { key, .. } | Self::Settles { key, .. } => key,
            Self::Capacity { .. } => CAPACITY,
        }
    }
    /// What it leaves open, in words, and until when; `None` where it opens nothing by itself.
    pub fn left(&self) -> Option<(String, Option<Timestamp>)> {
        match self {
            Self::Opens { what, until, .. } => Some((what.clone(), *until)),
            Self::Capacity { before, after } if after > before => Self::extra(*before, *after).left(),
            Self::Settles { .. } | Self::Capacity { .. } => None,
        }
    }
}
