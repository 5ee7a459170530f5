//! `--break-glass GUARD --reason TEXT`, of `plan` and `apply`.

use crate::action::{BreakGlass, PlanFailure};

/// An override of one guard.
#[derive(Debug, Default, clap::Args)]
pub struct Override {
    /// Skip this one guard; never one of identity, shown plan, evidence or other runs. It stands in the journal.
    #[arg(long, value_name = "GUARD", requires = "reason")]
    pub break_glass: Option<String>,
    /// Why it is skipped, at least 8 characters.
    #[arg(long, value_name = "TEXT", requires = "break_glass")]
    pub reason: Option<String>,
}

impl Override {
    /// What it says, if anything.
    ///
    /// # Errors
    /// There is no such guard, it is never skipped, or the reason is too short.
    pub(super) fn read(&self) -> Result<Option<BreakGlass>, PlanFailure> {
        let reason = self.reason.as_deref().unwrap_or_default();
        self.break_glass.as_deref().map(|guard| BreakGlass::new(guard, reason)).transpose()
    }
}
