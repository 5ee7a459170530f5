//! Guards judge a plan; only they make an [`Approved`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Operator, Plan};

/// What one guard says of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The guard's name, such as `scaling-bounds`.
    pub guard: String,
    /// What it decided.
    pub decision: Decision,
    /// What it rests on, in one line with figures.
    pub evidence: String,
}

/// A guard's decision. Unknown, missing, stale, NaN or partial evidence is never `Allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing against it.
    Allow,
    /// The target's name must be typed.
    Ask,
    /// No.
    Deny,
}

/// A plan with every guard's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The plan.
    pub plan: Plan,
    /// Verdicts, in the order of the guards.
    pub verdicts: Vec<Verdict>,
}

/// A plan that guards and operator let through. Not `Clone`; used once; expires; bound to the plan's digest.
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
    digest: String,
    by: Operator,
    until: Timestamp,
}
