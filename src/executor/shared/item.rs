//! What stands in a row: the lease of a target, who asks for it, the plans of it that wait for a second person; the head of a
//! host's journal. JSON, so that a person can read the table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::table::{Row, Unreachable};
use crate::action::Operator;
use crate::text::Text;

/// The lease of one target, as all hosts see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Slot {
    /// Which taking of this target it is, or was last. It only grows.
    pub epoch: u64,
    /// Who holds it; nobody where it was given back.
    pub held: Option<Holder>,
    /// The run that may have sent a call and whose outcome nobody has written here yet. It blocks the target for everybody.
    pub open: Option<Open>,
    /// Who took it away from a holder that was gone, the last time that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run.
    pub run: String,
    /// Who confirmed it.
    pub by: Text,
    /// Whose journal it stands in.
    pub host: String,
    /// What it does.
    pub what: Text,
    /// Since when, by the holder's clock: for people only.
    pub since: Timestamp,
}

/// A run that set out to change the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The run.
    pub run: String,
    /// Who confirmed it.
    pub by: Text,
    /// Whose journal tells of it.
    pub host: String,
    /// The step that was about to be sent, from 0.
    pub step: usize,
    /// When, by the holder's clock: for people only.
    pub at: Timestamp,
}

/// A lease that was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// By whom.
    pub by: Text,
    /// On which host.
    pub host: String,
    /// When, by that host's clock.
    pub at: Timestamp,
    /// From whose run.
    pub run: String,
}

/// The last record of a host's journal: what the journal is held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whose journal.
    pub host: String,
    /// The record's place in the journal.
    pub sequence: u64,
    /// Its hash, hex.
    pub hash: String,
    /// When it was written here, by the host's clock.
    pub at: Timestamp,
}

/// Somebody's wish to take a target over from the run of another host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The run.
    pub run: String,
    /// Who asks.
    pub by: Operator,
    /// On which host.
    pub host: String,
    /// Why.
    pub reason: Text,
    /// When, by that host's clock: for people only.
    pub at: Timestamp,
    /// When the one who confirmed the run granted it, by their host's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Timestamp>,
}

/// The plans of one target that wait for a second person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Waiting {
    /// The newest last.
    pub plans: Vec<Waits>,
}

/// A plan that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    /// Its digest.
    pub digest: String,
    /// The plan, without what was observed.
    pub plan: Value,
    /// Who made it.
    pub by: Operator,
    /// The ARN of their AWS credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Text>,
    /// On which host.
    pub host: String,
    /// Until when it may be confirmed, by that host's clock.
    pub expires: Timestamp,
    /// Who agreed to it.
    pub yeses: Vec<Yes>,
}

/// A second person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    /// Who.
    pub by: Operator,
    /// On which host.
    pub host: String,
    /// The ARN of their AWS credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Text>,
    /// When, by that host's clock.
    pub at: Timestamp,
    /// Until when it counts: never longer than the plan.
    pub until: Timestamp,
}

/// Reads a row.
///
/// # Errors
/// It is not what this Quarterdeck writes: then nothing is known, and nothing may be done.
pub(super) fn read<'a, T: Deserialize<'a>>(table: &str, id: &str, row: &'a Row) -> Result<T, Unreachable> {
    serde_json::from_str(&row.body).map_err(|error| Unreachable {
        table: table.to_owned(),
        reason: Text::clean(&format!(
            "the row of {id} can't be read ({error}); was it written by a newer Quarterdeck?"
        )),
    })
}
