//! What of an entry tells where its run stands. It is read without the rest: an approval's record holds kilobytes of plan and
//! evidence, and the records of a run are read before each one that is added.

use serde::Deserialize;

use super::Entry;

/// An entry's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Mark {
    /// Which entry it is.
    #[serde(rename = "entry")]
    pub(super) kind: Kind,
    /// The step that it is about, where it is about one.
    #[serde(default)]
    pub(super) step: Option<usize>,
}

/// The entries by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Approved,
    Taken,
    Refused,
    Started,
    Accepted,
    FoundApplied,
    Settled,
    TurningBack,
    Progress,
    Inconclusive,
    Done,
    Failed,
    Unknown,
    Released,
    DebtAccepted,
    Resolved,
}

impl Kind {
    /// Its name in the journal.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Started => "started",
            Self::Accepted => "accepted",
            Self::FoundApplied => "found_applied",
            Self::Settled => "settled",
            Self::TurningBack => "turning_back",
            Self::Progress => "progress",
            Self::Inconclusive => "inconclusive",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Released => "released",
            Self::DebtAccepted => "debt_accepted",
            Self::Resolved => "resolved",
        }
    }
}

impl Entry {
    /// Its mark.
    pub(super) fn mark(&self) -> Mark {
        let (kind, step) = match self {
            Self::Approved { .. } => (Kind::Approved, None),
            Self::Taken { .. } => (Kind::Taken, None),
            Self::Refused { .. } => (Kind::Refused, None),
            Self::Started { step } => (Kind::Started, Some(*step)),
            Self::Accepted { step, .. } => (Kind::Accepted, Some(*step)),
            Self::FoundApplied { step, .. } => (Kind::FoundApplied, Some(*step)),
            Self::Settled { step, .. } => (Kind::Settled, Some(*step)),
            Self::TurningBack { .. } => (Kind::TurningBack, None),
            Self::Progress { .. } => (Kind::Progress, None),
            Self::Inconclusive { .. } => (Kind::Inconclusive, None),
            Self::Done { .. } => (Kind::Done, None),
            Self::Failed { .. } => (Kind::Failed, None),
            Self::Unknown { .. } => (Kind::Unknown, None),
            Self::Released { .. } => (Kind::Released, None),
            Self::DebtAccepted { .. } => (Kind::DebtAccepted, None),
            Self::Resolved { .. } => (Kind::Resolved, None),
        };
        Mark { kind, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_entry_s_mark_is_read_as_the_entry_s_own() {
        for stored in [
            r#"{"entry":"taken","pid":7,"epoch":1}"#,
            r#"{"entry":"refused","reasons":["step"],"drift":[]}"#,
            r#"{"entry":"started","step":2}"#,
            r#"{"entry":"accepted","step":1,"receipt":"ok","made":"x"}"#,
            r#"{"entry":"found_applied","step":1,"reason":"r","found":"f"}"#,
            r#"{"entry":"settled","step":3,"found":"f","took_seconds":4}"#,
            r#"{"entry":"turning_back","reason":"r"}"#,
            r#"{"entry":"progress","found":"f"}"#,
            r#"{"entry":"inconclusive","reason":"r","found":"f"}"#,
            r#"{"entry":"done","found":"f"}"#,
            r#"{"entry":"failed","reason":"r","effect":"e"}"#,
            r#"{"entry":"unknown","reason":"r","found":"f"}"#,
            r#"{"entry":"released","by":{"user":"a","host":"b","terminal":"c"},"epoch":3}"#,
            r#"{"entry":"debt_accepted","by":{"user":"a","host":"b","terminal":"c"},"reason":"r"}"#,
            r#"{"entry":"resolved","by":{"user":"a","host":"b","terminal":"c"},"found":"f"}"#,
        ] {
            let (entry, mark): (Entry, Mark) =
                (serde_json::from_str(stored).unwrap(), serde_json::from_str(stored).unwrap());
            assert_eq!(entry.mark(), mark, "{stored}");
            assert!(stored.contains(&format!("\"entry\":\"{}\"", mark.kind.name())), "{stored}");
        }
    }
}
