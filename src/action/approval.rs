//! The operator's yes to a judged plan.

use std::time::Duration;

use jiff::Timestamp;

use super::{BreakGlass, Decision, Judged, Operator, Plan, Verdict};

/// How long an approval waits for its executor, at most; it never outlives the plan.
pub const APPROVAL_TTL: Duration = Duration::from_secs(60);

/// A plan that guards and operator let through. Not `Clone`; used once; expires; bound to the plan's digest.
///
/// Only [`Judged::approve`] makes one. It can't be built elsewhere:
/// ```compile_fail,E0451
/// # use quarterdeck::action::{Approved, Operator, Plan};
/// fn forge(plan: Plan, by: Operator, until: jiff::Timestamp) -> Approved {
///     Approved { digest: plan.digest(), plan, by, until, verdicts: Vec::new(), break_glass: None }
/// }
/// ```
/// nor be used twice:
/// ```compile_fail,E0599
/// # use quarterdeck::action::Approved;
/// fn twice(approved: &Approved) -> Approved {
///     Approved::clone(approved)
/// }
/// ```
/// nor be read from a file:
/// ```compile_fail,E0277
/// # use quarterdeck::action::Approved;
/// fn read(text: &str) -> Approved {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// and a [`Judged`] can't be doctored into one:
/// ```compile_fail,E0596
/// # use quarterdeck::action::Judged;
/// fn doctor(mut judged: Judged) {
///     judged.verdicts.clear();
/// }
/// ```
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
    digest: String,
    by: Operator,
    until: Timestamp,
    verdicts: Vec<Verdict>,
    break_glass: Option<BreakGlass>,
}

impl Approved {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan's digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who said yes.
    pub fn by(&self) -> &Operator {
        &self.by
    }

    /// Until when it may be used.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The one guard that was skipped, and why.
    pub fn break_glass(&self) -> Option<&BreakGlass> {
        self.break_glass.as_ref()
    }

    /// What the guards said when the operator confirmed.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }
}

/// Why a judged plan was not approved. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Guards deny it.
    #[error("denied: {}", .0.join("; "))]
    Denied(Vec<String>),
    /// The name was not typed, or not rightly.
    #[error("not confirmed: `{typed}` was typed, the target's name is `{name}`")]
    NotConfirmed {
        /// What was typed.
        typed: String,
        /// What must be.
        name: String,
    },
    /// Too late.
    #[error("the plan expired at {expired:.0}; make it again")]
    Expired {
        /// When it expired.
        expired: Timestamp,
    },
}

impl Judged {
    /// The operator's yes. Consumes the judged plan, whatever comes of it.
    ///
    /// # Errors
    /// A guard denies; a guard asks and `confirmation` is not exactly the target's name (a wrong name is refused even where
    /// none was asked for); the plan has expired.
    pub fn approve(self, confirmation: &str, by: Operator, now: Timestamp) -> Result<Approved, Refusal> {
        if self.decision() == Decision::Deny {
            return Err(Refusal::Denied(self.reasons()));
        }
        let name = self.plan.action.target().to_string();
        let needless = self.decision() == Decision::Allow && confirmation.is_empty();
        if confirmation != name && !needless {
            return Err(Refusal::NotConfirmed { typed: confirmation.to_owned(), name });
        }
        let expires = self.plan.expires;
        if now >= expires {
            return Err(Refusal::Expired { expired: expires });
        }
        let verdicts = self.verdicts.clone();
        let (plan, break_glass) = self.into_parts();
        let until = now.checked_add(APPROVAL_TTL).unwrap_or(now).min(expires);
        Ok(Approved { digest: plan.digest(), plan, by, until, verdicts, break_glass })
    }
}
