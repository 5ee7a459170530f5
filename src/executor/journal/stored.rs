//! Entries as they are stored.

use jiff::Timestamp;
use serde::Deserialize;

use super::Entry;
use crate::action::{BreakGlass, Operator, Plan, Verdict};

/// How an approval begins where no secret had to be covered in it.
const APPROVED: &str = "{\"entry\":\"approved\",";

/// An approval, without the tag. With it all of it, plan and evidence included, would be buffered before it is read.
#[derive(Deserialize)]
struct Approved {
    plan: Box<Plan>,
    digest: String,
    by: Box<Operator>,
    until: Timestamp,
    #[serde(default)]
    verdicts: Vec<Verdict>,
    #[serde(default)]
    break_glass: Option<BreakGlass>,
}

/// Reads an entry.
pub(super) fn entry(text: &str) -> serde_json::Result<Entry> {
    if !text.starts_with(APPROVED) {
        return serde_json::from_str(text);
    }
    let Approved { plan, digest, by, until, verdicts, break_glass } = serde_json::from_str(text)?;
    Ok(Entry::Approved { plan, digest, by, until, verdicts, break_glass })
}
