//! What guards know besides plan and configuration, as values: who acts, what was done lately, what is left of the budgets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guards::GUARDS;
use super::{Action, Operator, PlanFailure};
use crate::source::{CalendarState, Name};
use crate::text::Text;

/// What guards know besides plan and configuration. What could not be read is an error, and never a pass.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Who acts.
    pub by: Operator,
    /// Whether the on-failure branch is judged, which was approved with the plan.
    pub turning_back: bool,
    /// Runs on the same target that are not settled (the run itself left out).
    pub other_runs: Known<Vec<OtherRun>>,
    /// Runs of this environment in the last hours (the run itself left out).
    pub past: Known<Vec<PastRun>>,
    /// The one guard that is skipped, if one is.
    pub break_glass: Option<BreakGlass>,
    /// Whom the kernel's audit says that they are, where it does: `su` and `sudo` don't change it.
    pub login: Option<u32>,
    /// Others' yes to this very plan.
    pub seconds: Known<Vec<SecondYes>>,
    /// What is left of the error budgets of the target's service; read for risky changes only.
    pub budgets: Vec<BudgetLeft>,
    /// What the configured calendars say now.
    pub calendars: Vec<CalendarRead>,
}

/// What a change calendar says, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRead {
    /// Its name in the configuration.
    pub name: Name,
    /// What it says.
    pub state: Result<CalendarState, Text>,
}

/// A fact, or why it could not be read.
#[derive(Debug, Clone)]
pub struct Known<T>(pub Result<T, Text>);

/// Not read: what nobody looked for is not known.
impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Err(Text::from("it was not read")))
    }
}

impl<T, E: std::fmt::Display> From<Result<T, E>> for Known<T> {
    fn from(read: Result<T, E>) -> Self {
        Self(read.map_err(|error| Text::clean(&error.to_string())))
    }
}

impl<T> Known<T> {
    /// What was read.
    pub fn of(value: T) -> Self {
        Self(Ok(value))
    }
}

impl Facts {
    /// The facts of somebody in an environment in which nothing was done yet.
    pub fn quiet(by: Operator) -> Self {
        let (other_runs, past) = (Known::of(Vec::new()), Known::of(Vec::new()));
        Self { by, other_runs, past, seconds: Known::of(Vec::new()), ..Self::default() }
    }
}

/// A run on the same target that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRun {
    /// The run.
    pub id: String,
    /// Whether its outcome is unknown; else it is under way.
    pub unknown: bool,
    /// Who started it, in words.
    pub by: Text,
}

/// A run that sent something, or may have.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// The run.
    pub id: String,
    /// The action's name.
    pub action: String,
    /// What was changed, as [`Plan::target_arn`](super::Plan::target_arn).
    pub target: Text,
    /// Who confirmed it.
    pub by: Operator,
    /// When it was confirmed.
    pub began: Timestamp,
    /// When the journal's last word about it was written.
    pub ended: Timestamp,
    /// Whether it is under way still, or nobody knows: that word is not its last.
    pub is_open: bool,
    /// The action that takes it back, if there is one.
    pub undo: Option<Action>,
}

/// What is left of an error budget.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetLeft {
    /// The objective.
    pub objective: Name,
    /// The share that is left, below 0 where the objective is missed; `None` where nothing was counted, because there was no
    /// traffic; or why it is not known.
    pub left: Result<Option<f64>, Text>,
}

/// An override of one guard, with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// The guard that is skipped.
    pub guard: String,
    /// Why, in the operator's words.
    pub reason: Text,
}

/// The shortest reason, in characters.
pub const SHORTEST_REASON: usize = 8;

impl BreakGlass {
    /// Names the guard that is skipped, and why.
    ///
    /// # Errors
    /// There is no such guard, it is never skipped, or the reason is too short to tell anybody anything.
    pub fn new(guard: &str, reason: &str) -> Result<Self, PlanFailure> {
        let reason = Text::clean(reason.trim());
        let Some(found) = GUARDS.iter().find(|known| known.name == guard) else {
            let known: Vec<_> = GUARDS.iter().filter(|known| known.may_be_skipped()).map(|known| known.name).collect();
            return Err(PlanFailure::new(
                &format!("there is no guard `{guard}`"),
                &format!("guards that may be skipped: {}", known.join(", ")),
            ));
        };
        if !found.may_be_skipped() {
            return Err(PlanFailure::new(&format!("`{guard}` is never skipped"), "mend what it tells of"));
        }
        if reason.chars().count() < SHORTEST_REASON {
            let hint = format!("write at least {SHORTEST_REASON} characters: it stands in the journal");
            return Err(PlanFailure::new("the reason is too short", &hint));
        }
        Ok(Self { guard: guard.to_owned(), reason })
    }
}

/// A second person's yes to one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondYes {
    /// The plan's digest.
    pub digest: String,
    /// Who.
    pub by: Operator,
    /// As [`Facts::login`].
    pub login: Option<u32>,
    /// The ARN of their AWS credentials, where known.
    pub caller: Option<Text>,
    /// When.
    pub at: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
}
